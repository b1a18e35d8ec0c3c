/**
 * PURE: what I did to the columns of the table on my screen: made wider, hidden, frozen. It is kept as long as the
 * columns are the same ones. Knows no pixels; columns.js does.
 *
 * @import { Snapshot } from "./wire.js"
 *
 * @typedef {object} Shape
 * @property {string} of which columns it belongs to
 * @property {Record<number, number>} widths in `ch`, of the columns that were made wider or narrower
 * @property {readonly number[]} hidden columns, ascending
 * @property {number} frozen how many columns stay in sight at the left
 */

/** @returns {Shape} */
export function newShape() {
  return { of: "", widths: {}, hidden: [], frozen: 0 };
}

/**
 * Keep the shape for the same columns, whatever file they are of; others begin anew.
 * @param {Shape} shape
 * @param {Snapshot} snapshot
 * @returns {Shape}
 */
export function shapeFor(shape, { table, header }) {
  if (table === null) return shape;
  const of = header ? JSON.stringify(header) : String(table.columns);
  return of === shape.of || (header === null && table.growing && !shape.of.startsWith("["))
    ? { ...shape, of }
    : { ...newShape(), of };
}
