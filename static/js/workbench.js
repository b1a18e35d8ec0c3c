/**
 * All there is once there is a table: the table and its grid, the pager, the dialogs. It is loaded after the first
 * screen, which needs none of it.
 *
 * @import { Actions } from "./actions.js"
 * @import { Asks } from "./asks.js"
 * @import { Myself } from "./identity.js"
 * @import { Sheet } from "./sheet.js"
 * @import { PageEvent, State } from "./state.js"
 * @import { Layout } from "./table.js"
 * @import { Places } from "./view.js"
 * @import { Command } from "./wire.js"
 */

import { html, nothing, render } from "lit-html";

import { bar } from "./bar.js";
import { columnDialog, hiddenDialog } from "./columndialogs.js";
import { dialectPopover } from "./dialect.js";
import { acceptPresses, show } from "./dialogs.js";
import { Gathering } from "./gathering.js";
import { Grid } from "./grid.js";
import { acceptKeys, helpDialog, toldChip } from "./help.js";
import { Looking } from "./looking.js";
import { inSight } from "./offsets.js";
import { acceptPrinting } from "./paper.js";
import { pasteDialog } from "./paste.js";
import { hindrance } from "./people.js";
import { pager } from "./pager.js";
import { shareDialog } from "./share.js";
import { missingParts } from "./sheet.js";
import { layoutOf, table } from "./table.js";
import { tableTools } from "./tabletools.js";
import { cellDialog } from "./whole.js";

/** Load the style sheet of all that is drawn here; the page has asked for it already. */
export async function styled() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = /** @type {HTMLLinkElement} */ (document.getElementById("workbench-style")).href;
  document.head.append(link);
  await new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
  });
}

export class Workbench {
  #places;
  #actions;
  #asks;
  #dispatch;
  #grid;
  #looking;
  #gathering;
  #tools;
  /** Parts of the page that are asked for and not here yet. @type {Set<string>} */
  #asked = new Set();

  /**
   * @param {object} options
   * @param {Places} options.places
   * @param {Actions} options.actions
   * @param {Asks} options.asks
   * @param {(event: PageEvent) => void} options.dispatch
   * @param {() => State} options.state
   * @param {() => Sheet | null} options.sheet
   * @param {(command: Command) => boolean} options.send
   * @param {Myself} options.myself
   * @param {() => void} options.redraw draw the page now
   */
  constructor({ places, actions, asks, dispatch, state, sheet, send, myself, redraw }) {
    this.#places = places;
    this.#actions = actions;
    this.#asks = asks;
    this.#dispatch = dispatch;
    const tools = tableTools({ state, sheet, dispatch, asks, actions });
    this.#tools = tools;
    this.#gathering = new Gathering({ places, actions, dispatch, state, sheet, send, myself });
    this.#grid = new Grid(places.scroller, {
      moveTo: (cursor, anchor) => {
        actions.moveTo(cursor, anchor);
        this.#gathering.point(cursor);
      },
      turnBy: actions.turnBy,
      open: (cursor) => (cursor.row < 0 ? tools.dialog({ kind: "column", column: cursor.column }) : actions.open(cursor)),
      see: (sight) => dispatch({ type: "sight", sight }),
      widthOf: tools.widthOf,
      resize: tools.resize,
      fit: tools.fit,
    });
    acceptKeys({ grid: this.#grid, tools, state });
    acceptPresses(places.aside);
    acceptPrinting({
      sight: () => state().mine.sight,
      see: (sight) => {
        dispatch({ type: "sight", sight });
        redraw();
      },
    });
    this.#looking = new Looking({ asks, actions, dispatch });
    dispatch({ type: "measured", ch: this.#grid.measure() });
  }

  /** Bring the cursor's cell into sight and focus it, once it is drawn. */
  focus() {
    this.#grid.focus();
  }

  /** Say what has changed. @param {State} before @param {State} after */
  heed(before, after) {
    this.#gathering.heed(before, after);
  }

  /** Draw what the bar says and offers. @param {State} state */
  bar(state) {
    return bar(state, this.#actions, this.#gathering.together);
  }

  /**
   * Draw the table, if there is one, and what belongs to it.
   * @param {State} state
   * @param {Sheet | null} sheet
   */
  draw(state, sheet) {
    if (this.#looking.begin(state)) return;
    const layout = sheet && layoutOf(sheet, state.mine);
    if (sheet && layout) render(table(sheet, layout, state.mine), this.#places.scroller);
    this.#grid.drawn(sheet, layout, state.mine);
    this.#gathering.draw(state, sheet, layout);
    this.#drawPager(state);
    this.#drawDialogs(state, sheet);
    if (sheet && layout) this.#fetchColumns(state, sheet, layout);
    this.#looking.follow(state);
  }

  /** @param {State} state */
  #drawPager(state) {
    const field = /** @type {HTMLInputElement | null} */ (document.activeElement);
    const before = field?.value;
    render(pager(state, this.#actions, this.#tools), this.#places.bottom);
    // A number that changes under the cursor stays selected: who types next replaces it.
    if (field?.name === "to" && field.value !== before && state.mine.draft === null) field.select();
  }

  /** @param {State} state @param {Sheet | null} sheet */
  #drawDialogs(state, sheet) {
    const { aside } = this.#places;
    const { room } = state;
    const shown = room.snapshot?.table;
    render(
      html`${shown ? dialectPopover(shown, room.welcome, this.#actions, hindrance(state)?.words ?? null) : nothing}${this.#gathering.above(state)}${this.#dialog(state, sheet)}
      ${toldChip(state.mine.told, this.#tools)}`,
      aside,
    );
    for (const dialog of aside.querySelectorAll("dialog")) if (!dialog.open) show(dialog);
  }

  /** @param {State} state @param {Sheet | null} sheet */
  #dialog(state, sheet) {
    switch (state.mine.dialog?.kind) {
      case "share":
        return shareDialog(state, this.#actions, this.#gathering.together);
      case "cell":
        return cellDialog(state.mine.dialog, this.#actions);
      case "column":
        return sheet ? columnDialog(state.mine.dialog.column, sheet, state.mine, this.#tools, this.#actions) : nothing;
      case "hidden":
        return sheet ? hiddenDialog(sheet, state.mine, this.#tools, this.#actions) : nothing;
      case "paste":
        return pasteDialog(state.mine.dialog, this.#actions);
      case "help":
        return helpDialog(this.#actions);
      default:
        return this.#gathering.dialog(state);
    }
  }

  /**
   * Ask for the columns that are in sight and not here.
   * @param {State} state
   * @param {Sheet} sheet
   * @param {Layout} layout
   */
  #fetchColumns({ mine: { blocks, sight } }, sheet, { starts, frozen }) {
    const wanted = [...missingParts(sheet, [0, frozen]), ...missingParts(sheet, inSight(starts, sight.left, sight.left + sight.width))];
    for (const first of wanted) {
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
