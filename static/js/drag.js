/**
 * What a mouse drags in the table: the edge of a heading makes its column wider, cell to cell selects a rectangle.
 * Inside one cell the browser selects text as everywhere.
 *
 * @import { Cursor } from "./mine.js"
 *
 * @typedef {object} Drags
 * @property {(cell: Element) => Cursor | null} at
 * @property {(anchor: Cursor, cursor: Cursor) => void} select
 * @property {(column: number) => number} widthOf in pixels
 * @property {(column: number, pixels: number) => void} resize
 * @property {(column: number) => void} fit
 */

/** The column may be narrower at the second press, so that the browser's own dblclick falls on another. */
const DOUBLE_MS = 400;

/**
 * @param {HTMLElement} scroller
 * @param {Drags} drags
 */
export function acceptDrags(scroller, { at, select, widthOf, resize, fit }) {
  /** @type {{pointer: number, column: number, from: number, width: number} | null} */
  let edge = null;
  let pressed = { column: -1, at: 0 };
  /** @type {{pointer: number, anchor: Cursor, cursor: Cursor} | null} */
  let area = null;

  scroller.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const cell = cellOf(event);
    const place = cell && at(cell);
    if (!cell || !place) return;
    if (event.target instanceof Element && event.target.closest(".grip")) {
      event.preventDefault();
      if (pressed.column === place.column && event.timeStamp - pressed.at < DOUBLE_MS) fit(place.column);
      pressed = { column: place.column, at: event.timeStamp };
      edge = { pointer: event.pointerId, column: place.column, from: event.clientX, width: widthOf(place.column) };
      scroller.setPointerCapture(event.pointerId);
    } else if (event.pointerType === "mouse" && !event.shiftKey) {
      area = { pointer: event.pointerId, anchor: place, cursor: place };
    }
  });
  scroller.addEventListener("pointermove", (event) => {
    if (edge?.pointer === event.pointerId) resize(edge.column, edge.width + event.clientX - edge.from);
    if (area?.pointer !== event.pointerId) return;
    if (event.buttons === 0) area = null;
    else extend(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => {
      edge = area = null;
      scroller.classList.remove("dragging");
    });
  }
  scroller.addEventListener(
    "dblclick",
    (event) => event.timeStamp - pressed.at < DOUBLE_MS && event.stopImmediatePropagation(),
    { capture: true },
  );
  // Shift and a click select cells, not text.
  scroller.addEventListener("mousedown", (event) => event.shiftKey && cellOf(event) && event.preventDefault());

  /** @param {PointerEvent} event */
  function extend(event) {
    const cell = cellOf(event);
    const place = cell && at(cell);
    if (!area || !place || (place.row === area.cursor.row && place.column === area.cursor.column)) return;
    scroller.classList.add("dragging");
    getSelection()?.removeAllRanges();
    area.cursor = place;
    select(area.anchor, place);
  }
}

/** @param {Event} event */
function cellOf({ target }) {
  return target instanceof Element ? target.closest("th, td") : null;
}
