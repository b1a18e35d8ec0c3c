/**
 * Makes the drawn table a grid to move in: one tab stop, keys, clicks, and what is in sight. All positions are
 * computed; the document is measured only when it scrolls or changes its size, because measuring after a drawing
 * makes the browser lay out thousands of cells at once.
 *
 * @import { Layout } from "./table.js"
 * @import { Cursor, Sight } from "./mine.js"
 * @import { Sheet } from "./sheet.js"
 *
 * @typedef {object} Answers what the grid asks of the page
 * @property {(cursor: Cursor, anchor?: Cursor | null) => void} moveTo
 * @property {(pages: number) => void} turnBy
 * @property {(cursor: Cursor) => void} open
 * @property {(sight: Sight) => void} see
 * @property {(column: number) => number} widthOf in `ch`
 * @property {(column: number, ch: number) => void} resize
 * @property {(column: number) => void} fit
 */

import { acceptDrags } from "./drag.js";
import { move, reveal } from "./moves.js";
import { inSight } from "./offsets.js";
import { BEYOND_PX, PADDING_PX } from "./table.js";

/** Of table.css. */
const ROW_PX = 24;
const HEADER_PX = 28;

export class Grid {
  #scroller;
  #answers;
  /** @type {Sheet | null} */
  #sheet = null;
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Cursor} */
  #cursor = { row: 0, column: 0 };
  /** @type {Cursor | null} */
  #anchor = null;
  /** Columns that are not shown. @type {readonly number[]} */
  #hidden = [];
  #ch = 8;
  /** Where the scroller is and how large it is, in pixels. */
  #sight = { left: 0, top: 0, width: 0, height: 0 };
  /** What we have told of it. @type {Sight} */
  #told = { left: 0, width: 0 };
  /** Focus the cursor's cell after the next drawing. */
  #wanted = false;
  /** …but where it is, without scrolling there. */
  #still = false;

  /**
   * @param {HTMLElement} scroller
   * @param {Answers} answers
   */
  constructor(scroller, answers) {
    this.#scroller = scroller;
    this.#answers = answers;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.#press(event));
    scroller.addEventListener("click", (event) => this.#point(event));
    scroller.addEventListener("dblclick", (event) => this.#open(event));
    acceptDrags(scroller, {
      at: (cell) => this.#at(/** @type {HTMLTableCellElement} */ (cell)),
      select: (anchor, cursor) => this.#moveTo(cursor, anchor),
      widthOf: (column) => answers.widthOf(column) * this.#ch + PADDING_PX,
      fit: answers.fit,
      resize: (column, pixels) => answers.resize(column, (pixels - PADDING_PX) / this.#ch),
    });
    new ResizeObserver(() => this.#look(true)).observe(scroller);
  }

  /** Return the pixels of one `ch` in a cell. */
  measure() {
    const probe = document.createElement("span");
    probe.className = "probe";
    probe.textContent = "0".repeat(100);
    this.#scroller.append(probe);
    const ch = probe.getBoundingClientRect().width / 100;
    probe.remove();
    return ch || 8;
  }

  /** Bring the cursor's cell into sight and focus it, once it is drawn. */
  focus() {
    this.#wanted = true;
  }

  /**
   * Take over after a drawing: keep the place, the focus and what is in sight.
   * @param {Sheet | null} sheet
   * @param {Layout | null} layout
   * @param {Pick<import("./mine.js").Mine, "anchor" | "ch" | "cursor" | "shape">} mine
   */
  drawn(sheet, layout, { anchor, ch, cursor, shape }) {
    const before = this.#sheet;
    const held = this.#hasFocus();
    this.#keepPlace(sheet, layout);
    this.#sheet = sheet;
    this.#layout = layout;
    this.#cursor = cursor;
    this.#anchor = anchor;
    this.#hidden = shape.hidden;
    this.#ch = ch;
    if (!sheet) return;
    if (before) this.#startOver(before, sheet);
    if (this.#wanted || held) this.#settle();
  }

  /**
   * Another page begins at its top; another table too, unless it has the same columns.
   * @param {Sheet} before
   * @param {Sheet} sheet
   */
  #startOver(before, sheet) {
    if (before.table.document === sheet.table.document) {
      if (before.page !== sheet.page && !this.#wanted) this.#scrollTo(this.#sight.left, 0);
    } else if (!sameColumns(before, sheet)) this.#scrollTo(0, 0);
  }

  /** Say whether a cell has the focus. */
  get focused() {
    return this.#hasFocus();
  }

  #hasFocus() {
    const active = document.activeElement;
    return active !== null && active !== this.#scroller && this.#scroller.contains(active);
  }

  /**
   * Columns that become wider or narrower leave the first one in sight where it is.
   * @param {Sheet | null} sheet
   * @param {Layout | null} layout
   */
  #keepPlace(sheet, layout) {
    const old = this.#layout;
    const { left, top } = this.#sight;
    if (!old || !layout || this.#sheet?.table.reading !== sheet?.table.reading || left === 0) return;
    const [column] = inSight(old.starts, left, left + 1);
    const shift = (layout.starts[column] ?? 0) - (old.starts[column] ?? 0);
    this.#scrollTo(left + shift, top);
  }

  /** @param {number} left @param {number} top */
  #scrollTo(left, top) {
    if (left === this.#sight.left && top === this.#sight.top) return;
    this.#scroller.scrollTo({ left, top, behavior: "instant" });
    this.#sight = { ...this.#sight, left, top };
  }

  /** Focus the cursor's cell; scroll to it only if it was asked for. */
  #settle() {
    if (this.#wanted && !this.#still) this.#reveal();
    const cell = this.#scroller.querySelector("[tabindex='0']");
    if (cell instanceof HTMLElement && cell !== document.activeElement) cell.focus({ preventScroll: true });
    if (cell) this.#wanted = this.#still = false;
  }

  #reveal() {
    const { starts, gutter, frozen, stuck } = /** @type {Layout} */ (this.#layout);
    const { row, column } = this.#cursor;
    const { left, top, width, height } = this.#sight;
    const across =
      column < frozen
        ? 0
        : reveal(
            { start: starts[column] ?? 0, stop: starts[column + 1] ?? 0 },
            { start: left + stuck, stop: left + width - gutter },
          );
    const down =
      row < 0
        ? 0
        : reveal({ start: row * ROW_PX, stop: (row + 1) * ROW_PX }, { start: top, stop: top + height - HEADER_PX });
    this.#scrollTo(left + across, top + down);
  }

  /** Note where we are, and tell it when that comes near the end of what is drawn. @param {boolean} [resized] */
  #look(resized = false) {
    const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = this.#scroller;
    const hides = resized && height < this.#sight.height && this.#layout !== null && this.#hasFocus();
    this.#sight = { left, top, width, height };
    // A pager or a keyboard that comes up must not cover the cell that has the focus.
    if (hides) this.#reveal();
    if (!resized && Math.abs(left - this.#told.left) < BEYOND_PX / 2) return;
    if (left === this.#told.left && width === this.#told.width) return;
    this.#told = { left, width };
    this.#answers.see(this.#told);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const sheet = this.#sheet;
    if (!sheet || event.altKey || !this.#hasFocus()) return;
    const extent = { rows: sheet.rows, columns: sheet.table.columns, hidden: this.#hidden };
    if (event.key === "Escape" && this.#anchor) this.#moveTo(this.#cursor);
    if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#selectAll(extent);
    }
    const done = move(this.#cursor, { key: event.key, ctrl: event.ctrlKey || event.metaKey }, extent);
    if (done === null) return;
    event.preventDefault();
    if ("turn" in done) this.#answers.turnBy(done.turn);
    else if ("open" in done) this.#answers.open(this.#cursor);
    else this.#moveTo(done.cursor, event.shiftKey ? (this.#anchor ?? this.#cursor) : null);
  }

  /** Select the page, heading and all, without scrolling. @param {{rows: number, columns: number}} extent */
  #selectAll({ rows, columns }) {
    this.#moveTo({ row: -1, column: 0 }, { row: rows - 1, column: columns - 1 });
    this.#still = true;
  }

  /** @param {Cursor} cursor @param {Cursor | null} [anchor] */
  #moveTo(cursor, anchor = null) {
    // The next key may come before the next drawing.
    this.#cursor = cursor;
    this.#anchor = anchor;
    this.#wanted = true;
    this.#answers.moveTo(cursor, anchor);
  }

  /** @param {MouseEvent} event */
  #point(event) {
    const cell = this.#cellOf(event);
    const cursor = cell && this.#at(cell);
    if (!cursor || part(event, ".grip")) return;
    // Not 0: should the cursor go on before the next drawing, this cell would stay a second tab stop.
    cell.tabIndex = -1;
    cell.focus({ preventScroll: true });
    this.#moveTo(cursor, event.shiftKey ? (this.#anchor ?? this.#cursor) : null);
    if (part(event, ".menu")) this.#answers.open(cursor);
  }

  /** @param {MouseEvent} event */
  #open(event) {
    const cell = this.#cellOf(event);
    const cursor = cell && this.#at(cell);
    if (cursor && !part(event, ".menu") && !part(event, ".grip")) this.#answers.open(cursor);
  }

  /** @param {MouseEvent} event @returns {HTMLTableCellElement | null} */
  #cellOf({ target }) {
    return target instanceof Element ? target.closest("th, td") : null;
  }

  /** @param {HTMLTableCellElement} cell @returns {Cursor | null} null for a row number, or a gap */
  #at(cell) {
    const row = cell.closest("tr");
    const column = Number(cell.getAttribute("aria-colindex") ?? 0) - 2;
    if (row === null || column < 0) return null;
    return { row: row.parentElement?.tagName === "THEAD" ? -1 : row.sectionRowIndex, column };
  }
}

/** @param {Event} event @param {string} selector */
function part({ target }, selector) {
  return target instanceof Element && target.closest(selector) !== null;
}

/** @param {Sheet} before @param {Sheet} after */
function sameColumns(before, after) {
  const names = after.parts[0]?.header;
  const former = before.parts[0]?.header;
  if (!names || !former) return !names && !former && before.table.columns === after.table.columns;
  return names.length === former.length && names.every((name, column) => name === former[column]);
}
