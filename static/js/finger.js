/**
 * PURE: where on the table a cell is that somebody points at.
 *
 * @import { Finger } from "./people.js"
 * @import { Sheet } from "./sheet.js"
 * @import { Layout } from "./table.js"
 *
 * @typedef {object} Place in pixels from the corner of the table
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {boolean} heading it stays at the top while the table scrolls
 * @property {boolean} frozen it stays at the left
 * @property {boolean} last there is no room for the flag at its right
 */

/** Of table.css. */
export const ROW_PX = 24;
export const HEADER_PX = 28;

/** A flag that would stand beyond the end of the table stands at the other side. */
const FLAG_PX = 160;

/**
 * Return where a pointed cell is; null if it is not on this page, or hidden.
 * @param {Finger} finger
 * @param {Sheet} sheet
 * @param {Layout} layout
 * @returns {Place | null}
 */
export function placeOf({ row, column }, sheet, { starts, gutter, frozen }) {
  const from = starts[column];
  const to = starts[column + 1];
  const heading = row === 1 && sheet.header;
  const at = row - sheet.firstRow;
  // A hidden column has no width.
  if (from === undefined || to === undefined || to === from) return null;
  if (!heading && (at < 0 || at >= sheet.rows)) return null;
  return {
    left: gutter + from,
    top: heading ? 0 : HEADER_PX + at * ROW_PX,
    width: to - from,
    height: heading ? HEADER_PX : ROW_PX,
    heading,
    frozen: column < frozen,
    last: (starts[starts.length - 1] ?? 0) - from < FLAG_PX,
  };
}

