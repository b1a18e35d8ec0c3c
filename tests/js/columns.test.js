import assert from "node:assert/strict";
import { test } from "node:test";

import { inSight, looksNumeric, measure, offsets, plan, UNKNOWN_CH, width } from "../../static/js/columns.js";

test("a column is as wide as its heading and first cells want, within limits", () => {
  assert.equal(width("a", ["1", undefined]), 4);
  assert.equal(width("carrier", ["AA"]), 8);
  assert.equal(width("a", ["12345678901"]), 12);
  assert.equal(width("a", ["x".repeat(5000), "y".repeat(5000)]), 40);
});

test("wide scripts count twice, control characters as their signs, combining marks not at all", () => {
  assert.equal(width("a\u0007", []), 6);
  assert.equal(width("東京都庁舎", []), 11);
  assert.equal(width("e\u0301".repeat(8), []), 9);
  assert.equal(width(`Z${"\u0335".repeat(500)}`, []), 4);
});

test("a column looks numeric when it has numbers and nothing else but signs for no value", () => {
  assert.ok(
    looksNumeric(["1", "-2.5", "+3", "1,234.5", "1.234,5", "6e-10", "45 %", "NA", "", undefined, " 7 ", ".5", "−1"]),
  );
  for (const cells of [["1", "x"], ["2013-01-02"], ["12:30"], ["1.2.3a"], ["0x1F"], ["1-2"], [], ["", "NA"], ["1/2"]]) {
    assert.ok(!looksNumeric(cells), String(cells));
  }
});

const page = (changes) => ({
  reading: "r1",
  header: ["id", "name"],
  first_column: 0,
  data: [
    ["id", "name"],
    ["1", "Oslo"],
  ],
  ...changes,
});

test("columns are measured once for a reading, and turning the page moves none", () => {
  const first = measure(null, page({ data: Array(50).fill(["1", "Oslo"]) }), 0);
  assert.deepEqual(first.widths, [4, 5]);
  assert.deepEqual(first.numeric, [true, false]);
  const second = measure(first, page({ data: Array(50).fill(["1234567890", "Bartholomew"]) }), 0);
  assert.deepEqual(second.widths, first.widths);
  assert.deepEqual(measure(first, page({ reading: "r2", data: [["1234567890", "x"]] }), 0).widths, [11, 5]);
});

test("columns measured on a few rows are measured again when more are here", () => {
  const few = measure(null, page(), 1);
  assert.deepEqual(few.widths, [4, 5]);
  const more = measure(few, page({ data: Array(60).fill(["1", "Bartholomew"]) }), 0);
  assert.deepEqual(more.widths, [4, 12]);
  assert.deepEqual(measure(more, page({ data: Array(90).fill(["1", "x".repeat(30)]) }), 0).widths, [4, 12]);
});

test("further columns are added where they are, and rows may have more cells than the header", () => {
  const first = measure(null, page({ data: [["1", "Oslo", "more"]] }), 0);
  assert.equal(first.widths.length, 3);
  const next = measure(first, page({ first_column: 200, header: null, data: [["x".repeat(20)]] }), 0);
  assert.equal(next.widths[200], 21);
  assert.equal(next.widths[100], undefined);
});

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
