/**
 * Draws the badge that says how the table is read; behind it is the popover of dialect.js.
 *
 * @import { Table } from "./wire.js"
 */

import { html } from "lit-html";

import { counted } from "./format.js";
import * as icons from "./icons.js";

/** @type {Record<string, {badge: string, name: string}>} */
export const DELIMITERS = {
  "\t": { badge: "TSV", name: "Tab" },
  ",": { badge: "CSV", name: "Comma ," },
  ";": { badge: "CSV ;", name: "Semicolon ;" },
  "|": { badge: "Pipes |", name: "Pipe |" },
};

/** @type {Record<string, {one: string, many: string, why: string}>} */
export const ODDITIES = {
  ragged: {
    one: "ragged row",
    many: "ragged rows",
    why: "Not as many cells as the others. They are shown as they are.",
  },
  undecodable: {
    one: "undecodable row",
    many: "undecodable rows",
    why: "Bytes that this encoding does not have are shown as \ufffd.",
  },
  quotes: {
    one: "odd quote",
    many: "odd quotes",
    why: "A quote that does not close well is taken as part of its cell.",
  },
  nul: { one: "row with NUL", many: "rows with NUL", why: "Rows that hold NUL characters, shown as NUL." },
};

/**
 * Draw the badge.
 * @param {Table} table
 */
export function badge(table) {
  const { dialect, report } = table;
  const odd = Object.entries(report).filter(([, { count }]) => count > 0);
  const words = [
    DELIMITERS[dialect.delimiter]?.badge ?? "Text",
    ...(dialect.quoting ? ["quoted"] : []),
    encodingName(dialect.encoding),
    ...odd.slice(0, 1).map(([kind, { count }]) => counted(count, ODDITIES[kind]?.one ?? kind, ODDITIES[kind]?.many)),
    ...(odd.length > 1 ? ["…"] : []),
  ];
  return html`<button type="button" class="badge ${odd.length ? "odd" : ""}" popovertarget="dialect"
    title="How this table is read">${words.join(" · ")}${icons.chevron}</button>`;
}

/** @param {string} encoding */
export function encodingName(encoding) {
  return encoding.toUpperCase().replace("WINDOWS", "Windows");
}
