/**
 * Pointing: tells the others which cell I am at, while I follow and may move the room, and draws the cell that
 * somebody else is at. It lies over the table and is no part of it: it moves, scrolls and focuses nothing.
 *
 * @import { Cursor } from "./mine.js"
 * @import { Place } from "./finger.js"
 * @import { Finger } from "./people.js"
 * @import { Sheet } from "./sheet.js"
 * @import { State } from "./state.js"
 * @import { Layout } from "./table.js"
 * @import { Command } from "./wire.js"
 */

import { html, nothing, render } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";

import { coloured } from "./company.js";
import { HEADER_PX, placeOf, ROW_PX } from "./finger.js";
import { hindrance } from "./people.js";
import { throttled } from "./throttle.js";

/** The server hands on no more than twenty a second. */
const POINT_MS = 50;

export class Pointing {
  #state;
  #sheet;
  #send;
  #layer;
  #pointing = false;
  #dark = false;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.scroller
   * @param {() => State} parts.state
   * @param {() => Sheet | null} parts.sheet
   * @param {(command: Command) => boolean} parts.send
   */
  constructor({ scroller, state, sheet, send }) {
    this.#state = state;
    this.#sheet = sheet;
    this.#send = throttled(POINT_MS, (/** @type {Command} */ command) => void send(command));
    this.#layer = document.createElement("div");
    this.#layer.className = "fingers";
    this.#layer.ariaHidden = "true";
    // Before what is drawn into the scroller, which that never touches.
    scroller.prepend(this.#layer);
  }

  /** Point at the cell that I have gone to. @param {Cursor} cursor */
  point({ row, column }) {
    const state = this.#state();
    const sheet = this.#sheet();
    if (!sheet || state.mine.alone || hindrance(state)) return;
    if (row < 0 && !sheet.header) return;
    this.#pointing = true;
    this.#send({ type: "point", row: row < 0 ? 1 : sheet.firstRow + row, column });
  }

  /**
   * Draw the cell that another is at; stop pointing when I go away from the others.
   * @param {State} state
   * @param {Sheet | null} sheet
   * @param {Layout | null} layout
   */
  draw(state, sheet, layout) {
    if (this.#pointing && (state.mine.alone || state.room.link !== "live")) {
      this.#pointing = false;
      if (state.room.link === "live" && !hindrance(state)) this.#send({ type: "point", row: null, column: null });
    }
    const { finger } = state.people;
    const place = finger && sheet && layout && !state.mine.alone ? placeOf(finger, sheet, layout) : null;
    if (place === null && this.#dark) return;
    this.#dark = place === null;
    if (place && sheet && layout) this.#cover(place, sheet, layout);
    render(finger && place ? fingerAt(finger, place) : nothing, this.#layer);
  }

  /**
   * Lie over the whole table and no further, so that a flag at its edge makes nothing longer; under what stays in
   * sight, unless the cell does so too.
   * @param {Place} place
   * @param {Sheet} sheet
   * @param {Layout} layout
   */
  #cover({ heading, frozen }, sheet, { starts, gutter }) {
    const { style } = this.#layer;
    style.width = `${gutter + (starts[starts.length - 1] ?? 0)}px`;
    style.height = `${HEADER_PX + sheet.rows * ROW_PX}px`;
    style.zIndex = heading ? "3" : frozen ? "2" : "1";
  }
}

/** @param {Finger} finger @param {Place} place */
function fingerAt(finger, { left, top, width, height, heading, frozen, last }) {
  // The heading would cover a flag over the first row.
  const kind = `${heading || top <= HEADER_PX ? "under" : ""} ${last ? "inward" : ""}`;
  const style = `${coloured(finger)}; left: ${left}px; top: ${top}px; width: ${width}px; height: ${height}px`;
  const drawn = html`<div class="finger ${kind}" .style=${style}
    ><span class="flag"><bdi>${finger.name}</bdi></span></div>`;
  return html`<div class="pin ${heading ? "heading" : ""} ${frozen ? "frozen" : ""}">${keyed(finger.at, drawn)}</div>`;
}
