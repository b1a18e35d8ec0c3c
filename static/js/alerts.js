/**
 * Draws what went wrong, and what just happened in the room, over the table that stays. Each has one action.
 *
 * @import { Actions } from "./actions.js"
 * @import { Alert } from "./mine.js"
 * @import { Notice } from "./wire.js"
 */

import { html, nothing } from "lit-html";

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
  not_the_same: "This is another file",
  unreadable: "This file could not be read",
  storage_failed: "The file could not be stored",
  store_away: "This has to wait a moment",
  limit_reached: "The server is full",
  not_allowed: "This is not possible now",
};

/** @type {Record<import("./mine.js").Remedy, string>} */
const REMEDIES = { choose: "Choose another file", again: "Send it again", close: "Close" };

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
