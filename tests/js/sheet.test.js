import assert from "node:assert/strict";
import { test } from "node:test";

import { blockKey } from "../../static/js/mine.js";
import { cellAt, clippedAt, headingAt, missingParts, nameAt, sheetOf } from "../../static/js/sheet.js";
import { snapshotOf } from "./support.js";

const none = { key: "", parts: {} };

test("there is no sheet without a table", () => {
  assert.equal(sheetOf(null, none), null);
  assert.equal(sheetOf(snapshotOf({}, null), none), null);
});

test("page 1 draws its first row as the header, and row numbers stay those of the file", () => {
  const sheet = sheetOf(snapshotOf(), none);
  assert.deepEqual([sheet.firstRow, sheet.rows], [2, 2]);
  assert.equal(cellAt(sheet, 0, 0), "1");
  assert.equal(headingAt(sheet, 1), "b");
});

test("further pages draw every row under the same header", () => {
  const sheet = sheetOf(snapshotOf({ page: 2, first_row: 101, data: [["7", "z", "w"]] }), none);
  assert.deepEqual([sheet.firstRow, sheet.rows], [101, 1]);
  assert.equal(cellAt(sheet, 0, 0), "7");
  assert.equal(headingAt(sheet, 0), "a");
});

test("without a header columns are called by letters and all rows are data", () => {
  const sheet = sheetOf(snapshotOf({ header: null }), none);
  assert.deepEqual([sheet.firstRow, sheet.rows], [1, 3]);
  assert.equal(headingAt(sheet, 1), null);
  assert.equal(nameAt(sheet, 27), "AB");
});

test("a missing cell is not an empty one", () => {
  const sheet = sheetOf(snapshotOf(), none);
  assert.equal(cellAt(sheet, 0, 2), "");
  assert.equal(cellAt(sheet, 1, 2), undefined);
});

test("cells of further columns are unknown until their part is here", () => {
  const row = Array.from({ length: 200 }, (_, column) => String(column));
  const snapshot = snapshotOf({ header: null, data: [row, row] }, { columns: 500 });
  const sheet = sheetOf(snapshot, none);
  assert.equal(cellAt(sheet, 0, 200), null);
  assert.deepEqual(missingParts(sheet, [190, 410]), [200, 400]);
  assert.deepEqual(missingParts(sheet, [0, 200]), []);
  const part = { header: null, first_column: 200, data: [["200"], []], clipped: [[0, 200, 9000]] };
  const more = sheetOf(snapshot, { key: blockKey(snapshot), parts: { 200: part } });
  assert.equal(cellAt(more, 0, 200), "200");
  assert.equal(cellAt(more, 1, 200), undefined);
  assert.equal(clippedAt(more, 0, 200), 9000);
  assert.equal(clippedAt(more, 1, 200), 0);
  assert.deepEqual(missingParts(more, [190, 410]), [400]);
  assert.equal(cellAt(sheetOf(snapshot, { key: "another page", parts: { 200: part } }), 0, 200), null);
});

test("clipped cells are found under a drawn header", () => {
  const sheet = sheetOf(snapshotOf({ clipped: [[2, 1, 5000]] }), none);
  assert.equal(clippedAt(sheet, 1, 1), 5000);
  assert.equal(clippedAt(sheet, 0, 1), 0);
});
