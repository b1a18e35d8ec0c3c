/**
 * Draws the card that stands where there is no table yet, as the server has written it, and below it the tables that
 * were opened in this browser lately.
 *
 * @import { Actions } from "./actions.js"
 * @import { Recent } from "./recent.js"
 * @import { Table } from "./wire.js"
 */

import { html, nothing } from "lit-html";

import { remember, remembered } from "./preferences.js";
import { at } from "./protocol.js";
import { recentOf, withFirst, without } from "./recent.js";

const PLACE = "recent";

/** On the page, or in a template where the page is that of a room. */
const card = /** @type {HTMLElement} */ (
  document.querySelector(".start") ??
    /** @type {HTMLTemplateElement | null} */ (document.getElementById("start"))?.content.querySelector(".start")
);
let isFurnished = false;

/** @param {Actions} actions */
export function startCard(actions) {
  if (!isFurnished) furnish(actions);
  return html`${card}${recent(recentOf(remembered(PLACE)), actions)}`;
}

/** Give the card what works by scripts alone. @param {Actions} actions */
function furnish(actions) {
  isFurnished = true;
  // A label is reached by no key.
  const label = /** @type {HTMLElement} */ (card.querySelector("label"));
  const choose = document.createElement("button");
  Object.assign(choose, { type: "button", className: "main", textContent: label.textContent, onclick: actions.choose });
  label.replaceWith(choose);
  const example = /** @type {HTMLElement} */ (card.querySelector(".example"));
  example.onclick = () => actions.example(example.dataset.href ?? "");
  example.hidden = false;
}

/** @param {Recent[]} tables @param {Actions} actions */
function recent(tables, actions) {
  if (tables.length === 0) return nothing;
  return html`<nav class="recent" aria-labelledby="recent-title">
    <h2 id="recent-title">Opened in this browser</h2>
    <ul>${tables.map(({ id, name, day }) => html`<li><a href=${at(id)}>${name}</a> <time class="hint">${day}</time></li>`)}</ul>
    <button type="button" @click=${actions.forgetRecent}>Forget these</button>
  </nav>`;
}

/** What was remembered last: not each page of a table has to be looked up. */
let latest = "";

/** Remember that a table is shown. @param {string} id @param {Pick<Table, "document" | "name">} table */
export function opened(id, { document: documentId, name }) {
  const shown = `${id} ${documentId}`;
  if (shown === latest) return;
  latest = shown;
  const before = recentOf(remembered(PLACE));
  const day = new Date().toLocaleDateString("sv"); // as YYYY-MM-DD
  const after = withFirst(before, { id, name, day });
  if (after !== before) remember(PLACE, JSON.stringify(after));
}

/** Forget a table that is gone, or all. @param {string | null} [id] */
export function forgotten(id) {
  const rest = id === undefined ? [] : without(recentOf(remembered(PLACE)), id);
  remember(PLACE, rest.length > 0 ? JSON.stringify(rest) : null);
}
