/**
 * PURE: the ways to change the shape of the columns on my screen. What a shape is stands in shape.js.
 *
 * @import { Shape } from "./shape.js"
 */

/** Narrower than this a column shows nothing; wider than this it is no column. In `ch`. */
export const LEAST_CH = 2;
export const MOST_CH = 200;

/**
 * @param {Shape} shape
 * @param {number} column
 * @param {number | null} width in `ch`; null is the one of its own
 * @returns {Shape}
 */
export function resized(shape, column, width) {
  const widths = { ...shape.widths };
  if (width === null) delete widths[column];
  else widths[column] = Math.max(LEAST_CH, Math.min(width, MOST_CH));
  return { ...shape, widths };
}

/**
 * Hide a column, unless it is the last one to be seen.
 * @param {Shape} shape
 * @param {number} column
 * @param {number} columns of the table
 * @returns {Shape}
 */
export function without(shape, column, columns) {
  if (shape.hidden.includes(column) || shape.hidden.length >= columns - 1) return shape;
  return { ...shape, hidden: [...shape.hidden, column].sort((one, other) => one - other) };
}

/**
 * Show a hidden column again, or all of them.
 * @param {Shape} shape
 * @param {number} [column]
 * @returns {Shape}
 */
export function withAgain(shape, column) {
  return { ...shape, hidden: column === undefined ? [] : shape.hidden.filter((hidden) => hidden !== column) };
}

/**
 * Freeze the columns up to one, or none.
 * @param {Shape} shape
 * @param {number} frozen how many
 * @returns {Shape}
 */
export function freeze(shape, frozen) {
  return { ...shape, frozen };
}
