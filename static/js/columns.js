/**
 * PURE: how wide columns are, how they align, and which of them are in sight. Widths are in `ch`, offsets in
 * pixels. Knows no DOM and no scrolling: it is told what is in sight.
 *
 * @typedef {{column: number, gap: 0} | {column: null, gap: number}} Item a column that is drawn, or the width of
 *   those that are not
 */

import { letters } from "./format.js";

const NARROWEST_CH = 4;
const WIDEST_CH = 40;

/** Width of a column whose cells are not here yet. */
export const UNKNOWN_CH = 12;

/** Digits with signs, separators, exponent or percent; nothing is converted, it only aligns. */
const NUMBER = /^[-+−]?[.,]?\d[\d.,_' \u00a0\u202f]*(?:e[-+]?\d+)?\s?%?$/i;

/** Cells that stand for "no value" in a column of numbers. */
const NO_VALUE = new Set(["", "-", "–", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "\\N", "?", "."]);

/** Scripts and signs that take two columns of a fixed grid, and about that much in any font. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{M}/u;

/**
 * Return the width that one column wants, in `ch`, clamped.
 * @param {string} name its heading
 * @param {Iterable<string | undefined>} cells those of the first rows
 * @param {number} [widest]
 */
export function width(name, cells, widest = WIDEST_CH) {
  let most = Math.max(NARROWEST_CH, chars(name, widest) + 1);
  for (const cell of cells) {
    if (cell !== undefined && most < widest) most = Math.max(most, chars(cell, widest) + 1);
  }
  return Math.min(most, widest);
}

/** @param {string} text @param {number} enough */
function chars(text, enough) {
  let count = 0;
  for (const character of text) {
    if (count >= enough) break;
    // A control character is shown as its abbreviation in a frame.
    if (character < " ") count += 4;
    else if (WIDE.test(character)) count += 2;
    else if (character < "\u0300" || !COMBINING.test(character)) count += 1;
  }
  return count;
}

/**
 * Say whether a column looks like numbers: at least one, and nothing else but signs for "no value".
 * @param {Iterable<string | undefined>} cells
 */
export function looksNumeric(cells) {
  let numbers = 0;
  for (const cell of cells) {
    const text = cell?.trim() ?? "";
    if (NO_VALUE.has(text)) continue;
    if (!NUMBER.test(text)) return false;
    numbers += 1;
  }
  return numbers > 0;
}

/**
 * @typedef {object} Measures what is known of the columns of one reading; holes are columns not seen yet
 * @property {string} reading
 * @property {number} rows how many rows it was measured on
 * @property {number[]} widths in `ch`
 * @property {boolean[]} numeric
 */

/** Measured on fewer rows than this, the widths are measured again when more are here. */
const ENOUGH_ROWS = 20;

/**
 * Measure the columns that a page brings, keeping what was measured before: turning a page moves no column.
 * @param {Measures | null} before
 * @param {{reading: string, header: string[] | null, first_column: number, data: string[][]}} page
 * @param {number} skip rows that are drawn as the header, not as data
 * @returns {Measures}
 */
export function measure(before, page, skip) {
  const same = before !== null && before.reading === page.reading;
  const again = same && before.rows < ENOUGH_ROWS && page.data.length > before.rows && page.first_column === 0;
  const widths = same ? before.widths.slice() : [];
  const numeric = same ? before.numeric.slice() : [];
  const rows = page.data.slice(skip);
  const count = rows.reduce((most, row) => Math.max(most, row.length), page.header?.length ?? 0);
  for (let index = 0; index < count; index += 1) {
    const column = page.first_column + index;
    if (same && !again && widths[column] !== undefined) continue;
    const cells = rows.map((row) => row[index]);
    widths[column] = width(page.header?.[index] ?? letters(column), cells);
    numeric[column] = looksNumeric(cells);
  }
  return { reading: page.reading, rows: same && !again ? before.rows : page.data.length, widths, numeric };
}

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
