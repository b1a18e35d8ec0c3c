/**
 * PURE: what the page that I look at alone lacks, as one question to the server.
 *
 * @import { Alone } from "./alone.js"
 * @import { Snapshot } from "./wire.js"
 */

/**
 * Say what has to be asked for: the page that is wanted, of the table as it is now, and again while it fills.
 * @param {Snapshot | null} snapshot
 * @param {Alone | null} alone
 * @param {number} size rows of a page
 * @returns {string | null} a name for the question; null if all is here
 */
export function question(snapshot, alone, size) {
  const table = snapshot?.table;
  if (!table || !alone) return null;
  const { here, page } = alone;
  const rows = Math.min(size, table.rows - (page - 1) * size);
  const same = here !== null && here.table.reading === table.reading && here.page === page;
  return same && here.data.length >= rows ? null : `${table.reading} ${page} ${rows}`;
}
