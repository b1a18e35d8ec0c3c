/**
 * Draws the dialog with a whole cell: its text with line breaks kept and hidden characters made visible.
 *
 * @import { Actions } from "./actions.js"
 * @import { Dialog } from "./mine.js"
 */

import { html } from "/static/vendor/lit-html/lit-html.js";

import { counted, number, visible } from "./format.js";
import * as icons from "./icons.js";
import { copyText, told } from "./share.js";
import { signs } from "./table.js";

/**
 * @param {Extract<Dialog, {kind: "cell"}>} cell
 * @param {Actions} actions
 */
export function cellDialog({ row, name, text, failed }, actions) {
  return html`<dialog class="dialog cell" aria-labelledby="cell-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="cell-title"><span dir="auto">${name}</span> <span class="hint">row ${number(row)}</span></h2>
    ${failed === undefined ? body(text) : html`<p role="alert">${failed}</p>`}
  </dialog>`;
}

/** @param {string | null} text null while it is not here */
function body(text) {
  if (text === null) return html`<p class="hint">Fetching the whole cell…</p>`;
  const pieces = visible(text, "\n\r\t");
  return html`
    <pre class="text" dir="auto" tabindex="0" autofocus>${typeof pieces === "string" ? pieces : signs(pieces)}</pre>
    <p class="foot">
      <button type="button" @click=${copy(text)}>Copy</button>
      <span class="hint">${text === "" ? "The cell is empty." : counted([...text].length, "character")}</span>
    </p>`;
}

/** @param {string} text */
function copy(text) {
  return async (/** @type {Event} */ { currentTarget }) => {
    const button = /** @type {HTMLButtonElement} */ (currentTarget);
    const shown = button.closest("dialog")?.querySelector(".text");
    if (shown) getSelection()?.selectAllChildren(shown);
    await told(button, copyText(text));
  };
}
