/**
 * PURE: the keys of the page, as the help lists them, and what a single one does outside of the grid's own moves.
 *
 * @typedef {"follow" | "row" | "mark" | "help" | "wider" | "narrower"} Shortcut
 */

/** @type {Record<string, Shortcut>} */
const SHORTCUTS = { f: "follow", g: "row", r: "mark", "?": "help", "+": "wider", "-": "narrower" };

/** Each: the keys, and what they do. */
export const IN_THE_TABLE = [
  ["↑ ↓ ← →", "Move from cell to cell"],
  ["Home, End", "First and last column; with Ctrl the first and last cell"],
  ["Page Up, Page Down", "Previous and next page"],
  ["Shift + ↑ ↓ ← →", "Select cells; dragging and Shift + click do so too"],
  ["Ctrl + A", "Select the whole page"],
  ["Ctrl + C", "Copy the cell or the selection, ready for a spreadsheet"],
  ["Enter", "Read the whole cell; on a heading: width, freeze, hide"],
  ["Escape", "Drop the selection"],
];

export const SINGLE = [
  ["F", "Look around alone, or follow again"],
  ["G", "Go to a row"],
  ["R", "Mark this row, in the address too"],
  ["+  −", "Make this column wider or narrower"],
  ["?", "This help"],
];

/**
 * Return what a key does, or null.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean}} press
 */
export function shortcut({ key, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey) return null;
  const name = key.toLowerCase();
  return Object.hasOwn(SHORTCUTS, name) ? (SHORTCUTS[name] ?? null) : null;
}
