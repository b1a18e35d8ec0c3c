/**
 * PURE: where a key takes the cursor in the grid. Rows are places on the page, from 0; -1 is the header.
 *
 * @import { Cursor } from "./mine.js"
 *
 * @typedef {{key: string, ctrl: boolean}} Press
 * @typedef {{rows: number, columns: number, hidden?: readonly number[]}} Extent
 * @typedef {{cursor: Cursor} | {turn: number} | {open: true} | null} Move a new place, pages to turn, a cell to open
 */

/**
 * Return what a key does, or null for a key that is not ours.
 * @param {Cursor} cursor
 * @param {Press} press
 * @param {Extent} extent
 * @returns {Move}
 */
export function move({ row, column }, { key, ctrl }, { rows, columns, hidden = [] }) {
  const end = columns - 1;
  switch (key) {
    case "ArrowUp":
      return place(ctrl ? 0 : row - 1, column);
    case "ArrowDown":
      return place(ctrl ? rows - 1 : row + 1, column);
    case "ArrowLeft":
      return place(row, ctrl ? 0 : column - 1);
    case "ArrowRight":
      return place(row, ctrl ? end : column + 1);
    case "Home":
      return place(ctrl ? 0 : row, 0);
    case "End":
      return place(ctrl ? rows - 1 : row, end);
    case "PageUp":
      return { turn: -1 };
    case "PageDown":
      return { turn: 1 };
    case "Enter":
      return { open: true };
    default:
      return null;
  }

  /** @param {number} toRow @param {number} toColumn */
  function place(toRow, toColumn) {
    const to = clamp(toColumn, 0, end);
    return { cursor: { row: clamp(toRow, -1, rows - 1), column: seen(to, to < column ? -1 : 1, columns, hidden) } };
  }
}

/**
 * Return the first column to be seen from one on, in a direction, else in the other.
 * @param {number} column
 * @param {1 | -1} direction
 * @param {number} columns
 * @param {readonly number[]} hidden
 */
export function seen(column, direction, columns, hidden) {
  for (const step of [direction, -direction]) {
    for (let at = column; at >= 0 && at < columns; at += step) if (!hidden.includes(at)) return at;
  }
  return column;
}

/** @param {number} value @param {number} least @param {number} most */
function clamp(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

/**
 * Return how far to scroll so that a span comes into sight, moving as little as possible.
 * @param {{start: number, stop: number}} span
 * @param {{start: number, stop: number}} sight
 */
export function reveal(span, sight) {
  if (span.start < sight.start) return span.start - sight.start;
  if (span.stop > sight.stop) return Math.min(span.stop - sight.stop, span.start - sight.start);
  return 0;
}
