/**
 * Draws the dialog of one column (its whole name, how wide it is, whether it is frozen or shown) and the one with
 * the columns that are hidden.
 *
 * @import { Actions } from "./actions.js"
 * @import { Mine } from "./mine.js"
 * @import { Sheet } from "./sheet.js"
 * @import { Tools } from "./tabletools.js"
 */

import { html, nothing } from "lit-html";

import { visible } from "./celltext.js";
import { counted } from "./format.js";
import * as icons from "./icons.js";
import { nameAt } from "./sheet.js";
import { signs } from "./table.js";

const STEP_CH = 4;

/**
 * @param {number} column
 * @param {Sheet} sheet
 * @param {Mine} mine
 * @param {Tools} tools
 * @param {Actions} actions
 */
export function columnDialog(column, sheet, { shape }, tools, actions) {
  const { columns } = sheet.table;
  const frozen = shape.frozen === column + 1;
  return html`<dialog class="dialog column" aria-labelledby="column-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="column-title">Column ${column + 1} <span class="hint">of ${counted(columns, "column")}</span></h2>
    <p class="whole" dir="auto" tabindex="0">${text(nameAt(sheet, column))}</p>
    <p class="hint">What you change here changes on your screen alone.</p>
    <div class="line">
      <button type="button" @click=${() => tools.widen(column, -STEP_CH)}>Narrower</button>
      <button type="button" @click=${() => tools.widen(column, STEP_CH)}>Wider</button>
      <button type="button" @click=${() => tools.fit(column)}>Fit the cells</button>
    </div>
    <div class="line">
      <button type="button" aria-pressed=${frozen ? "true" : "false"}
        @click=${() => tools.freeze(frozen ? 0 : column + 1)}>Freeze up to here</button>
      <button type="button" ?disabled=${shape.hidden.length >= columns - 1}
        @click=${leaving(() => tools.hide(column))}>Hide this column</button>
    </div>
  </dialog>`;
}

/**
 * @param {Sheet} sheet
 * @param {Mine} mine
 * @param {Tools} tools
 * @param {Actions} actions
 */
export function hiddenDialog(sheet, { shape }, tools, actions) {
  return html`<dialog class="dialog hidden" aria-labelledby="hidden-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="hidden-title">Hidden columns</h2>
    <p class="hint">They are hidden on your screen alone.</p>
    <ul class="list">
      ${shape.hidden.map((column) => item(column))}
    </ul>
    ${
      shape.hidden.length > 0
        ? html`<p class="foot"><button type="button" class="main" @click=${leaving(() => tools.show())}>Show all</button></p>`
        : nothing
    }
  </dialog>`;

  /** @param {number} column */
  function item(column) {
    return html`<li><span class="whole" dir="auto">${text(nameAt(sheet, column))}</span>
      <button type="button" aria-label=${`Show ${nameAt(sheet, column)}`} @click=${() => tools.show(column)}>Show</button></li>`;
  }
}

/** @param {string} name */
function text(name) {
  const pieces = visible(name);
  return typeof pieces === "string" ? pieces : signs(pieces);
}

/** @param {() => void} then */
function leaving(then) {
  return (/** @type {Event} */ { target }) => {
    /** @type {HTMLElement} */ (target).closest("dialog")?.close();
    then();
  };
}
