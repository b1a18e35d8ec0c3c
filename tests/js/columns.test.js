import assert from "node:assert/strict";
import { test } from "node:test";

import { looksNumeric, measure, width } from "../../static/js/columns.js";

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
