/**
 * Draws the bar of an upload on its way: mine, or that of another in the room. It shows what is safely stored.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 */

import { html, nothing } from "lit-html";

import { bytesOf, duration, rate } from "./format.js";
import { hindrance } from "./people.js";
import { bytesPerSecond, secondsLeft } from "./transfer.js";

/**
 * @param {State} state
 * @param {Actions} actions
 */
export function sending(state, actions) {
  const { room, mine } = state;
  const { transfer } = room;
  const { sending: own } = mine;
  if (!transfer && !own) return nothing;
  const { name, size } = transfer ?? /** @type {import("./mine.js").Sending} */ (own);
  const stored = transfer?.stored ?? 0;
  const percent = size > 0 ? Math.floor((stored / size) * 100) : 0;
  const sender = transfer?.by ? html`<bdi>${transfer.by.name}</bdi> is sending` : "Arriving:";
  const hindered = hindrance(state);
  const live = room.link === "live";
  const paused = transfer?.paused && !own;
  const waiting = transfer?.paused && own;
  return html`<section class="sending" aria-label="Upload">
    <span class="what">${paused ? "Paused:" : waiting ? "Waiting with" : own ? "Sending" : sender} <b dir="auto">${name}</b></span>
    <span class="figures">${figures()}</span>
    <progress max=${size} .value=${stored} aria-label="Stored">${percent} %</progress>
    <span class="percent">${percent} %</span>
    ${
      paused && hindered === null
        ? html`<button type="button" class="main" title="Choose the same file again" @click=${actions.choose}>Resume</button>`
        : nothing
    }
    ${
      own || hindered === null
        ? html`<button type="button" ?disabled=${!own && !live} @click=${actions.cancel}>Cancel</button>`
        : nothing
    }
  </section>`;

  function figures() {
    const parts = transfer ? [bytesOf(stored, size)] : [];
    if (!live) return [...parts, "waiting for the connection…"].join(" · ");
    if (!transfer) return "beginning…";
    if (paused) return `${parts[0]} · choose the same file to go on`;
    if (waiting) return `${parts[0]} · goes on by itself`;
    const pace = bytesPerSecond(transfer);
    const left = secondsLeft(transfer);
    if (pace) parts.push(rate(pace));
    if (left !== null && pace && stored < size) parts.push(`${duration(left)} left`);
    return parts.join(" · ");
  }
}
