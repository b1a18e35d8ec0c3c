/**
 * What people can do with the table on their own screen: the columns' widths, hiding and freezing them, copying
 * cells, marking a row. None of it moves anyone.
 *
 * @import { Actions } from "./actions.js"
 * @import { Asks } from "./asks.js"
 * @import { Rectangle } from "./clipboard.js"
 * @import { Cursor, Dialog } from "./mine.js"
 * @import { Shape } from "./shape.js"
 * @import { Sheet } from "./sheet.js"
 * @import { PageEvent, State } from "./state.js"
 *
 * @typedef {ReturnType<typeof tableTools>} Tools
 */

import { cellsOf, columnsOf, lacking, rectangle, toText } from "./clipboard.js";
import { UNKNOWN_CH, width } from "./columns.js";
import { copiedAtOnce, copyText } from "./copying.js";
import { counted } from "./format.js";
import { seen } from "./moves.js";
import { freeze, resized, withAgain, without } from "./reshape.js";
import { cellAt, nameAt } from "./sheet.js";

/** A column that fits its cells may be this wide. */
const FITTED_CH = 120;

/** More whole cells than this are not fetched to be copied: the file itself is the better way. */
const MOST_CELLS = 500;

/** Asked for at a time. */
const AT_ONCE = 8;

const TOLD_MS = 2500;

/**
 * @param {object} parts
 * @param {() => State} parts.state
 * @param {() => Sheet | null} parts.sheet
 * @param {(event: PageEvent) => void} parts.dispatch
 * @param {Asks} parts.asks
 * @param {Actions} parts.actions
 */
export function tableTools({ state, sheet, dispatch, asks, actions }) {
  let telling = 0;

  /** @param {Shape} shape */
  const reshape = (shape) => dispatch({ type: "shape", shape });

  const tools = {
    /** @param {number} column */
    widthOf(column) {
      const { shape, measures } = state().mine;
      return shape.widths[column] ?? measures?.widths[column] ?? UNKNOWN_CH;
    },

    /** @param {number} column @param {number} ch */
    resize: (column, ch) => reshape(resized(state().mine.shape, column, ch)),

    /** @param {number} column @param {number} by in `ch` */
    widen: (column, by) => tools.resize(column, tools.widthOf(column) + by),

    /** Make a column as wide as its cells on this page. @param {number} column */
    fit(column) {
      const shown = sheet();
      if (!shown) return;
      const cells = Array.from({ length: shown.rows }, (_, row) => cellAt(shown, row, column) ?? undefined);
      tools.resize(column, width(nameAt(shown, column), cells, FITTED_CH));
    },

    /** @param {number} column */
    hide(column) {
      const { mine, room } = state();
      const columns = room.snapshot?.table?.columns ?? 0;
      const shape = without(mine.shape, column, columns);
      const { row } = mine.cursor;
      reshape(shape);
      dispatch({ type: "cursor", cursor: { row, column: seen(mine.cursor.column, 1, columns, shape.hidden) } });
    },

    /** Show a hidden column again, or all of them. @param {number} [column] */
    show: (column) => reshape(withAgain(state().mine.shape, column)),

    /** Freeze the columns up to one, or none. @param {number} frozen how many */
    freeze: (frozen) => reshape(freeze(state().mine.shape, frozen)),

    /** @param {Dialog} dialog */
    dialog: (dialog) => dispatch({ type: "dialog", dialog }),

    /** Mark the row of a place on the page, and name it in the address. @param {Cursor} cursor */
    mark({ row }) {
      const shown = sheet();
      if (shown) location.hash = `row=${row < 0 ? 1 : shown.firstRow + row}`;
    },

    /** Look around alone, or follow again. */
    follow: () => (state().mine.alone ? actions.follow() : actions.lookAround()),

    /**
     * Copy the selected cells: at once if all are here, else when they are.
     * @param {DataTransfer | null} clipboard of the event that asks for it
     */
    copy(clipboard) {
      const shown = sheet();
      if (!shown) return;
      const { cursor, anchor, shape } = state().mine;
      const range = rectangle(cursor, anchor ?? cursor);
      const cells = counted((range.bottom - range.top + 1) * columnsOf(range, shape.hidden).length, "cell");
      const most = state().room.welcome?.limits.cell_chars ?? Infinity;
      const missing = lacking(shown, range, shape.hidden, most);
      if (missing.parts.length + missing.cells.length === 0) {
        clipboard?.setData("text/plain", toText(cellsOf(shown, range, shape.hidden)));
        tell(`${cells} copied.`);
        return;
      }
      dispatch({ type: "told", told: { text: `Fetching ${cells} to copy…` } });
      fetchCells(shown, range, shape.hidden, most).then(
        async (text) => {
          if (await copyText(text)) tell(`${cells} copied.`);
          else dispatch({ type: "told", told: { text: `${cells} can be copied now.`, copy: text } });
        },
        (error) => tell(error.message),
      );
    },

    /** Copy what had to be fetched first. @param {string} text */
    copyNow(text) {
      tell(copiedAtOnce(text) ? "Copied." : "The browser did not allow it.");
    },
  };
  return tools;

  /** @param {string} text */
  function tell(text) {
    dispatch({ type: "told", told: { text } });
    clearTimeout(telling);
    telling = window.setTimeout(() => {
      if (state().mine.told?.text === text) dispatch({ type: "told", told: null });
    }, TOLD_MS);
  }

  /**
   * @param {Sheet} shown
   * @param {Rectangle} range
   * @param {readonly number[]} hidden
   * @param {number} most
   */
  async function fetchCells(shown, range, hidden, most) {
    const { parts } = lacking(shown, range, hidden, most);
    const answers = await Promise.all(parts.map((first) => asks.look(shown.page, first)));
    if (answers.some(({ reading }) => reading !== shown.table.reading)) throw new Error("The table has changed.");
    const whole = { ...shown, parts: { ...shown.parts } };
    for (const answer of answers) whole.parts[answer.first_column] = answer;
    const { cells } = lacking(whole, range, hidden, most);
    if (cells.length > MOST_CELLS) throw new Error("Too many long cells to copy. Download the file instead.");
    /** @type {Map<string, string>} */
    const texts = new Map();
    for (let start = 0; start < cells.length; start += AT_ONCE) {
      const some = cells.slice(start, start + AT_ONCE);
      await Promise.all(
        some.map(async ([row, column]) => {
          const answer = await asks.cell(row < 0 ? 1 : whole.firstRow + row, column);
          if (answer.reading !== shown.table.reading) throw new Error("The table has changed.");
          texts.set(`${row} ${column}`, answer.text);
        }),
      );
    }
    return toText(cellsOf(whole, range, hidden, texts));
  }
}
