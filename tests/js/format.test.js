import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, bytesOf, counted, dayAfter, duration, letters, number, rate } from "../../static/js/format.js";

test("numbers have separators, and nouns follow their count", () => {
  assert.equal(number(12345678), "12,345,678");
  assert.equal(counted(1, "row"), "1 row");
  assert.equal(counted(1200, "row"), "1,200 rows");
  assert.equal(counted(2, "row with NUL", "rows with NUL"), "2 rows with NUL");
});

test("bytes are in decimal units and never promise too much", () => {
  assert.deepEqual([0, 1, 999, 1000, 1999, 123456, 2 ** 31].map(bytes), [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "1.9 kB",
    "123 kB",
    "2.1 GB",
  ]);
  assert.equal(bytes(5e15), "5,000 TB");
  assert.equal(rate(38_400_000), "38.4 MB/s");
});

test("what is done is in the unit of the total, or the one below while that is small", () => {
  assert.equal(bytesOf(412e6, 1930e6), "412 of 1,930 MB");
  assert.equal(bytesOf(1e6, 35e6), "1 of 35 MB");
  assert.equal(bytesOf(0, 7), "0 of 7 bytes");
  assert.equal(bytesOf(0, 0), "0 of 0 bytes");
});

test("durations are in the unit that says enough", () => {
  assert.deepEqual([0, 0.2, 40, 59.5, 90, 3599, 4800, 7200].map(duration), [
    "1 s",
    "1 s",
    "40 s",
    "1 min",
    "2 min",
    "1 h",
    "1 h 20 min",
    "2 h",
  ]);
});

test("columns without a header are A, B, … Z, AA, …", () => {
  assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
});

test("a day is written as people say it", () => {
  assert.equal(dayAfter(7, new Date(2026, 10, 23)), "30 November 2026");
  assert.equal(dayAfter(0.5, new Date(2026, 0, 1)), "1 January 2026");
});
