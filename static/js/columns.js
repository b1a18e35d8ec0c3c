/** PURE: how wide columns are, in `ch`, and how they align. */

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
