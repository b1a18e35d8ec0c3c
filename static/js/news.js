/**
 * PURE: what somebody has just done to the room, in words: found out by comparing two snapshots.
 *
 * @import { Person, Snapshot, Table } from "./wire.js"
 *
 * @typedef {object} News
 * @property {Person} by
 * @property {string[]} words in turn ours and not ours: what stands at an odd place is a name, and not to be trusted
 * @property {boolean} mine
 * @property {string | null} undo the former document that takes it back
 */

import { number } from "./format.js";

/** @type {Record<string, string>} */
const CUTS = { "\t": "tabs", ",": "commas", ";": "semicolons", "|": "pipes" };

/**
 * Say what is new, or return null. What I did myself is none, but for a table that I replaced.
 * @param {Snapshot} before
 * @param {Snapshot} after
 * @param {string | null} me
 * @returns {News | null}
 */
export function newsOf(before, after, me) {
  if (before.epoch !== after.epoch) return null;
  const { by } = after;
  const handed = wheel(before, after);
  if (handed) return handed.by.member === me ? null : { ...handed, mine: false, undo: null };
  const words = by && done(by, before, after);
  if (!by || !words) return null;
  const mine = by.member === me;
  const undo = replaced(before, after);
  return mine && undo === null ? null : { by, words, mine, undo };
}

/**
 * @param {Snapshot} before
 * @param {Snapshot} after
 * @returns {{by: Person, words: string[]} | null}
 */
function wheel({ presenter: was }, { presenter: is }) {
  if (was?.member === is?.member) return null;
  if (is) return { by: is, words: said`${is.name} is presenting now` };
  return was && { by: was, words: said`${was.name} stopped presenting` };
}

/** @param {Person} by @param {Snapshot} before @param {Snapshot} after */
function done({ name }, before, after) {
  const [was, is] = [before.table, after.table];
  if (after.upload && before.upload?.upload !== after.upload.upload)
    return said`${name} is sending ${after.upload.name}`;
  if (!is) return null;
  if (is.growing) return was?.reading === is.reading && before.page !== after.page ? turned(name, after) : null;
  if (was?.document !== is.document || was.growing) return brought(name, before, is);
  if (was.reading !== is.reading) return said`${name} ${reads(was, is)}`;
  return before.page === after.page ? null : turned(name, after);
}

/** @param {string} name @param {Snapshot} snapshot */
function turned(name, { page }) {
  return said`${name} turned to page ${number(page)}`;
}

/** @param {string} name @param {Snapshot} before @param {Table} table */
function brought(name, { former, upload, table: was }, table) {
  // After an upload that came to nothing the former table is back by itself.
  if (was?.growing && was.document !== table.document) return null;
  const back = !upload && former?.some(({ document }) => document === table.document);
  return back ? said`${name} brought ${table.name} back` : said`${name} brought ${table.name}`;
}

/**
 * Return the document that was replaced and can be brought back, if one just was.
 * @param {Snapshot} before
 * @param {Snapshot} after
 */
function replaced({ table: was, former: had }, { table, former }) {
  const latest = former?.[0]?.document ?? null;
  if (!table || table.growing || latest === null || latest === had?.[0]?.document) return null;
  return was?.document !== table.document || was.growing ? latest : null;
}

/** Say in which way the table is read now. @param {Table} was @param {Table} is */
function reads({ dialect: before }, { dialect: after }) {
  if (before.quoting !== after.quoting) return after.quoting ? "reads it with quotes" : "reads quotes as plain text";
  if (before.delimiter !== after.delimiter) {
    return `splits it at ${CUTS[after.delimiter] ?? "another delimiter"}`;
  }
  if (before.header !== after.header) {
    return after.header ? "takes the first row as column names" : "takes the first row as data";
  }
  if (before.encoding !== after.encoding) return `reads it as ${after.encoding.toUpperCase()}`;
  return "reads it otherwise";
}

/** @param {TemplateStringsArray} ours @param {...string} names */
function said(ours, ...names) {
  return ours.flatMap((text, at) => (at < names.length ? [text, names[at] ?? ""] : [text]));
}

/**
 * Write words as plain text in which no name can turn the direction of what follows it (Unicode, UAX 9: FSI, PDI).
 * @param {string[]} words
 */
export function plain(words) {
  return words.map((part, at) => (at % 2 && /[^\x20-\x7e]/.test(part) ? `\u2068${part}\u2069` : part)).join("");
}
