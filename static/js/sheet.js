/**
 * PURE: the page that is drawn, put together from the room's snapshot and the further columns that were asked
 * for. A cell is a string, `undefined` where the row ended before it (ragged), or `null` while it is not here.
 *
 * @import { Blocks, Mine } from "./mine.js"
 * @import { Page } from "./alone.js"
 * @import { Clip, Table } from "./wire.js"
 *
 * @typedef {object} Part a block of columns of the page
 * @property {string[] | null} header
 * @property {number} first_column
 * @property {string[][]} data
 * @property {Clip[]} clipped
 *
 * @typedef {object} Sheet
 * @property {Table} table
 * @property {number} page
 * @property {number} firstRow the file's number of the first row that is drawn
 * @property {number} rows how many are drawn
 * @property {boolean} header the file's first row is drawn as the header
 * @property {number} skip rows of the data that are drawn as the header
 * @property {number} span columns of a part
 * @property {Record<number, Part>} parts by first column
 */

import { letters } from "./format.js";
import { blockKey, headerRows } from "./mine.js";

const DEFAULT_SPAN = 200;

/**
 * Return the page to draw, or null where there is no table.
 * @param {Page & {table: Table | null} | null} shown the room's, or mine alone
 * @param {Mine["blocks"]} blocks
 * @param {number} [span] columns of a page message
 * @returns {Sheet | null}
 */
export function sheetOf(shown, blocks, span = DEFAULT_SPAN) {
  if (!shown?.table) return null;
  const skip = headerRows(shown);
  const further = blocks.key === blockKey(shown) ? blocks.parts : {};
  return {
    table: shown.table,
    page: shown.page,
    firstRow: shown.first_row + skip,
    rows: Math.max(0, shown.data.length - skip),
    header: shown.header !== null,
    skip,
    span,
    parts: { ...further, [shown.first_column]: shown },
  };
}

/** @param {Sheet} sheet @param {number} column */
function partOf(sheet, column) {
  return sheet.parts[Math.floor(column / sheet.span) * sheet.span];
}

/**
 * Return a cell's text, `undefined` past the end of a ragged row, or `null` while it is not here.
 * @param {Sheet} sheet
 * @param {number} row the place on the page, from 0
 * @param {number} column
 */
export function cellAt(sheet, row, column) {
  const part = partOf(sheet, column);
  return part ? part.data[row + sheet.skip]?.[column - part.first_column] : null;
}

/**
 * Return the header's text for a column, or null where it has none (then its letters are shown).
 * @param {Sheet} sheet
 * @param {number} column
 */
export function headingAt(sheet, column) {
  const part = partOf(sheet, column);
  return part?.header?.[column - part.first_column] || null;
}

/**
 * Return how a column is called: its heading, else A, B, C…
 * @param {Sheet} sheet
 * @param {number} column
 */
export function nameAt(sheet, column) {
  return headingAt(sheet, column) ?? letters(column);
}

/**
 * Return the whole length of a cell that came cut, in characters, or 0.
 * @param {Sheet} sheet
 * @param {number} row the place on the page, from 0; -1 is the header where page 1 shows it
 * @param {number} column
 */
export function clippedAt(sheet, row, column) {
  const clip = partOf(sheet, column)?.clipped.find(([index, at]) => index === row + sheet.skip && at === column);
  return clip?.[2] ?? 0;
}

/**
 * Return the first columns of the parts that are in sight and not here.
 * @param {Sheet} sheet
 * @param {[first: number, stop: number]} range columns in sight
 */
export function missingParts(sheet, [first, stop]) {
  const missing = [];
  for (let start = Math.floor(first / sheet.span) * sheet.span; start < stop; start += sheet.span) {
    if (!sheet.parts[start]) missing.push(start);
  }
  return missing;
}
