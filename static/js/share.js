/**
 * Draws the share dialog and copies text. The clipboard API is missing on plain http, so the link always stands
 * selected in a field, and the old command is the second way.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 * @import { Table } from "./wire.js"
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { bytes, counted } from "./format.js";
import * as icons from "./icons.js";

/**
 * @param {State} state
 * @param {Actions} actions
 */
export function shareDialog({ room }, actions) {
  const table = room.snapshot?.table ?? null;
  const days = room.snapshot?.expires_days ?? room.welcome?.room_days;
  return html`<dialog class="dialog share" aria-labelledby="share-title" closedby="any" @close=${actions.closeDialog}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="share-title">Share this table</h2>
    <p>Everyone who opens this link sees the same page and can turn it, live.</p>
    <div class="line">
      <input class="link" readonly autofocus aria-label="Link" .value=${linkTo(room.id)}
        @focus=${(/** @type {Event} */ { target }) => /** @type {HTMLInputElement} */ (target).select()} />
      <button type="button" class="main" @click=${copyField}>Copy</button>
    </div>
    ${days === undefined ? nothing : html`<p class="hint">It is kept for ${counted(days, "day")} after its last use.</p>`}
    ${table && !table.growing ? download(table, room.id) : nothing}
  </dialog>`;
}

/** @param {Table} table @param {string | null} roomId */
function download(table, roomId) {
  return html`<p class="foot">
    <a class="button" href=${`/${roomId}.tsv`} download=${table.name}>${icons.download}Download</a>
    <span class="hint">${bytes(table.size)}, exactly as uploaded</span>
  </p>`;
}

/** @param {string | null} roomId */
function linkTo(roomId) {
  return new URL(`/${roomId ?? ""}`, location.href).href;
}

/** @param {Event} event */
async function copyField({ target }) {
  const button = /** @type {HTMLButtonElement} */ (target);
  const field = button.parentElement?.querySelector("input");
  if (!field) return;
  field.select();
  await told(button, copyText(field.value));
}

/**
 * Say on the button whether copying worked, for a moment.
 * @param {HTMLButtonElement} button
 * @param {Promise<boolean>} copying
 */
export async function told(button, copying) {
  const done = await copying;
  button.dataset["told"] = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => delete button.dataset["told"], 2000);
}

/**
 * Copy text; say whether it worked.
 * @param {string} text
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Missing or not allowed: copy what is selected, or let the person do it.
    return document.execCommand("copy");
  }
}
