/**
 * Draws the bar at the top: which table this is, how it is read, whether it is live, who is here, what to do.
 *
 * @import { Actions } from "./actions.js"
 * @import { Room } from "./room.js"
 * @import { State } from "./state.js"
 * @import { Table } from "./wire.js"
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { badge } from "./badge.js";
import { counted, number } from "./format.js";
import * as icons from "./icons.js";

/** @type {Record<import("./room.js").Link, string>} */
const WORDS = { opening: "Connecting…", live: "Live", reconnecting: "Reconnecting…", offline: "Offline" };

/**
 * @param {State} state
 * @param {Actions} actions
 */
export function toolbar({ room, mine }, actions) {
  const table = room.snapshot?.table ?? null;
  const shared = table !== null || room.transfer !== null;
  const sending = mine.sending !== null || room.transfer !== null;
  return html`<header class="toolbar">
    <a class="mark" href="/" title="Start a new table"
      >${icons.mark}<span class=${shared ? "unseen" : ""}>tsvapp</span></a>
    ${table === null ? nothing : facts(table)}
    <div class="right">
      ${room.unknown === null ? status(room, actions) : nothing}
      ${shared && room.id !== null ? buttons(room.id, table, sending, actions) : nothing}
    </div>
  </header>`;
}

/** @param {Table} table */
function facts(table) {
  const columns = html`<span class="wide"> · ${counted(table.columns, "column")}</span>`;
  return html`<h1 class="name" dir="auto" title=${table.name}>${table.name}</h1>
    <div class="facts"><span>${counted(table.rows, "row")}${columns}</span>${badge(table)}</div>`;
}

/** @param {Room} room @param {Actions} actions */
function status({ link, members }, actions) {
  return html`<span class="status ${link}"><span class="dot"></span>${WORDS[link]}</span>
    ${link === "offline" ? html`<button type="button" @click=${actions.retry}>Retry</button>` : nothing}
    ${
      members > 0 && link === "live"
        ? html`<span class="here" title="People who have this page open">${number(members)} here</span>`
        : nothing
    }`;
}

/** @param {string} roomId @param {Table | null} table @param {boolean} sending @param {Actions} actions */
function buttons(roomId, table, sending, actions) {
  const file = table && !table.growing ? downloadOf(roomId, table) : nothing;
  return html`<button type="button" class="folds" title="Open another file, for everyone"
      ?disabled=${sending} @click=${actions.choose}>${icons.replace}<span>Open…</span></button>
    ${file}
    <button type="button" class="main" @click=${actions.share}>${icons.share}<span>Share</span></button>`;
}

/** @param {string} roomId @param {Table} table */
function downloadOf(roomId, table) {
  return html`<a class="button folds wide" href=${`/${roomId}.tsv`} download=${table.name}
    title="Download the file as it was uploaded">${icons.download}<span>Download</span></a>`;
}
