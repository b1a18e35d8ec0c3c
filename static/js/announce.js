/**
 * Says in words what has changed, for those who listen to the page: politely, and at most once in two seconds.
 *
 * @import { State } from "./state.js"
 */

import { counted, number } from "./format.js";

const BETWEEN_MS = 2000;

/**
 * Return what is worth saying of a change, or null. (PURE)
 * @param {State} before
 * @param {State} after
 * @returns {string | null}
 */
export function words(before, after) {
  const [was, is] = [before.room, after.room];
  if (was.link !== is.link && was.link !== "opening") {
    if (is.link === "live") return "Live again.";
    if (is.link === "reconnecting") return "Reconnecting.";
    if (is.link === "offline") return "Offline.";
  }
  if (is.notice && is.notice !== was.notice) return is.notice.message;
  const table = is.snapshot?.table;
  const former = was.snapshot?.table;
  if (is.transfer && is.transfer.upload !== was.transfer?.upload) return `${is.transfer.name} is arriving.`;
  if (!table || !is.snapshot) return null;
  if (!table.growing && (former?.growing || former?.document !== table.document)) {
    return `${table.name}: ${counted(table.rows, "row")}, ${counted(table.columns, "column")}.`;
  }
  if (former && former.reading !== table.reading) return "The table is read otherwise now.";
  if (was.snapshot?.page !== is.snapshot.page)
    return `Page ${number(is.snapshot.page)} of ${number(is.snapshot.pages)}.`;
  return null;
}

export class Announcer {
  #element;
  /** @type {string | null} */
  #latest = null;
  #timer = 0;

  /** @param {HTMLElement} element the page's `role="status"` */
  constructor(element) {
    this.#element = element;
  }

  /** Say this, or the latest of what comes until there is time for it. @param {string | null} text */
  say(text) {
    if (text === null) return;
    this.#latest = text;
    if (this.#timer === 0) this.#speak();
  }

  #speak() {
    this.#timer = 0;
    if (this.#latest === null) return;
    this.#element.textContent = this.#latest;
    this.#latest = null;
    this.#timer = window.setTimeout(() => this.#speak(), BETWEEN_MS);
  }
}
