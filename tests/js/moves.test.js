import assert from "node:assert/strict";
import { test } from "node:test";

import { move, reveal } from "../../static/js/moves.js";

const extent = { rows: 100, columns: 20 };
const from = (row, column, key, ctrl = false) => {
  const done = move({ row, column }, { key, ctrl }, extent);
  return done && "cursor" in done ? [done.cursor.row, done.cursor.column] : done;
};

test("arrows move by one and stop at the edges; above the first row is the header", () => {
  assert.deepEqual(from(5, 5, "ArrowUp"), [4, 5]);
  assert.deepEqual(from(5, 5, "ArrowRight"), [5, 6]);
  assert.deepEqual(from(0, 0, "ArrowUp"), [-1, 0]);
  assert.deepEqual(from(-1, 0, "ArrowUp"), [-1, 0]);
  assert.deepEqual(from(99, 19, "ArrowDown"), [99, 19]);
  assert.deepEqual(from(99, 19, "ArrowRight"), [99, 19]);
  assert.deepEqual(from(3, 0, "ArrowLeft"), [3, 0]);
});

test("with Ctrl, arrows go to the edge", () => {
  assert.deepEqual(from(5, 5, "ArrowUp", true), [0, 5]);
  assert.deepEqual(from(5, 5, "ArrowDown", true), [99, 5]);
  assert.deepEqual(from(5, 5, "ArrowLeft", true), [5, 0]);
  assert.deepEqual(from(5, 5, "ArrowRight", true), [5, 19]);
});

test("Home and End go along the row, with Ctrl to the corners", () => {
  assert.deepEqual(from(5, 5, "Home"), [5, 0]);
  assert.deepEqual(from(5, 5, "End"), [5, 19]);
  assert.deepEqual(from(5, 5, "Home", true), [0, 0]);
  assert.deepEqual(from(5, 5, "End", true), [99, 19]);
});

test("page keys turn pages, Enter opens the cell, other keys are not ours", () => {
  assert.deepEqual(from(5, 5, "PageDown"), { turn: 1 });
  assert.deepEqual(from(5, 5, "PageUp"), { turn: -1 });
  assert.deepEqual(from(5, 5, "Enter"), { open: true });
  assert.equal(from(5, 5, "a"), null);
  assert.equal(from(5, 5, "Tab"), null);
});

test("a span comes into sight by the smallest move, its start first", () => {
  const sight = { start: 100, stop: 200 };
  assert.equal(reveal({ start: 120, stop: 180 }, sight), 0);
  assert.equal(reveal({ start: 80, stop: 120 }, sight), -20);
  assert.equal(reveal({ start: 190, stop: 230 }, sight), 30);
  assert.equal(reveal({ start: 150, stop: 400 }, sight), 50);
});
