/**
 * Draws the frame of the page: what is around the table, and what stands in its place while there is none. The
 * table itself, the pager and the dialogs are drawn by workbench.js.
 *
 * @import { Actions } from "./actions.js"
 * @import { Bar } from "./bar.js"
 * @import { State } from "./state.js"
 *
 * @typedef {object} Places the parts of templates/viewer.html
 * @property {HTMLElement} top
 * @property {HTMLElement} scroller
 * @property {HTMLElement} over
 * @property {HTMLElement} news
 * @property {HTMLElement} bottom
 * @property {HTMLElement} aside
 * @property {HTMLElement} announcer
 */

import { html, nothing, render } from "lit-html";

import { insteadOfTable } from "./cards.js";
import { toolbar } from "./toolbar.js";

/**
 * Draw what is around the table.
 * @param {Places} places
 * @param {State} state
 * @param {Actions} actions
 * @param {Bar} [bar] what there is in it once there is a table
 */
export function drawFrame(places, state, actions, bar) {
  const { room, mine } = state;
  render(html`${toolbar(state, actions, bar)}${bar?.below ?? nothing}`, places.top);
  render(
    html`${bar?.over ?? nothing}
    ${mine.dragging ? html`<div class="drop"><p>Drop the file to show it to everyone here</p></div>` : nothing}`,
    places.over,
  );
  const name = room.snapshot?.table?.name;
  document.title = name === undefined ? "tsvapp" : `${name} · tsvapp`;
}

/**
 * Draw what stands in the place of the table.
 * @param {Places} places
 * @param {State} state
 * @param {Actions} actions
 */
export function drawInstead(places, state, actions) {
  render(insteadOfTable(state, actions), places.scroller);
}
