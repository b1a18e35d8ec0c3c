/**
 * PURE: looking around alone: the page that I look at while the others look at the room's. It is asked for with
 * `look`, moves nobody, and the old page stays until the new one is here.
 *
 * @import { PageAnswer, Snapshot, Table } from "./wire.js"
 *
 * @typedef {Pick<PageAnswer, "page" | "header" | "first_row" | "first_column" | "data" | "clipped">} Page
 *
 * @typedef {object} Alone
 * @property {number} page the one that I want to see
 * @property {(Page & {table: Table}) | null} here the one that is here, as its table was then
 */

/**
 * Begin to look around, or go on to another page: with the page that is on the screen, until that one is here.
 * @param {Alone | null} alone
 * @param {number} page
 * @param {Snapshot | null} snapshot
 * @returns {Alone}
 */
export function lookAt(alone, page, snapshot) {
  const to = Math.max(1, Math.min(page, snapshot?.pages ?? page));
  if (alone) return { ...alone, page: to };
  // Who comes with the address of a page sees it first, and not the room's.
  return { page: to, here: snapshot?.table && snapshot.page === to ? { ...snapshot, table: snapshot.table } : null };
}

/**
 * Take the page that was asked for, if it is still wanted.
 * @param {Alone | null} alone
 * @param {PageAnswer} answer
 * @param {Snapshot | null} snapshot
 * @returns {Alone | null}
 */
export function answered(alone, answer, snapshot) {
  const table = snapshot?.table;
  if (!alone || !table || answer.reading !== table.reading) return alone;
  if (answer.page !== Math.min(alone.page, answer.pages)) return alone;
  return { page: answer.page, here: { ...answer, table } };
}

/**
 * Keep to the pages that are there when the room's table changes; without a table there is nothing to look at.
 * @param {Alone | null} alone
 * @param {Snapshot} snapshot
 * @returns {Alone | null}
 */
export function refreshed(alone, { table, pages }) {
  if (alone === null || table === null) return null;
  const same = alone.here?.table.reading === table.reading;
  return { page: Math.min(alone.page, pages), here: alone.here && same ? { ...alone.here, table } : alone.here };
}

/**
 * Return the page on my screen: the room's, or that which I look at alone; null while it is not here.
 * @param {Snapshot | null} snapshot
 * @param {Alone | null} alone
 * @returns {(Page & {table: Table | null, pages: number}) | null}
 */
export function pageShown(snapshot, alone) {
  if (snapshot === null || alone === null) return snapshot;
  if (alone.here === null) return null;
  const { table } = snapshot;
  const current = table !== null && table.reading === alone.here.table.reading;
  return { ...alone.here, pages: snapshot.pages, table: current ? table : alone.here.table };
}
