/**
 * Draws the pager: four buttons, the page and the row to go to. Turning a page moves everyone in the room.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 */

import { html, nothing } from "/static/vendor/lit-html/lit-html.js";

import { number } from "./format.js";
import * as icons from "./icons.js";
import { headerRows } from "./mine.js";

/**
 * @param {State} state
 * @param {Actions} actions
 */
export function pager({ room, mine }, actions) {
  const { snapshot } = room;
  if (!snapshot?.table) return nothing;
  const { pages, table } = snapshot;
  const page = mine.turning?.page ?? snapshot.page;
  const first = snapshot.first_row + headerRows(snapshot);
  const last = snapshot.first_row + snapshot.data.length - 1;
  return html`<nav class="pager" aria-label="Pages">
    <div class="turns">
      ${turn("First page", icons.first, 1, page > 1)}
      ${turn("Previous page", icons.previous, page - 1, page > 1)}
      <form class="goto" @submit=${go((to) => actions.turn(to), String(page))}>
        <label>Page <input name="to" inputmode="numeric" autocomplete="off" .value=${String(page)} @focus=${select} /></label>
        <span class="of">of ${number(pages)}</span>
      </form>
      ${turn("Next page", icons.next, page + 1, page < pages)}
      ${turn("Last page", icons.last, pages, page < pages)}
    </div>
    <form class="goto row" @submit=${go((to) => actions.goToRow(to), "")}>
      <label>Go to row <input name="to" inputmode="numeric" autocomplete="off" @focus=${select} /></label>
      <button>Go</button>
    </form>
    <span class="span">
      ${last >= first ? `rows ${number(first)}–${number(last)} of ${number(table.rows)}` : `${number(table.rows)} rows`}
    </span>
  </nav>`;

  /** @param {string} label @param {unknown} icon @param {number} to @param {boolean} there */
  function turn(label, icon, to, there) {
    const able = there && room.link === "live";
    return html`<button type="button" class="icon-only" title=${label} aria-label=${label}
      aria-disabled=${able ? "false" : "true"} @click=${() => able && actions.turn(to)}>${icon}</button>`;
  }
}

/** @param {FocusEvent} event */
function select({ target }) {
  /** @type {HTMLInputElement} */ (target).select();
}

/**
 * Read the number that was typed, separators and all, and put the field back to what is shown.
 * @param {(to: number) => void} then
 * @param {string} rest
 */
function go(then, rest) {
  return (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (
      /** @type {HTMLFormElement} */ (event.target).elements.namedItem("to")
    );
    const to = Number(field.value.replace(/[\s,.'’]/g, ""));
    field.value = rest;
    if (Number.isSafeInteger(to) && to > 0) then(to);
  };
}
