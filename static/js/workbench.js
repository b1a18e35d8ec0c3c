/**
 * All there is once there is a table: the table and its grid, the pager, the dialogs. It is loaded after the first
 * screen, which needs none of it.
 *
 * @import { Actions } from "./actions.js"
 * @import { Asks } from "./asks.js"
 * @import { Sheet } from "./sheet.js"
 * @import { PageEvent, State } from "./state.js"
 * @import { Places } from "./view.js"
 */

import { html, nothing, render } from "/static/vendor/lit-html/lit-html.js";

import { inSight } from "./columns.js";
import { dialectPopover } from "./dialect.js";
import { Grid } from "./grid.js";
import { pager } from "./pager.js";
import { shareDialog } from "./share.js";
import { missingParts } from "./sheet.js";
import { layoutOf, table } from "./table.js";
import { cellDialog } from "./whole.js";

export class Workbench {
  #places;
  #actions;
  #asks;
  #dispatch;
  #grid;
  /** Parts of the page that are asked for and not here yet. @type {Set<string>} */
  #asked = new Set();

  /**
   * @param {object} options
   * @param {Places} options.places
   * @param {Actions} options.actions
   * @param {Asks} options.asks
   * @param {(event: PageEvent) => void} options.dispatch
   */
  constructor({ places, actions, asks, dispatch }) {
    this.#places = places;
    this.#actions = actions;
    this.#asks = asks;
    this.#dispatch = dispatch;
    this.#grid = new Grid(places.scroller, {
      moveTo: actions.moveTo,
      turnBy: actions.turnBy,
      open: actions.open,
      see: (sight) => dispatch({ type: "sight", sight }),
    });
    dispatch({ type: "measured", ch: this.#grid.measure() });
  }

  /** Bring the cursor's cell into sight and focus it, once it is drawn. */
  focus() {
    this.#grid.focus();
  }

  /**
   * Draw the table, if there is one, and what belongs to it.
   * @param {State} state
   * @param {Sheet | null} sheet
   */
  draw(state, sheet) {
    const layout = sheet && layoutOf(sheet, state.mine);
    if (sheet && layout) render(table(sheet, layout, state.mine), this.#places.scroller);
    this.#grid.drawn(sheet, layout, state.mine.cursor);
    render(pager(state, this.#actions), this.#places.bottom);
    this.#drawDialogs(state);
    if (sheet && layout) this.#fetchColumns(state, sheet, layout.starts);
  }

  /** @param {State} state */
  #drawDialogs(state) {
    const { aside } = this.#places;
    const { room } = state;
    const shown = room.snapshot?.table;
    render(html`${shown ? dialectPopover(shown, room.welcome, this.#actions) : nothing}${this.#dialog(state)}`, aside);
    for (const dialog of aside.querySelectorAll("dialog")) if (!dialog.open) dialog.showModal();
  }

  /** @param {State} state */
  #dialog(state) {
    switch (state.mine.dialog?.kind) {
      case "share":
        return shareDialog(state, this.#actions);
      case "cell":
        return cellDialog(state.mine.dialog, this.#actions);
      default:
        return nothing;
    }
  }

  /**
   * Ask for the columns that are in sight and not here.
   * @param {State} state
   * @param {Sheet} sheet
   * @param {number[]} starts
   */
  #fetchColumns({ mine: { blocks, sight } }, sheet, starts) {
    for (const first of missingParts(sheet, inSight(starts, sight.left, sight.left + sight.width))) {
      const name = `${blocks.key} ${first}`;
      if (this.#asked.has(name)) continue;
      this.#asked.add(name);
      this.#asks
        .look(sheet.page, first)
        .then((answer) => {
          if (answer.reading === sheet.table.reading) this.#dispatch({ type: "block", key: blocks.key, answer });
        })
        // Whatever it was, the next drawing asks again.
        .catch(() => undefined)
        .finally(() => this.#asked.delete(name));
    }
  }
}
