/**
 * Draws the dialog with a whole cell: its text with line breaks kept and hidden characters made visible. Of a very long
 * one the beginning, until the rest is asked for: a browser takes seconds to lay out a megabyte.
 *
 * @import { Actions } from "./actions.js"
 * @import { Dialog } from "./mine.js"
 */

import { html } from "lit-html";

import { copyText, told } from "./copying.js";
import { cut, visible } from "./celltext.js";
import { counted, number } from "./format.js";
import * as icons from "./icons.js";
import { signs } from "./table.js";

/** Drawn within a tenth of a second. */
const BEGINNING_CHARS = 50_000;

/**
 * @param {Extract<Dialog, {kind: "cell"}>} cell
 * @param {Actions} actions
 */
export function cellDialog(cell, actions) {
  const { row, name, failed } = cell;
  return html`<dialog class="dialog cell" aria-labelledby="cell-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="cell-title"><span dir="auto">${name}</span> <span class="hint">row ${number(row)}</span></h2>
    ${failed === undefined ? body(cell, actions) : html`<p role="alert">${failed}</p>`}
  </dialog>`;
}

/**
 * @param {Extract<Dialog, {kind: "cell"}>} cell its text is null while it is not here
 * @param {Actions} actions
 */
function body(cell, actions) {
  const { text, all } = cell;
  if (text === null) return html`<p class="hint">Fetching the whole cell…</p>`;
  const shown = all ? text : cut(text, BEGINNING_CHARS);
  const pieces = visible(shown, "\n\r\t");
  return html`
    <pre class="text" dir="auto" tabindex="0" autofocus>${typeof pieces === "string" ? pieces : signs(pieces)}</pre>
    <p class="foot">
      <button type="button" @click=${copy(text)}>Copy</button>
      <span class="hint">${text === "" ? "The cell is empty." : counted([...text].length, "character")}</span>
      ${shown === text
        ? ""
        : html`<span class="hint">The first ${number(BEGINNING_CHARS)} are shown; all are copied.</span>
            <button type="button" @click=${actions.showAll}>Show all</button>`}
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
