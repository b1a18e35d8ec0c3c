/**
 * Looks around alone: opens the place that the address names, asks for my page, and keeps the address to it.
 * What is shown meanwhile is decided in alone.js.
 *
 * @import { Actions } from "./actions.js"
 * @import { Asks } from "./asks.js"
 * @import { PageEvent, State } from "./state.js"
 */

import { addressOf, placeIn } from "./address.js";
import { pageShown } from "./alone.js";
import { at } from "./protocol.js";
import { question } from "./question.js";

/** Browsers refuse to change the address much more often. */
const ADDRESS_MS = 250;

export class Looking {
  #asks;
  #actions;
  #dispatch;
  #begun = false;
  /** @type {string | null} */
  #asked = null;
  #timer = 0;
  /** @type {State | null} */
  #state = null;

  /**
   * @param {object} options
   * @param {Asks} options.asks
   * @param {Actions} options.actions
   * @param {(event: PageEvent) => void} options.dispatch
   */
  constructor({ asks, actions, dispatch }) {
    this.#asks = asks;
    this.#actions = actions;
    this.#dispatch = dispatch;
    addEventListener("hashchange", () => this.#goToMark());
  }

  /**
   * Open the place that the address names, once there is a table; say whether it is another than the room's.
   * @param {State} state
   */
  begin(state) {
    const { snapshot } = state.room;
    this.#state = state;
    if (this.#begun || !snapshot?.table) return false;
    this.#begun = true;
    const { page, row } = placeIn(location);
    if (page !== null) this.#dispatch({ type: "alone", page: row === null ? page : this.#pageOf(row) });
    if (row !== null) {
      this.#goToMark();
      this.#actions.goToRow(row);
    }
    return page !== null || row !== null;
  }

  /**
   * Ask for what my page lacks, and keep the address to it.
   * @param {State} state
   */
  follow(state) {
    this.#state = state;
    if (!state.room.snapshot?.table) return;
    this.#ask(state);
    const { marked, alone } = state.mine;
    if (marked !== null && alone === null && !isShown(state, marked)) this.#dispatch({ type: "marked", row: null });
    if (this.#timer === 0) this.#timer = window.setTimeout(() => this.#keepAddress(), ADDRESS_MS);
  }

  /** @param {State} state */
  #ask({ room: { snapshot, welcome }, mine: { alone } }) {
    const name = question(snapshot, alone, welcome?.limits.page_size ?? 100);
    if (name === null || alone === null || name === this.#asked) return;
    this.#asked = name;
    this.#asks.look(alone.page, 0).then(
      (answer) => {
        this.#dispatch({ type: "alone_page", answer });
        this.#actions.arrive();
      },
      () => {
        // Whatever it was, the next drawing asks again.
        if (this.#asked === name) this.#asked = null;
      },
    );
  }

  /** Mark the row that the address names, and go there; alone, if the others look at another page. */
  #goToMark() {
    const { row } = placeIn(location);
    const state = this.#state;
    this.#dispatch({ type: "marked", row });
    if (row === null || !state?.room.snapshot?.table || isShown(state, row)) return;
    this.#dispatch({ type: "alone", page: this.#pageOf(row) });
    this.#actions.goToRow(row);
  }

  /** @param {number} row */
  #pageOf(row) {
    return Math.ceil(row / (this.#state?.room.welcome?.limits.page_size ?? 100));
  }

  #keepAddress() {
    this.#timer = 0;
    const { room, mine } = /** @type {State} */ (this.#state);
    if (room.id === null || !room.snapshot?.table) return;
    const rest = addressOf(mine.alone?.page ?? null, mine.marked);
    if (rest !== location.search + location.hash) history.replaceState(history.state, "", at(`${room.id}${rest}`));
  }
}

/** @param {State} state @param {number} row of the file */
function isShown({ room, mine }, row) {
  const page = pageShown(room.snapshot, mine.alone);
  return page !== null && row >= page.first_row && row < page.first_row + page.data.length;
}
