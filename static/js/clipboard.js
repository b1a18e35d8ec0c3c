/**
 * PURE: cells as a spreadsheet copies and pastes them: tabs between cells, newlines between rows, and quotes
 * around a cell that holds one of them.
 *
 * @import { Cursor } from "./mine.js"
 * @import { Sheet } from "./sheet.js"
 *
 * @typedef {{top: number, bottom: number, left: number, right: number}} Rectangle places on the page, both ends in it
 */

import { cellAt, clippedAt, headingAt, missingParts, nameAt } from "./sheet.js";

/**
 * Return the rectangle between two corners.
 * @param {Cursor} one
 * @param {Cursor} other
 * @returns {Rectangle}
 */
export function rectangle(one, other) {
  return {
    top: Math.min(one.row, other.row),
    bottom: Math.max(one.row, other.row),
    left: Math.min(one.column, other.column),
    right: Math.max(one.column, other.column),
  };
}

/**
 * Write rows as text for a spreadsheet.
 * @param {string[][]} rows
 */
export function toText(rows) {
  return rows.map((row) => row.map(quoted).join("\t")).join("\n");
}

/** @param {string} cell */
function quoted(cell) {
  return /[\t\n\r]|^"/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * Return the columns of a rectangle that are to be seen.
 * @param {Rectangle} range
 * @param {readonly number[]} hidden
 */
export function columnsOf({ left, right }, hidden) {
  const columns = [];
  for (let column = left; column <= right; column += 1) if (!hidden.includes(column)) columns.push(column);
  return columns;
}

/**
 * Return the cells of a rectangle, as far as they are here; those of `whole` take the place of clipped ones.
 * @param {Sheet} sheet
 * @param {Rectangle} range
 * @param {readonly number[]} hidden
 * @param {Map<string, string>} whole by row and column
 */
export function cellsOf(sheet, range, hidden, whole = new Map()) {
  const columns = columnsOf(range, hidden);
  const rows = [];
  for (let row = range.top; row <= range.bottom; row += 1) {
    rows.push(
      columns.map(
        (column) =>
          whole.get(`${row} ${column}`) ?? (row < 0 ? nameAt(sheet, column) : (cellAt(sheet, row, column) ?? "")),
      ),
    );
  }
  return rows;
}

/**
 * Say what of a rectangle is not here: parts of the page, and cells that came cut.
 * @param {Sheet} sheet
 * @param {Rectangle} range
 * @param {readonly number[]} hidden
 * @param {number} most characters of a cell in a page message
 */
export function lacking(sheet, range, hidden, most) {
  const columns = columnsOf(range, hidden);
  /** @type {[row: number, column: number][]} */
  const cells = [];
  for (let row = range.top; row <= range.bottom; row += 1) {
    for (const column of columns) {
      const cut = row < 0 ? (headingAt(sheet, column)?.length ?? 0) >= most : clippedAt(sheet, row, column) > 0;
      if (cut) cells.push([row, column]);
    }
  }
  return { parts: missingParts(sheet, [range.left, range.right + 1]), cells };
}
