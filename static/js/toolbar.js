/**
 * Draws the bar at the top: where we are, whether it is live, how many are here. What there is to say and to do once
 * there is a table is handed in, as bar.js draws it.
 *
 * @import { Actions } from "./actions.js"
 * @import { Room } from "./room.js"
 * @import { State } from "./state.js"
 * @import { Bar } from "./bar.js"
 */

import { html, nothing } from "lit-html";

import { number } from "./format.js";
import * as icons from "./icons.js";
import { at } from "./protocol.js";

/** @type {Record<import("./room.js").Link, string>} */
const WORDS = { opening: "Connecting…", live: "Live", reconnecting: "Reconnecting…", offline: "Offline", refused: "Refused" };

/**
 * @param {State} state
 * @param {Actions} actions
 * @param {Bar} [bar]
 */
export function toolbar({ room }, actions, bar) {
  const shared = Boolean(room.snapshot?.table ?? room.transfer);
  return html`<header class="toolbar">
    <a class="mark" href=${at("")} title="Start a new table"
      >${icons.mark}<span class=${shared ? "unseen" : ""}>tsvapp</span></a>
    ${bar?.facts ?? nothing}
    <div class="state">${room.unknown === null ? status(room, actions, bar) : nothing}</div>
    <div class="right">${bar?.buttons ?? nothing}</div>
  </header>`;
}

/** @param {Room} room @param {Actions} actions @param {Bar} [bar] */
function status({ link, members, snapshot }, actions, bar) {
  const apart = link === "live" && snapshot?.apart === true;
  return html`<span class="status ${apart ? "reconnecting" : link}"
    ><span class="dot"></span>${apart ? "Reconnecting to others…" : WORDS[link]}</span>
    ${link === "offline" || link === "refused" ? html`<button type="button" @click=${actions.retry}>Retry</button>` : nothing}
    ${
      members > 0 && link === "live"
        ? (bar?.company ?? html`<span class="here">${number(members)} here</span>`)
        : nothing
    }`;
}
