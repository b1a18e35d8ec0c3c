/**
 * PURE: what only my screen has: where I have scrolled and what has the focus, the page I look at alone, the file
 * I am sending, an open dialog, an error of mine. It never moves anyone.
 *
 * @import { Measures } from "./columns.js"
 * @import { Alone } from "./alone.js"
 * @import { Shape } from "./shape.js"
 * @import { PageAnswer, Snapshot } from "./wire.js"
 * @import { Room } from "./room.js"
 *
 * @typedef {{row: number, column: number}} Cursor `row` is the place on the page, from 0; -1 is the header
 * @typedef {{left: number, width: number}} Sight what is in sight of the table's width, in pixels
 * @typedef {{name: string, size: number}} Sending a file of mine on its way; bytes are in the room's transfer
 * @typedef {{page: number, at: number}} Turning a page that I asked for and that is not here yet
 * @typedef {"choose" | "again" | "close"} Remedy the one thing to do about an error
 * @typedef {{code: string, message: string, name?: string, remedy: Remedy}} Alert
 * @typedef {{kind: "share"} | {kind: "former"} | {kind: "delete"} | {kind: "help"} | {kind: "hidden"} | {kind: "column", column: number}
 *   | {kind: "paste", rows: number, columns: number}
 *   | {kind: "cell", row: number, column: number, name: string, text: string | null, all?: boolean,
 *     failed?: string}} Dialog
 * @typedef {Record<number, PageAnswer>} Blocks further columns of the page shown, by their first column
 *
 * @typedef {object} Mine
 * @property {Cursor} cursor
 * @property {Cursor | null} anchor the other corner of the selected rectangle
 * @property {Alone | null} alone the page I look at without the others; null while I follow
 * @property {number | null} marked the file's row that the address names
 * @property {Shape} shape what I did to the columns
 * @property {string | null} draft a page number that is half typed
 * @property {{text: string, copy?: string} | null} told what I am told in a moment's chip, and what it can copy
 * @property {Sight} sight
 * @property {number} ch pixels of one `ch` in the table
 * @property {Measures | null} measures
 * @property {{key: string, parts: Blocks}} blocks
 * @property {Turning | null} turning
 * @property {Sending | null} sending
 * @property {Alert | null} alert
 * @property {Dialog | null} dialog
 * @property {boolean} dragging a file is held over the page
 *
 * @typedef {{type: "cursor", cursor: Cursor, anchor?: Cursor | null}
 *   | {type: "alone", page: number}
 *   | {type: "alone_page", answer: PageAnswer}
 *   | {type: "follow"}
 *   | {type: "marked", row: number | null}
 *   | {type: "shape", shape: Shape}
 *   | {type: "draft", draft: string | null}
 *   | {type: "told", told: Mine["told"]}
 *   | {type: "sight", sight: Sight}
 *   | {type: "measured", ch: number}
 *   | {type: "block", key: string, answer: PageAnswer}
 *   | {type: "turning", page: number}
 *   | {type: "sending", sending: Sending | null}
 *   | {type: "alert", alert: Alert | null}
 *   | {type: "dialog", dialog: Dialog | null}
 *   | {type: "cell_read", row: number, column: number, text: string | null, failed?: string}
 *   | {type: "dragging", dragging: boolean}} MineEvent
 */

import { answered, lookAt, pageShown, refreshed } from "./alone.js";
import { measure } from "./columns.js";
import { newShape, shapeFor } from "./shape.js";

/** A turn that is not answered by then was lost or came to nothing. */
const TURNING_MS = 3000;

/** @returns {Mine} */
export function newMine() {
  return {
    cursor: { row: 0, column: 0 },
    anchor: null,
    alone: null,
    marked: null,
    shape: newShape(),
    draft: null,
    told: null,
    sight: { left: 0, width: 1200 },
    ch: 8,
    measures: null,
    blocks: { key: "", parts: {} },
    turning: null,
    sending: null,
    alert: null,
    dialog: null,
    dragging: false,
  };
}

/**
 * Return my screen after an event.
 * @param {Mine} mine
 * @param {{type: string}} given
 * @param {Room} room as it is after the same event
 * @param {number} now milliseconds
 * @returns {Mine}
 */
export function reduceMine(mine, given, room, now) {
  const event = /** @type {MineEvent | Snapshot} */ (given);
  switch (event.type) {
    case "snapshot":
      return room.snapshot === event ? shown(mine, event, now) : mine;
    case "cursor":
      return { ...mine, cursor: event.cursor, anchor: event.anchor ?? null };
    case "alone":
      return within({ ...mine, turning: null, alone: lookAt(mine.alone, event.page, room.snapshot) }, room.snapshot);
    case "alone_page":
      return looked(mine, event.answer, room.snapshot);
    case "follow":
      return within({ ...mine, alone: null, anchor: null }, room.snapshot);
    case "marked":
      return event.row === mine.marked ? mine : { ...mine, marked: event.row };
    case "shape":
      return { ...mine, shape: event.shape };
    case "draft":
      return event.draft === mine.draft ? mine : { ...mine, draft: event.draft };
    case "told":
      return { ...mine, told: event.told };
    case "sight":
      return { ...mine, sight: event.sight };
    case "measured":
      return { ...mine, ch: event.ch };
    case "block":
      return event.key === mine.blocks.key ? withBlock(mine, event.answer) : mine;
    case "turning":
      return { ...mine, turning: { page: event.page, at: now } };
    case "sending":
      return { ...mine, sending: event.sending, alert: event.sending ? null : mine.alert };
    case "alert":
      return { ...mine, alert: event.alert, turning: null };
    case "dialog":
      return { ...mine, dialog: event.dialog };
    case "cell_read":
      return withCell(mine, event);
    case "dragging":
      return { ...mine, dragging: event.dragging };
    default:
      return mine;
  }
}

/**
 * Say of which page further columns are kept: those of another are dropped. Under one reading a row never changes.
 * @param {{page: number, table: {reading: string} | null, data: string[][]}} page
 */
export function blockKey({ page, table, data }) {
  return `${table?.reading}/${page}/${data.length}`;
}

/** @param {Mine} mine @param {Snapshot} snapshot @param {number} now @returns {Mine} */
function shown(mine, snapshot, now) {
  const arrived = mine.turning?.page === snapshot.page || now - (mine.turning?.at ?? 0) > TURNING_MS;
  const next = {
    ...mine,
    alone: refreshed(mine.alone, snapshot),
    shape: shapeFor(mine.shape, snapshot),
    turning: arrived ? null : mine.turning,
  };
  if (snapshot.table !== null) return within(next, snapshot);
  return { ...next, blocks: { key: "", parts: {} }, measures: null, cursor: { row: 0, column: 0 }, anchor: null };
}

/** @param {Mine} mine @param {PageAnswer} answer @param {Snapshot | null} snapshot @returns {Mine} */
function looked(mine, answer, snapshot) {
  const alone = answered(mine.alone, answer, snapshot);
  return alone === mine.alone ? mine : within({ ...mine, alone }, snapshot);
}

/**
 * Keep the cursor, the measures and further columns to the page that is on my screen now.
 * @param {Mine} mine
 * @param {Snapshot | null} snapshot
 * @returns {Mine}
 */
function within(mine, snapshot) {
  const page = pageShown(snapshot, mine.alone);
  if (!page?.table) return mine;
  const { table } = page;
  const rows = page.data.length - headerRows(page);
  const key = blockKey(page);
  return {
    ...mine,
    blocks: mine.blocks.key === key ? mine.blocks : { key, parts: {} },
    measures: measure(mine.measures, { ...page, reading: table.reading }, headerRows(page)),
    cursor: inside(mine.cursor),
    anchor: mine.anchor && mine.blocks.key === key ? inside(mine.anchor) : null,
  };

  /** @param {Cursor} cursor */
  function inside({ row, column }) {
    return { row: Math.max(-1, Math.min(row, rows - 1)), column: Math.max(0, Math.min(column, table.columns - 1)) };
  }
}

/**
 * Return how many rows of a page are drawn as the header: its first one, on page 1.
 * @param {{header: string[] | null, first_row: number}} page
 */
export function headerRows(page) {
  return page.header !== null && page.first_row === 1 ? 1 : 0;
}

/** @param {Mine} mine @param {PageAnswer} answer @returns {Mine} */
function withBlock(mine, answer) {
  return {
    ...mine,
    blocks: { ...mine.blocks, parts: { ...mine.blocks.parts, [answer.first_column]: answer } },
    measures: measure(mine.measures, answer, headerRows(answer)),
  };
}

/**
 * @param {Mine} mine
 * @param {{row: number, column: number, text: string | null, failed?: string}} event
 * @returns {Mine}
 */
function withCell(mine, { row, column, text, failed }) {
  const { dialog } = mine;
  if (dialog?.kind !== "cell" || dialog.row !== row || dialog.column !== column) return mine;
  return { ...mine, dialog: { ...dialog, text, ...(failed === undefined ? {} : { failed }) } };
}
