/**
 * Draws the bar at the top: which table this is, how it is read, whether it is live, who is here, what to do.
 *
 * @import { Actions } from "./actions.js"
 * @import { Room } from "./room.js"
 * @import { State } from "./state.js"
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
  return html`<header class="toolbar">
    <a class="mark" href="/" title="Start a new table">${icons.mark}<span class=${shared ? "unseen" : ""}>tsvapp</span></a>
    ${table === null ? nothing : html`
      <h1 class="name" dir="auto" title=${table.name}>${table.name}</h1>
      <div class="facts">
        <span class="count">${counted(table.rows, "row")}<span class="wide"> · ${counted(table.columns, "column")}</span></span>
        ${badge(table)}
      </div>`}
    <div class="right">
      ${status(room, actions)}
      ${room.members > 0 && room.unknown === null
        ? html`<span class="here" title="People who have this table open">${number(room.members)} here</span>` : nothing}
      ${shared && room.id !== null ? html`
        <button type="button" class="folds" title="Open another file, for everyone" @click=${actions.choose}
          ?disabled=${mine.sending !== null || room.transfer !== null}>${icons.replace}<span>Open…</span></button>
        ${table && !table.growing ? html`<a class="button folds wide" href=${`/${room.id}.tsv`} download=${table.name}
          title="Download the file as it was uploaded">${icons.download}<span>Download</span></a>` : nothing}
        <button type="button" class="main" @click=${actions.share}>${icons.share}<span>Share</span></button>` : nothing}
    </div>
  </header>`;
}

/** @param {Room} room @param {Actions} actions */
function status(room, actions) {
  if (room.unknown !== null) return nothing;
  return html`<span class="status ${room.link}"><span class="dot"></span>${WORDS[room.link]}</span>
    ${room.link === "offline" ? html`<button type="button" @click=${actions.retry}>Retry</button>` : nothing}`;
}
