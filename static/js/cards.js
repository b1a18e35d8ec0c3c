/**
 * Draws the calm cards: no table yet, no such room, an error, a notice. Each says what is, and has one action.
 *
 * @import { Actions } from "./actions.js"
 * @import { Alert } from "./mine.js"
 * @import { Notice, UnknownRoom, Welcome } from "./wire.js"
 * @import { State } from "./state.js"
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { bytes, counted } from "./format.js";
import * as icons from "./icons.js";

/** @type {Record<string, string>} */
const TITLES = {
  not_a_table: "This is not a table",
  empty_file: "This file is empty",
  too_large: "This file is too large",
  row_too_long: "A row is too long",
  upload_running: "Another file is on its way",
  upload_failed: "The upload broke off",
  connection_lost: "The upload broke off",
  unreadable: "This file could not be read",
  storage_failed: "The file could not be stored",
  limit_reached: "The server is full",
  not_allowed: "This is not possible now",
};

/** @type {Record<string, string>} */
const GONE = {
  expired: "This table has expired",
  deleted: "This table was deleted",
};

/** @type {Record<import("./mine.js").Remedy, string>} */
const REMEDIES = { choose: "Choose another file", again: "Send it again", close: "Close" };

/**
 * Draw what stands in the place of the table while there is none.
 * @param {State} state
 * @param {Actions} actions
 */
export function insteadOfTable({ room, mine }, actions) {
  if (room.unknown) return unknownRoom(room.unknown);
  if (room.transfer || mine.sending) return waiting("The first rows will be here in a moment.");
  // A link may lead to a table: until it can be shown, do not say that there is none.
  if (room.snapshot?.table || (room.id !== null && room.snapshot === null)) {
    return waiting(room.link === "offline" ? "The server cannot be reached. We keep trying." : "Opening the table…");
  }
  return emptyRoom(room.welcome, actions);
}

/** @param {Welcome | null} welcome @param {Actions} actions */
function emptyRoom(welcome, actions) {
  const kept = welcome ? ` Tables are kept for ${counted(welcome.room_days, "day")} after their last use.` : "";
  const limit = welcome ? `, up to ${bytes(welcome.limits.upload_bytes)}` : "";
  return html`<section class="card start">
    <h1>Look at a table together</h1>
    <p>Drop a TSV or CSV file anywhere on this page. You get a link; all who open it see the same table, live.</p>
    <p><button type="button" class="main" @click=${actions.choose}>Choose file</button></p>
    <p class="hint">Delimited text${limit}. Nothing is changed in it.${kept}</p>
  </section>`;
}

/** @param {UnknownRoom} unknown */
function unknownRoom({ reason, message }) {
  return html`<section class="card" role="alert">
    <h1>${GONE[reason] ?? "There is no table here"}</h1>
    <p>${message}</p>
    <p><a class="button main" href="/">Start a new table</a></p>
  </section>`;
}

/** @param {string} words */
function waiting(words) {
  return html`<p class="waiting">${words}</p>`;
}

/**
 * Draw an error of mine; the table stays behind it.
 * @param {Alert | null} alert
 * @param {Actions} actions
 */
export function errorCard(alert, actions) {
  if (alert === null) return nothing;
  const act = { choose: actions.choose, again: actions.again, close: actions.dismiss }[alert.remedy];
  return html`<section class="card alert" role="alert">
    <button type="button" class="icon-only dismiss" aria-label="Dismiss"
      @click=${actions.dismiss}>${icons.close}</button>
    <h2>${TITLES[alert.code] ?? "That did not work"}</h2>
    ${alert.name === undefined ? nothing : html`<p class="hint" dir="auto">${alert.name}</p>`}
    <p>${alert.message}</p>
    <p><button type="button" class="main" @click=${act}>${REMEDIES[alert.remedy]}</button></p>
  </section>`;
}

/**
 * Draw what just happened in the room.
 * @param {Notice | null} notice
 * @param {Actions} actions
 */
export function noticeStrip(notice, actions) {
  if (notice === null) return nothing;
  return html`<section class="notice">
    <span>${notice.message}</span>
    <button type="button" class="icon-only" aria-label="Dismiss" @click=${actions.dismissNotice}>${icons.close}</button>
  </section>`;
}
