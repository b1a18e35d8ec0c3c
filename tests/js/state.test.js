import assert from "node:assert/strict";
import { test } from "node:test";

import { blockKey } from "../../static/js/mine.js";
import { newState, reduce } from "../../static/js/state.js";
import { snapshotOf } from "./support.js";

const after = (...events) => events.reduce((state, event, at) => reduce(state, event, at * 100), newState("id"));

test("an event that changes nothing leaves the very same state", () => {
  const state = after(snapshotOf());
  assert.equal(reduce(state, { type: "finished" }, 9), state);
  assert.equal(reduce(state, snapshotOf({ revision: 0 }), 9), state);
});

test("what is mine moves nothing of the room's, and the room's pages leave my place", () => {
  const state = after(
    snapshotOf(),
    { type: "cursor", cursor: { row: 1, column: 2 } },
    { type: "sight", sight: { left: 500, width: 900 } },
  );
  assert.equal(state.room, after(snapshotOf()).room.snapshot ? state.room : null);
  const turned = reduce(state, snapshotOf({ revision: 2, page: 2, first_row: 101 }), 9);
  assert.deepEqual(turned.mine.cursor, { row: 1, column: 2 });
  assert.deepEqual(turned.mine.sight, { left: 500, width: 900 });
});

test("the cursor stays inside the page", () => {
  const state = after(snapshotOf(), { type: "cursor", cursor: { row: 90, column: 9 } }, snapshotOf({ revision: 2 }));
  assert.deepEqual(state.mine.cursor, { row: 1, column: 2 });
  const gone = reduce(state, snapshotOf({ revision: 3 }, null), 9);
  assert.deepEqual(gone.mine.cursor, { row: 0, column: 0 });
  assert.equal(gone.mine.measures, null);
});

test("a page that was asked for is remembered until it is here, or too long ago", () => {
  const asked = after(snapshotOf(), { type: "turning", page: 3 });
  assert.equal(reduce(asked, snapshotOf({ revision: 2, page: 2 }), 200).mine.turning.page, 3);
  assert.equal(reduce(asked, snapshotOf({ revision: 2, page: 3 }), 200).mine.turning, null);
  assert.equal(reduce(asked, snapshotOf({ revision: 2, page: 2 }), 9000).mine.turning, null);
});

test("further columns are kept for their page and dropped with it", () => {
  const snapshot = snapshotOf({}, { columns: 500 });
  const answer = {
    type: "page",
    reading: "r1",
    page: 1,
    header: ["h"],
    first_row: 1,
    first_column: 200,
    data: [["h"], ["long text"]],
    clipped: [],
  };
  const state = after(snapshot, { type: "block", key: blockKey(snapshot), answer });
  assert.equal(state.mine.blocks.parts[200], answer);
  assert.equal(state.mine.measures.widths[200], 10);
  assert.equal(reduce(state, { type: "block", key: "another", answer: { ...answer, first_column: 400 } }, 9), state);
  assert.equal(reduce(state, snapshotOf({ revision: 2 }, { columns: 500 }), 9).mine.blocks.parts[200], answer);
  assert.deepEqual(reduce(state, snapshotOf({ revision: 2, page: 2 }, { columns: 500 }), 9).mine.blocks.parts, {});
});

test("a whole cell goes into the dialog that waits for it, and into no other", () => {
  const dialog = { kind: "cell", row: 7, column: 1, name: "b", text: null };
  const state = after(snapshotOf(), { type: "dialog", dialog });
  assert.equal(reduce(state, { type: "cell_read", row: 7, column: 1, text: "whole" }, 9).mine.dialog.text, "whole");
  assert.equal(
    reduce(state, { type: "cell_read", row: 7, column: 1, text: null, failed: "No." }, 9).mine.dialog.failed,
    "No.",
  );
  assert.equal(reduce(state, { type: "cell_read", row: 8, column: 1, text: "other" }, 9), state);
  assert.equal(reduce(state, { type: "dialog", dialog: null }, 9).mine.dialog, null);
});

test("a new file clears the error of the former one", () => {
  const state = after({ type: "alert", alert: { code: "empty_file", message: "…", remedy: "choose" } });
  assert.equal(reduce(state, { type: "sending", sending: null }, 1).mine.alert, state.mine.alert);
  assert.equal(reduce(state, { type: "sending", sending: { name: "a", size: 1 } }, 1).mine.alert, null);
});

test("measures and dragging are mine", () => {
  const state = after({ type: "measured", ch: 9 }, { type: "dragging", dragging: true });
  assert.deepEqual([state.mine.ch, state.mine.dragging], [9, true]);
});
