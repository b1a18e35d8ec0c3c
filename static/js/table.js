/**
 * Draws the table: every row of the page, and of the columns only those in sight. Cells come from sheet.js and
 * where columns are from columns.js; text enters the document through text bindings alone.
 *
 * @import { Item } from "./offsets.js"
 * @import { Mine } from "./mine.js"
 * @import { Sheet } from "./sheet.js"
 *
 * @typedef {object} Layout where everything is, in pixels
 * @property {number[]} starts where each column begins, from the edge of the row numbers
 * @property {Item[]} items
 * @property {[first: number, stop: number]} range columns in sight, and a little more
 * @property {number} gutter width of the row numbers
 * @property {number} frozen how many columns stay in sight; none where they would take most of the place
 * @property {number} stuck their width
 */

import { html, nothing } from "lit-html";
import { guard } from "lit-html/directives/guard.js";
import { repeat } from "lit-html/directives/repeat.js";

import { cut, visible } from "./celltext.js";
import { rectangle } from "./clipboard.js";
import { inSight, offsets, plan } from "./offsets.js";
import { letters } from "./format.js";
import { cellAt, headingAt } from "./sheet.js";

/** Pixels that table.css adds to every cell: padding on both sides and the line. */
export const PADDING_PX = 17;

/** Drawn beyond what is in sight, so that scrolling does not outrun drawing. */
export const BEYOND_PX = 480;

/** More of a cell is never in sight: the widest column shows a tenth of it. */
const SHOWN_CHARS = 400;

/** Frozen columns leave at least this part of what is in sight to the others. */
const FROZEN_PART = 0.6;

/** Six digits from the first row on, so that the columns stay where they are while a table grows. */
const LEAST_DIGITS = 6;

/**
 * Say where everything is, for what is in sight.
 * @param {Sheet} sheet
 * @param {Mine} mine
 * @returns {Layout}
 */
export function layoutOf(sheet, { ch, cursor, measures, shape, sight }) {
  const widths = Object.assign((measures?.widths ?? []).slice(), shape.widths);
  const starts = offsets(sheet.table.columns, widths, ch, PADDING_PX, shape.hidden);
  const range = inSight(starts, sight.left - BEYOND_PX, sight.left + sight.width + BEYOND_PX);
  const digits = Math.max(LEAST_DIGITS, String(sheet.table.rows).length);
  const gutter = Math.round(digits * ch) + PADDING_PX;
  const wanted = Math.min(shape.frozen, sheet.table.columns);
  const frozen = gutter + (starts[wanted] ?? 0) <= sight.width * FROZEN_PART ? wanted : 0;
  const items = plan(starts, range, cursor.column, frozen);
  return { starts, range, items, gutter, frozen, stuck: starts[frozen] ?? 0 };
}

/**
 * Draw the table.
 * @param {Sheet} sheet
 * @param {Layout} layout
 * @param {Mine} mine
 */
export function table(sheet, layout, { anchor, cursor, marked, measures, blocks, shape }) {
  const { table: what } = sheet;
  const { starts, range, items, gutter, frozen } = layout;
  const width = gutter + (starts[starts.length - 1] ?? 0);
  const numeric = measures?.numeric ?? [];
  // A drawn header is row 1 of the file; letters are a row of their own above it.
  const lead = sheet.header ? 0 : 1;
  const { data, header } = sheet.parts[0] ?? {};
  const area = anchor && rectangle(anchor, cursor);
  const columns = [starts.length, range[0], range[1], gutter, frozen, shape, measures];
  const drawn = [data, header, blocks, cursor, anchor, marked, ...columns];
  return html`<table
    class="sheet"
    role="grid"
    aria-label=${what.name}
    aria-rowcount=${what.growing ? -1 : what.rows + lead}
    aria-colcount=${what.columns + 1}
    aria-multiselectable="true"
    aria-busy=${what.growing ? "true" : "false"}
    .style=${`width: ${width}px`}
  >
    ${guard(drawn, inside)}
  </table>`;

  function inside() {
    return html`<colgroup>
        <col .style=${`width: ${gutter}px`} />
        ${repeat(items, key, (item) => html`<col class=${item.column === null ? "gap" : nothing} .style=${`width: ${widthOf(item, starts)}px`} />`)}
      </colgroup>
      <thead>
        <tr aria-rowindex="1">
          <th scope="col" aria-colindex="1"><span aria-hidden="true">#</span><span class="unseen">Row</span></th>
          ${repeat(items, key, ({ column }) => (column === null ? gap : heading(column)))}
        </tr>
      </thead>
      <tbody>
        ${rowNumbers(sheet).map(line)}
      </tbody>`;
  }

  /** @param {number} number @param {number} row */
  function line(number, row) {
    return html`<tr class=${number === marked ? "marked" : ""} aria-rowindex=${number + lead}>
      <th scope="row" aria-colindex="1"><a href=${`#row=${number}`} tabindex="-1">${number}</a></th>
      ${repeat(items, key, ({ column }) => (column === null ? gap : cell(row, column)))}
    </tr>`;
  }

  /**
   * There are few gaps: before the columns, after them, beside the frozen ones and the focused one.
   * @param {Item} item
   * @param {number} at
   */
  function key({ column }, at) {
    return column ?? (at === 0 ? "before" : at === items.length - 1 ? "after" : `between ${at}`);
  }

  /** @param {number} column */
  function heading(column) {
    const name = headingAt(sheet, column);
    const kind = kindOf(numeric[column] ? "num" : "", -1, column) + (name === null ? " letter" : "");
    return html`<th
      scope="col" dir="auto" class=${kind} aria-colindex=${column + 2} tabindex=${stop(-1, column)}
      aria-selected=${chosen(-1, column) ? "true" : nothing} .style=${place(column)}
      >${shown(name ?? letters(column))}<span class="menu" aria-hidden="true"></span
      ><span class="grip" aria-hidden="true"></span></th>`;
  }

  /** @param {number} row @param {number} column */
  function cell(row, column) {
    const text = cellAt(sheet, row, column);
    const plain = text === null ? "wait" : text === undefined ? "none" : numeric[column] ? "num" : "";
    const kind = kindOf(plain, row, column);
    if (column < frozen) return stuck(row, column, kind, text);
    return html`<td
      dir="auto" class=${kind} aria-selected=${chosen(row, column) ? "true" : nothing} aria-colindex=${column + 2} tabindex=${stop(row, column)}
      aria-label=${text === undefined ? "no cell" : nothing}
      >${text ? shown(text) : nothing}</td>`;
  }

  /**
   * A frozen cell has its place in its style, which costs too much for every cell.
   * @param {number} row
   * @param {number} column
   * @param {string} kind
   * @param {string | null | undefined} text
   */
  function stuck(row, column, kind, text) {
    return html`<td
      dir="auto" class=${kind} aria-selected=${chosen(row, column) ? "true" : nothing} aria-colindex=${column + 2}
      tabindex=${stop(row, column)} aria-label=${text === undefined ? "no cell" : nothing} .style=${place(column)}
      >${text ? shown(text) : nothing}</td>`;
  }

  /** @param {number} column */
  function place(column) {
    return column < frozen ? `left: ${gutter + (starts[column] ?? 0)}px` : "";
  }

  /** @param {number} row @param {number} column */
  function chosen(row, column) {
    return area && row >= area.top && row <= area.bottom && column >= area.left && column <= area.right;
  }

  /** @param {string} plain @param {number} row @param {number} column */
  function kindOf(plain, row, column) {
    const selected = chosen(row, column) ? " sel" : "";
    return column < frozen ? `${plain}${selected} stuck${column === frozen - 1 ? " edge" : ""}` : plain + selected;
  }

  /** One cell of the grid is in the tab order. @param {number} row @param {number} column */
  function stop(row, column) {
    return cursor.row === row && cursor.column === column ? 0 : nothing;
  }
}

const gap = html`<td class="gap" aria-hidden="true"></td>`;

/** @param {Sheet} sheet */
function rowNumbers({ firstRow, rows }) {
  return Array.from({ length: rows }, (_, row) => firstRow + row);
}

/** @param {string} text */
function shown(text) {
  const pieces = visible(cut(text, SHOWN_CHARS));
  return typeof pieces === "string" ? pieces : signs(pieces);
}

/**
 * Draw text in which hidden characters have become signs.
 * @param {import("./celltext.js").Piece[]} pieces
 */
export function signs(pieces) {
  return pieces.map((piece) => (piece.sign ? html`<span class="sign">${piece.text}</span>` : piece.text));
}

/** @param {Item} item @param {number[]} starts */
function widthOf({ column, gap: wide }, starts) {
  return column === null ? wide : (starts[column + 1] ?? 0) - (starts[column] ?? 0);
}
