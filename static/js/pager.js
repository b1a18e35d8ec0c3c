/**
 * Draws the pager: four buttons, the page and the row to go to. Turning a page moves everyone in the room; who
 * looks around alone moves nobody, and sees where the room is and the way back.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 * @import { Tools } from "./tabletools.js"
 */

import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";

import { pageShown } from "./alone.js";
import { selectAll } from "./fields.js";
import { counted, number } from "./format.js";
import * as icons from "./icons.js";
import { headerRows } from "./mine.js";
import { hindrance } from "./people.js";

/**
 * @param {State} state
 * @param {Actions} actions
 * @param {Tools} tools
 */
export function pager(state, actions, tools) {
  const { room, mine } = state;
  const { snapshot } = room;
  const shown = pageShown(snapshot, mine.alone);
  if (!snapshot?.table || !shown) return nothing;
  const { pages, table } = snapshot;
  const page = mine.alone?.page ?? mine.turning?.page ?? snapshot.page;
  const why = mine.alone ? null : (hindrance(state)?.words ?? null);
  const first = shown.first_row + headerRows(shown);
  const last = shown.first_row + shown.data.length - 1;
  return html`<nav class="pager ${mine.alone ? "alone" : ""}" aria-label="Pages">
    <div class="turns">
      ${turn("First page", icons.first, 1, page > 1)}
      ${turn("Previous page", icons.previous, page - 1, page > 1)}
      <form class="goto" @submit=${go((to) => actions.turn(to))}>
        <label><span class="word">Page</span> <input name="to" aria-label="Page" title=${why ?? nothing} ?disabled=${why !== null} inputmode="numeric" autocomplete="off" .value=${live(mine.draft ?? String(page))}
          @focus=${selectAll} @input=${typed} @blur=${() => actions.draft(null)} @keydown=${escaped} /></label>
        <span class="of">of ${number(pages)}</span>
      </form>
      ${turn("Next page", icons.next, page + 1, page < pages)}
      ${turn("Last page", icons.last, pages, page < pages)}
    </div>
    ${mine.alone ? pill(state, actions) : nothing}
    <form class="goto row" @submit=${go((to) => actions.goToRow(to))}>
      <label>Go to row <input name="to" inputmode="numeric" autocomplete="off" @focus=${selectAll} /></label>
      <button>Go</button>
    </form>
    <span class="span">
      ${mine.shape.hidden.length > 0 ? hidden(mine.shape.hidden.length) : nothing}
      <span class="counts">${last >= first ? `rows ${number(first)}–${number(last)} of ${number(table.rows)}` : `${number(table.rows)} rows`}</span>
      <button type="button" class="icon-only help" title="Keys and help (?)" aria-label="Help"
        @click=${() => tools.dialog({ kind: "help" })}>?</button>
    </span>
  </nav>`;

  /** @param {number} count */
  function hidden(count) {
    return html`<button type="button" class="badge" @click=${() => tools.dialog({ kind: "hidden" })}
      >${counted(count, "hidden column")}${icons.chevron}</button>`;
  }

  /** @param {string} label @param {unknown} icon @param {number} to @param {boolean} there */
  function turn(label, icon, to, there) {
    const able = there && room.link === "live" && why === null;
    return html`<button type="button" class="icon-only" title=${why ?? label} aria-label=${label}
      aria-disabled=${able ? "false" : "true"} @click=${() => able && actions.turn(to)}>${icon}</button>`;
  }

  /**
   * Read the number that was typed, separators and all, and empty the field, or put it back to what is shown.
   * @param {(to: number) => void} then
   */
  function go(then) {
    return (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const field = /** @type {HTMLInputElement} */ (
        /** @type {HTMLFormElement} */ (event.target).elements.namedItem("to")
      );
      const to = Number(field.value.replace(/[\s,.'’]/g, ""));
      field.value = "";
      actions.draft(null);
      if (Number.isSafeInteger(to) && to > 0) then(to);
    };
  }

  /** @param {Event} event */
  function typed({ target }) {
    actions.draft(/** @type {HTMLInputElement} */ (target).value);
  }

  /** @param {KeyboardEvent} event */
  function escaped(event) {
    if (event.key === "Escape") actions.draft(null);
  }
}

/**
 * Say where the room is, to one who looks around alone.
 * @param {State} state
 * @param {Actions} actions
 */
function pill({ room: { snapshot }, people: { turner, you } }, actions) {
  const page = number(snapshot?.page ?? 1);
  const another = turner && turner.member !== you?.member ? turner : null;
  return html`<p class="pill">
    <span>${another ? html`<bdi>${another.name}</bdi> turned to page ${page}` : `The room is on page ${page}`}</span>
    <button type="button" @click=${actions.follow}>Return</button>
  </p>`;
}
