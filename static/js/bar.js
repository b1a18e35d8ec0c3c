/**
 * Draws what the bar at the top says and offers once there is a table: which one it is, how it is read, who is here
 * and who may move it, what to do.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 * @import { Together } from "./together.js"
 * @import { Table } from "./wire.js"
 *
 * @typedef {ReturnType<typeof bar>} Bar
 */

import { html, nothing } from "lit-html";

import { errorCard, noticeStrip } from "./alerts.js";
import { badge } from "./badge.js";
import { company } from "./company.js";
import { counted } from "./format.js";
import * as icons from "./icons.js";
import { hindrance } from "./people.js";
import { at } from "./protocol.js";
import { sending } from "./sending.js";
import { presentingStrip } from "./wheel.js";

/**
 * @param {State} state
 * @param {Actions} actions
 * @param {Together} together
 */
export function bar(state, actions, together) {
  const { room, mine } = state;
  const table = room.snapshot?.table ?? null;
  const shared = table !== null || room.transfer !== null;
  const arriving = mine.sending !== null || room.transfer !== null;
  const hindered = hindrance(state);
  return {
    facts: table === null ? nothing : facts(table),
    company: company(state),
    buttons: html`${hindered?.kind === "look_only" ? lookOnly : nothing}
      ${table === null ? nothing : following(mine.alone === null, actions)}
      ${shared && room.id !== null ? buttons(room.id, table, arriving, hindered?.words ?? null, actions) : nothing}`,
    over: mine.alert ? errorCard(mine.alert, actions) : noticeStrip(room.notice, actions),
    below: html`${presentingStrip(state, together)}${sending(state, actions)}`,
  };
}

const lookOnly = html`<span class="chip" title="This link is for looking only: you move nobody, and nobody is moved."
  >${icons.eye}Look only</span>`;

/** @param {Table} table */
function facts(table) {
  const columns = html`<span class="wide"> · ${counted(table.columns, "column")}</span>`;
  return html`<h1 class="name" dir="auto" title=${table.name}>${table.name}</h1>
    <div class="facts"><span>${counted(table.rows, "row")}${columns}</span>${badge(table)}</div>`;
}

/** @param {boolean} follows @param {Actions} actions */
function following(follows, actions) {
  const title = follows ? "My screen is the room’s. Press to look around alone (F)." : "Press to see what all see (F).";
  return html`<button type="button" class="following folds" aria-label="Following" aria-pressed=${follows ? "true" : "false"} title=${title}
    @click=${follows ? actions.lookAround : actions.follow}>${icons.follow}<span>Following</span></button>`;
}

/**
 * @param {string} id
 * @param {Table | null} table
 * @param {boolean} arriving
 * @param {string | null} hindered why I may not move the room
 * @param {Actions} actions
 */
function buttons(id, table, arriving, hindered, actions) {
  return html`<button type="button" class="folds open" title=${hindered ?? "Open another file, for everyone"}
      ?disabled=${arriving || hindered !== null} @click=${actions.choose}>${icons.replace}<span>Open…</span></button>
    ${table && !table.growing ? downloadOf(id) : nothing}
    <button type="button" class="main" @click=${actions.share}>${icons.share}<span>Share</span></button>
    <button type="button" class="icon-only more" popovertarget="more" aria-label="More" title="More"
      >${icons.more}</button>`;
}

/** @param {string} id */
function downloadOf(id) {
  return html`<a class="button folds wide" href=${at(`${id}.tsv`)} download
    title="Download the file as it was uploaded">${icons.download}<span>Download</span></a>`;
}
