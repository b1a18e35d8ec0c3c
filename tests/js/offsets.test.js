import assert from "node:assert/strict";
import { test } from "node:test";

import { UNKNOWN_CH } from "../../static/js/columns.js";
import { inSight, offsets, plan } from "../../static/js/offsets.js";

test("offsets are prefix sums; columns not seen yet take a usual width", () => {
  assert.deepEqual(offsets(3, [10, 5], 8, 17), [0, 97, 154, 154 + UNKNOWN_CH * 8 + 17]);
  assert.deepEqual(offsets(0, [], 8, 17), [0]);
});

test("the columns in sight are those that touch it", () => {
  const starts = [0, 100, 200, 300, 400];
  assert.deepEqual(inSight(starts, 0, 250), [0, 3]);
  assert.deepEqual(inSight(starts, 100, 200), [1, 2]);
  assert.deepEqual(inSight(starts, 99, 201), [0, 3]);
  assert.deepEqual(inSight(starts, -500, 5000), [0, 4]);
  assert.deepEqual(inSight(starts, 350, 350), [3, 4]);
  assert.deepEqual(inSight([0], 0, 100), [0, 0]);
  assert.deepEqual(inSight(starts, 900, 1000), [4, 4]);
});

test("the search agrees with looking at every column", () => {
  const starts = [0];
  for (let i = 0; i < 300; i += 1) starts.push(starts[i] + 20 + ((i * 37) % 90));
  for (let left = 0; left < starts[300] - 500; left += 61) {
    const touching = starts
      .slice(0, 300)
      .map((start, i) => i)
      .filter((i) => starts[i + 1] > left && starts[i] < left + 500);
    assert.deepEqual(inSight(starts, left, left + 500), [touching[0], touching.at(-1) + 1]);
  }
});

test("a row is the columns in sight, the focused one, and gaps of the right width between", () => {
  const starts = [0, 10, 20, 30, 40, 50];
  const items = (range, keep) => plan(starts, range, keep).map(({ column, gap }) => column ?? `gap ${gap}`);
  assert.deepEqual(items([0, 5], 2), [0, 1, 2, 3, 4]);
  assert.deepEqual(items([1, 3], -1), ["gap 10", 1, 2, "gap 20"]);
  assert.deepEqual(items([3, 5], 1), ["gap 10", 1, "gap 10", 3, 4]);
  assert.deepEqual(items([0, 2], 4), [0, 1, "gap 20", 4]);
  assert.deepEqual(items([1, 2], 0), [0, 1, "gap 30"]);
  assert.deepEqual(plan([0], [0, 0], 0), []);
});
