/**
 * The keys of the page: listens to the single ones and to copying, lists all of them in a dialog, and turns the
 * single ones off for who does not want them.
 *
 * @import { Actions } from "./actions.js"
 * @import { Grid } from "./grid.js"
 * @import { Mine } from "./mine.js"
 * @import { State } from "./state.js"
 * @import { Tools } from "./tabletools.js"
 */

import { html, nothing } from "lit-html";

import * as icons from "./icons.js";
import { IN_THE_TABLE, shortcut, SINGLE } from "./keys.js";
import { remember, remembered } from "./preferences.js";

/** How much a key makes a column wider, in `ch`. */
const STEP_CH = 2;

/**
 * @param {object} parts
 * @param {Grid} parts.grid
 * @param {Tools} parts.tools
 * @param {() => State} parts.state
 */
export function acceptKeys({ grid, tools, state }) {
  addEventListener("keydown", (event) => {
    const { mine, room } = state();
    if (event.defaultPrevented || !room.snapshot?.table || occupied(mine) || writes(event.target)) return;
    if (document.querySelector(":is(:popover-open)") || remembered("shortcuts") === "off") return;
    const act = shortcut(event);
    if (act === null) return;
    event.preventDefault();
    if (act === "follow") tools.follow();
    else if (act === "help") tools.dialog({ kind: "help" });
    else if (act === "mark") tools.mark(mine.cursor);
    else if (act === "wider") tools.widen(mine.cursor.column, STEP_CH);
    else if (act === "narrower") tools.widen(mine.cursor.column, -STEP_CH);
    else /** @type {HTMLInputElement | null} */ (document.querySelector(".goto.row input"))?.focus();
  });
  addEventListener("copy", (event) => {
    // As text, not as a range: what was selected in a dialog that is closed stays a range until it is drawn away.
    if (!grid.focused || getSelection()?.toString()) return;
    event.preventDefault();
    tools.copy(event.clipboardData);
  });
}

/** Say whether a dialog is there or about to be; the browser tells late that it has closed one. @param {Mine} mine */
function occupied({ dialog }) {
  return dialog !== null && document.querySelector("dialog:not([open])") === null;
}

/** @param {EventTarget | null} target */
function writes(target) {
  return target instanceof Element && target.closest("input, select, textarea, dialog") !== null;
}

/** @param {Actions} actions */
export function helpDialog(actions) {
  return html`<dialog class="dialog help" aria-labelledby="help-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="help-title">Keys</h2>
    <h3>In the table</h3>
    ${list(IN_THE_TABLE)}
    <h3>Anywhere</h3>
    ${list(SINGLE)}
    <p class="foot"><label><input type="checkbox" ?checked=${remembered("shortcuts") !== "off"} @change=${switched} />
      Single keys do this, outside of fields</label></p>
  </dialog>`;
}

/** @param {string[][]} keys */
function list(keys) {
  return html`<dl class="keys">
    ${keys.map(([names = "", words]) => html`<div><dt>${names}</dt><dd>${words}</dd></div>`)}
  </dl>`;
}

/** @param {Event} event */
function switched({ target }) {
  remember("shortcuts", /** @type {HTMLInputElement} */ (target).checked ? null : "off");
}

/**
 * Draw what I am told for a moment.
 * @param {Mine["told"]} told
 * @param {Tools} tools
 */
export function toldChip(told, tools) {
  if (told === null) return nothing;
  const { text, copy } = told;
  return html`<p class="told"><span>${text}</span>${
    copy === undefined
      ? nothing
      : html`<button type="button" @click=${() => tools.copyNow(copy)}>Copy</button>`
  }</p>`;
}
