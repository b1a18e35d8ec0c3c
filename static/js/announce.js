/**
 * Says in words what has changed, for those who listen to the page: politely, and at most once in two seconds.
 *
 * @import { State } from "./state.js"
 */

import { counted, number } from "./format.js";
import { plain } from "./news.js";

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
    if (is.link === "refused") return "This page may not connect here.";
  }
  const apart = is.snapshot?.apart ?? false;
  if (was.snapshot && apart !== (was.snapshot.apart ?? false)) return apart ? "Reconnecting to others." : "With others again.";
  if (is.notice && is.notice !== was.notice) return is.notice.message;
  const { news } = after.people;
  if (news && news !== before.people.news) return plain(news.words);
  const asking = after.people.asking.at(-1);
  if (asking && !before.people.asking.includes(asking)) return `${plain(["", asking.name])} asks for the wheel.`;
  const table = is.snapshot?.table;
  const former = was.snapshot?.table;
  if (is.transfer && is.transfer.upload !== was.transfer?.upload) return `${is.transfer.name} is arriving.`;
  if (!table || !is.snapshot) return null;
  if (!table.growing && (former?.growing || former?.document !== table.document)) {
    return `${table.name}: ${counted(table.rows, "row")}, ${counted(table.columns, "column")}.`;
  }
  if (former && former.reading !== table.reading) return "The table is read otherwise now.";
  const { alone } = after.mine;
  if (alone && !before.mine.alone) return `Looking around alone, on page ${number(alone.page)}.`;
  if (!alone && before.mine.alone) return `Following again, on page ${number(is.snapshot.page)}.`;
  if (alone && alone.page !== before.mine.alone?.page) return `Page ${number(alone.page)}, alone.`;
  if (alone && was.snapshot?.page !== is.snapshot.page) return `The room is on page ${number(is.snapshot.page)}.`;
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
