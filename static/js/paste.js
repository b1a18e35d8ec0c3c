/**
 * Draws the question before pasted cells take the place of a table that others may be looking at.
 *
 * @import { Actions, Size } from "./actions.js"
 */

import { html } from "lit-html";

import { counted } from "./format.js";
import * as icons from "./icons.js";

/**
 * @param {Size} size
 * @param {Actions} actions
 */
export function pasteDialog({ rows, columns }, actions) {
  return html`<dialog class="dialog paste" aria-labelledby="paste-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="paste-title">Show the pasted cells?</h2>
    <p>${counted(rows, "row")} of ${counted(columns, "column")} take the place of this table, for everyone here.</p>
    <form method="dialog" class="foot">
      <button class="main" autofocus @click=${actions.sendPasted}>Replace the table</button>
      <button>Keep the table</button>
    </form>
  </dialog>`;
}
