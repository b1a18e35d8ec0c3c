/**
 * Draws the frame of the page: what is around the table, and what stands in its place while there is none. The
 * table itself, the pager and the dialogs are drawn by workbench.js.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 *
 * @typedef {object} Places the parts of templates/viewer.html
 * @property {HTMLElement} top
 * @property {HTMLElement} scroller
 * @property {HTMLElement} over
 * @property {HTMLElement} bottom
 * @property {HTMLElement} aside
 */

import { html, nothing, render } from "/static/vendor/lit-html/lit-html.js";

import { errorCard, insteadOfTable, noticeStrip } from "./cards.js";
import { sending } from "./sending.js";
import { toolbar } from "./toolbar.js";

/**
 * Draw what is around the table.
 * @param {Places} places
 * @param {State} state
 * @param {Actions} actions
 */
export function drawFrame(places, state, actions) {
  const { room, mine } = state;
  render(html`${toolbar(state, actions)}${sending(state, actions)}`, places.top);
  render(
    html`${errorCard(mine.alert, actions)}${mine.alert ? nothing : noticeStrip(room.notice, actions)}
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
