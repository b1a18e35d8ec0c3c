import assert from "node:assert/strict";
import { test } from "node:test";

import { placeOf } from "../../static/js/finger.js";

const sheet = (changes) => ({ firstRow: 101, rows: 100, header: true, ...changes });
const layout = { starts: [0, 100, 100, 250, 900], gutter: 60, frozen: 1 };

test("a cell of this page is where its row and column are", () => {
  const place = placeOf({ row: 103, column: 2 }, sheet(), layout);
  assert.deepEqual([place.left, place.top, place.width, place.height], [160, 76, 150, 24]);
  assert.deepEqual([place.heading, place.frozen, place.last], [false, false, false]);
  assert.equal(placeOf({ row: 103, column: 0 }, sheet(), layout).frozen, true);
});

test("the first row is the heading wherever it is drawn as one", () => {
  assert.deepEqual(placeOf({ row: 1, column: 3 }, sheet(), layout).top, 0);
  assert.equal(placeOf({ row: 1, column: 3 }, sheet({ firstRow: 1, header: false }), layout).heading, false);
  assert.equal(placeOf({ row: 1, column: 3 }, sheet({ header: false }), layout), null);
});

test("what is on another page, hidden, or no column is nowhere", () => {
  for (const [row, column] of [
    [100, 0],
    [201, 0],
    [103, 1],
    [103, 4],
    [103, 400],
  ]) {
    assert.equal(placeOf({ row, column }, sheet(), layout), null);
  }
});

test("near the end of the table the flag stands inward", () => {
  assert.equal(placeOf({ row: 103, column: 2 }, sheet(), { ...layout, starts: [0, 100, 100, 250] }).last, true);
});
