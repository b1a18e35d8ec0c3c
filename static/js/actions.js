/**
 * What people can do on the page: each one sends a command, or changes my own screen. The templates call
 * these and nothing else.
 *
 * @import { Asks } from "./asks.js"
 * @import { Connection } from "./connection.js"
 * @import { Cursor } from "./mine.js"
 * @import { Choice } from "./wire.js"
 * @import { Sheet } from "./sheet.js"
 * @import { PageEvent, State } from "./state.js"
 * @import { Uploader } from "./upload.js"
 *
 * @typedef {{rows: number, columns: number}} Size
 * @typedef {ReturnType<typeof actionsOf>} Actions
 */

import { pageShown } from "./alone.js";
import { headerRows } from "./mine.js";
import { hindrance } from "./people.js";
import { mayHaveTable } from "./room.js";
import { cellAt, clippedAt, headingAt, nameAt } from "./sheet.js";
import { forgotten } from "./start.js";

const TOLD_MS = 2500;

/**
 * @param {object} parts
 * @param {() => State} parts.state
 * @param {() => Sheet | null} parts.sheet
 * @param {(event: PageEvent) => void} parts.dispatch
 * @param {Connection} parts.connection
 * @param {Uploader} parts.uploader
 * @param {Asks} parts.asks
 * @param {() => void} parts.focus focus the cursor's cell once it is drawn
 * @param {() => void} parts.choose open the browser's file dialog
 * @param {() => void} parts.redraw draw what is not in the state
 * @param {() => void} parts.startAnew leave a room that is not there for a new one
 */
export function actionsOf({ state, sheet, dispatch, connection, uploader, asks, focus, choose, redraw, startAnew }) {
  /** A row to point at when its page is here. @type {number | null} */
  let awaited = null;
  /** Pasted cells that wait for a word. @type {File | null} */
  let held = null;

  const actions = {
    /** Show a page to everyone; to me alone while I look around. @param {number} page */
    turn(page) {
      const { room, mine } = state();
      const { snapshot } = room;
      if (!snapshot?.table) return;
      const to = Math.max(1, Math.min(page, snapshot.pages));
      if (mine.alone) {
        if (to !== mine.alone.page) dispatch({ type: "alone", page: to });
        return;
      }
      if (hindered()) return;
      // A key that is held asks for page after page before the first is here: count from the last asked for.
      if (to === (mine.turning?.page ?? snapshot.page)) return;
      if (connection.send({ type: "turn", page: to })) dispatch({ type: "turning", page: to });
    },

    /** @param {number} pages */
    turnBy(pages) {
      const { room, mine } = state();
      if (room.snapshot) actions.turn((mine.alone?.page ?? mine.turning?.page ?? room.snapshot.page) + pages);
    },

    /** Look around alone, beginning with what everyone sees. */
    lookAround() {
      const { snapshot } = state().room;
      if (snapshot?.table) dispatch({ type: "alone", page: snapshot.page });
    },

    /** Follow the room again. */
    follow: () => dispatch({ type: "follow" }),

    /** Keep a page number that is half typed. @param {string | null} draft */
    draft: (draft) => dispatch({ type: "draft", draft }),

    /** Show a row's page (to everyone, if I follow), and point my own cursor at it. @param {number} row of the file, from 1 */
    goToRow(row) {
      const { snapshot, welcome } = state().room;
      if (!snapshot?.table) return;
      awaited = Math.min(row, snapshot.table.rows);
      // Who may not move the others goes there alone.
      if (!state().mine.alone && hindrance(state())) actions.lookAround();
      actions.turn(Math.ceil(awaited / (welcome?.limits.page_size ?? 100)));
      actions.arrive();
    },

    /** Point at the awaited row if its page is here. */
    arrive() {
      const { room, mine } = state();
      const page = pageShown(room.snapshot, mine.alone);
      if (awaited === null || !page) return;
      const index = awaited - page.first_row;
      if (index < 0 || index >= page.data.length) {
        if (mine.turning === null && (mine.alone?.page ?? page.page) === page.page) awaited = null;
        return;
      }
      awaited = null;
      focus();
      dispatch({ type: "cursor", cursor: { row: index - headerRows(page), column: mine.cursor.column } });
    },

    /** @param {Cursor} cursor @param {Cursor | null} [anchor] the other corner of a selection */
    moveTo(cursor, anchor = null) {
      dispatch({ type: "cursor", cursor, anchor });
    },

    /** Show a whole cell, to me. @param {Cursor} cursor */
    open({ row, column }) {
      const shown = sheet();
      if (!shown) return;
      const heading = row < 0;
      const text = heading ? headingAt(shown, column) : cellAt(shown, row, column);
      if (text === undefined || text === null) return;
      const fileRow = heading ? 1 : shown.firstRow + row;
      const most = state().room.welcome?.limits.cell_chars ?? Infinity;
      const clipped = heading ? text.length >= most : clippedAt(shown, row, column) > 0;
      const name = nameAt(shown, column);
      dispatch({ type: "dialog", dialog: { kind: "cell", row: fileRow, column, name, text: clipped ? null : text } });
      if (!clipped) return;
      asks.cell(fileRow, column).then(
        (answer) => dispatch({ type: "cell_read", row: fileRow, column, text: answer.text }),
        (error) => dispatch({ type: "cell_read", row: fileRow, column, text: null, failed: error.message }),
      );
    },

    /** Show the whole of a very long cell. */
    showAll() {
      const { dialog } = state().mine;
      if (dialog?.kind === "cell") dispatch({ type: "dialog", dialog: { ...dialog, all: true } });
    },

    /** Read the table otherwise, for everyone. @param {Choice} key @param {string | boolean | null} value */
    read(key, value) {
      if (!hindered()) connection.send({ type: "read", [key]: value });
    },

    choose,

    /** Send the file that failed once more. */
    again() {
      if (state().room.unknown) startAnew();
      uploader.again();
    },

    /** Send a file, for everyone. @param {File[]} files */
    send(files) {
      if (files[0] === undefined || hindered()) return;
      if (state().room.unknown) startAnew();
      uploader.offer(files[0]);
    },

    /** Send the example, as a file of mine. @param {string} address */
    async example(address) {
      const name = "penguins.csv";
      try {
        const answer = await fetch(address);
        if (!answer.ok) throw new Error(answer.statusText);
        actions.send([new File([await answer.blob()], name)]);
      } catch {
        const message = "The example could not be loaded. Check your connection and try again, or choose a file.";
        dispatch({ type: "alert", alert: { code: "example", message, remedy: "close" } });
      }
    },

    /** Forget the tables that were opened in this browser. */
    forgetRecent() {
      forgotten();
      redraw();
    },

    /** Send pasted cells; what others may look at is replaced only if I mean it. @param {File} file @param {Size} size */
    paste(file, size) {
      if (hindered()) return;
      held = file;
      if (mayHaveTable(state().room)) dispatch({ type: "dialog", dialog: { kind: "paste", ...size } });
      else actions.sendPasted();
    },

    /** Send the cells that were pasted last. */
    sendPasted() {
      if (held) actions.send([held]);
      held = null;
    },

    /** Cancel the upload on its way, mine or another's. */
    cancel() {
      const { transfer } = state().room;
      if (uploader.busy) uploader.cancel();
      else if (transfer) connection.send({ type: "cancel", upload: transfer.upload });
    },

    share: () => dispatch({ type: "dialog", dialog: { kind: "share" } }),
    closeDialog: () => dispatch({ type: "dialog", dialog: null }),

    /** The browser has closed a dialog, and tells it late: another may be open by now. @param {Event} event */
    dialogClosed({ target }) {
      const { open, classList } = /** @type {HTMLDialogElement} */ (target);
      if (!open && classList.contains(state().mine.dialog?.kind ?? "")) actions.closeDialog();
    },

    dismiss: () => dispatch({ type: "alert", alert: null }),
    dismissNotice: () => dispatch({ type: "notice_read" }),
    retry: () => connection.restart(),
  };
  return actions;

  /** Say whether I may not move the room now, and tell me why. */
  function hindered() {
    const why = hindrance(state());
    if (why) {
      dispatch({ type: "told", told: { text: `${why.words}.` } });
      setTimeout(() => dispatch({ type: "told", told: null }), TOLD_MS);
    }
    return why !== null;
  }
}
