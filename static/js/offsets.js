/**
 * PURE: where columns are, and which of them are in sight. Widths are in `ch`, offsets in pixels. Knows no DOM and no
 * scrolling: it is told what is in sight.
 *
 * @typedef {{column: number, gap: 0} | {column: null, gap: number}} Item a column that is drawn, or the width of
 *   those that are not
 */

import { UNKNOWN_CH } from "./columns.js";

/**
 * Return where each column begins, in pixels, and where the last one ends.
 * @param {number} columns
 * @param {number[]} widths in `ch`; holes take UNKNOWN_CH
 * @param {number} ch pixels of one `ch`
 * @param {number} padding pixels that every cell adds
 * @param {readonly number[]} [hidden] columns that take no place, ascending
 */
export function offsets(columns, widths, ch, padding, hidden = []) {
  const starts = new Array(columns + 1);
  let position = 0;
  let skipped = 0;
  for (let column = 0; column < columns; column += 1) {
    starts[column] = position;
    if (hidden[skipped] === column) skipped += 1;
    else position += Math.round((widths[column] ?? UNKNOWN_CH) * ch) + padding;
  }
  starts[columns] = position;
  return /** @type {number[]} */ (starts);
}

/**
 * Return the first column in sight and the one after the last.
 * @param {number[]} starts
 * @param {number} left pixels
 * @param {number} right pixels
 * @returns {[first: number, stop: number]}
 */
export function inSight(starts, left, right) {
  const columns = starts.length - 1;
  const first = Math.max(0, lowest(starts, (start) => start > left) - 1);
  const stop = Math.min(
    columns,
    lowest(starts, (start) => start >= right),
  );
  return [Math.min(first, columns), Math.max(stop, Math.min(first, columns))];
}

/**
 * Return the first index whose value passes, by binary search.
 * @param {number[]} sorted
 * @param {(value: number) => boolean} passes
 */
function lowest(sorted, passes) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(sorted[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Say what a row is made of: the frozen columns, those in sight, the one that has the focus, and gaps for the rest.
 * @param {number[]} starts
 * @param {[first: number, stop: number]} range
 * @param {number} keep the column that stays drawn, or -1
 * @param {number} [frozen] how many columns from the first on stay drawn
 * @returns {Item[]}
 */
export function plan(starts, [first, stop], keep, frozen = 0) {
  const columns = starts.length - 1;
  /** @type {number[]} */
  const drawn = [];
  for (let column = 0; column < frozen; column += 1) drawn.push(column);
  if (keep >= frozen && keep < first) drawn.push(keep);
  for (let column = Math.max(first, frozen); column < stop; column += 1) drawn.push(column);
  if (keep >= Math.max(stop, frozen) && keep < columns) drawn.push(keep);
  /** @type {Item[]} */
  const items = [];
  let next = 0;
  for (const column of [...drawn, columns]) {
    const gap = (starts[column] ?? 0) - (starts[next] ?? 0);
    if (gap > 0) items.push({ column: null, gap });
    const hidden = starts[column] === starts[column + 1];
    if (column < columns && !hidden) items.push({ column, gap: 0 });
    next = column + 1;
  }
  return items;
}
