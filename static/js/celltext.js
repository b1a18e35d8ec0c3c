/** PURE: the text of cells as people read it: hidden characters made visible, and no more than a cell can show. */

/** Control characters, line and paragraph separators, bidi controls, the zero-width space and the BOM. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;
const HIDDEN_ALL = new RegExp(`(${HIDDEN.source})`, "u");

/** Their abbreviations (ECMA-48): the pictures that Unicode has for them are missing in many fonts. */
const CONTROLS = (
  "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI " +
  "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split(" ");

/** @typedef {{text: string, sign: boolean}} Piece a run of text, or a sign that stands for a hidden character */

/**
 * Make hidden characters visible: return the text itself if it has none, else its pieces.
 * @param {string} text
 * @param {string} [keep] characters that the place of showing can show as they are, as a newline in a whole cell
 * @returns {string | Piece[]}
 */
export function visible(text, keep = "") {
  if (!HIDDEN.test(text)) return text;
  return text
    .split(HIDDEN_ALL)
    .filter((part) => part !== "")
    .map((part) =>
      HIDDEN.test(part) && !keep.includes(part) ? { text: sign(part), sign: true } : { text: part, sign: false },
    );
}

/** @param {string} character */
function sign(character) {
  const code = character.charCodeAt(0);
  return CONTROLS[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * Cut text that is longer than anyone sees in a table cell, never inside a surrogate pair.
 * @param {string} text
 * @param {number} limit in UTF-16 units
 */
export function cut(text, limit) {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const pair = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, pair ? limit - 1 : limit)}…`;
}
