import assert from "node:assert/strict";
import { test } from "node:test";

import { offsets, plan } from "../../static/js/offsets.js";
import { move, seen } from "../../static/js/moves.js";
import { freeze, LEAST_CH, MOST_CH, resized, withAgain, without } from "../../static/js/reshape.js";
import { newShape, shapeFor } from "../../static/js/shape.js";
import { snapshotOf } from "./support.js";

test("a column is as wide as I make it, within reason, and its own width again", () => {
  const wide = resized(newShape(), 2, 30);
  assert.deepEqual(wide.widths, { 2: 30 });
  assert.equal(resized(wide, 2, 0).widths[2], LEAST_CH);
  assert.equal(resized(wide, 2, 9999).widths[2], MOST_CH);
  assert.deepEqual(resized(wide, 2, null).widths, {});
});

test("columns are hidden and shown again, but never the last one", () => {
  const two = without(without(newShape(), 4, 6), 1, 6);
  assert.deepEqual(two.hidden, [1, 4]);
  assert.equal(without(two, 4, 6), two);
  assert.equal(without(two, 0, 3), two);
  assert.deepEqual(withAgain(two, 1).hidden, [4]);
  assert.deepEqual(withAgain(two).hidden, []);
});

test("the shape stays with the same columns, in another file too, and ends with them", () => {
  const shape = freeze(shapeFor(newShape(), snapshotOf()), 1);
  assert.equal(shapeFor(shape, snapshotOf({}, { document: "d2", reading: "r2" })).frozen, 1);
  assert.equal(shapeFor(shape, snapshotOf({ header: ["other"] })).frozen, 0);
  assert.equal(shapeFor(shape, snapshotOf({ header: null })).frozen, 0);
  assert.equal(shapeFor(shape, snapshotOf({}, null)), shape);
});

test("without a header a table that grows wider keeps its shape", () => {
  const shape = freeze(shapeFor(newShape(), snapshotOf({ header: null }, { growing: true })), 1);
  assert.equal(shapeFor(shape, snapshotOf({ header: null }, { growing: true, columns: 9 })).frozen, 1);
  assert.equal(shapeFor(shape, snapshotOf({ header: null }, { columns: 9 })).frozen, 0);
});

test("hidden columns take no place and are not drawn", () => {
  const starts = offsets(4, [10, 10, 10, 10], 1, 0, [1, 3]);
  assert.deepEqual(starts, [0, 10, 10, 20, 20]);
  assert.deepEqual(
    plan(starts, [0, 4], -1).map(({ column }) => column),
    [0, 2],
  );
});

test("frozen columns stay drawn, wherever the rest is", () => {
  const starts = offsets(9, Array(9).fill(10), 1, 0);
  assert.deepEqual(plan(starts, [5, 7], 3, 2), [
    { column: 0, gap: 0 },
    { column: 1, gap: 0 },
    { column: null, gap: 10 },
    { column: 3, gap: 0 },
    { column: null, gap: 10 },
    { column: 5, gap: 0 },
    { column: 6, gap: 0 },
    { column: null, gap: 20 },
  ]);
});

test("keys pass over hidden columns and turn back at the edge", () => {
  const extent = { rows: 5, columns: 5, hidden: [1, 2, 4] };
  const to = (column, key) => move({ row: 0, column }, { key, ctrl: false }, extent).cursor.column;
  assert.equal(to(0, "ArrowRight"), 3);
  assert.equal(to(3, "ArrowLeft"), 0);
  assert.equal(to(3, "ArrowRight"), 3);
  assert.equal(to(0, "End"), 3);
  assert.equal(seen(0, 1, 1, [0]), 0);
});
