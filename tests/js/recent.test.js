import assert from "node:assert/strict";
import { test } from "node:test";

import { recentOf, withFirst, without } from "../../static/js/recent.js";

const table = (number, name = `${number}.tsv`) => ({ id: `0b7f8c1e-6a55-4f0e-9a3c-2d1e5b6a7c8${number}`, name, day: "2026-11-28" });

test("the table that was opened last stands first, and stands there once", () => {
  const tables = withFirst(withFirst(withFirst([], table(1)), table(2)), table(1, "renamed.tsv"));
  assert.deepEqual(tables, [table(1, "renamed.tsv"), table(2)]);
});

test("a table that is first already changes nothing", () => {
  const tables = withFirst([], table(1));
  assert.equal(withFirst(tables, table(1)), tables);
});

test("at most five are kept, the latest", () => {
  const tables = [1, 2, 3, 4, 5, 6].reduce((before, number) => withFirst(before, table(number)), []);
  assert.deepEqual(tables.map(({ name }) => name), ["6.tsv", "5.tsv", "4.tsv", "3.tsv", "2.tsv"]);
});

test("a table that is gone is left out", () => {
  assert.deepEqual(without([table(1), table(2)], table(1).id), [table(2)]);
});

test("what is not ours is passed over", () => {
  for (const text of [null, "", "{", "7", "null", '[{"id":"../etc","name":"a","day":"b"}]', '[{"id":7}]', "[null]"]) {
    assert.deepEqual(recentOf(text), [], text);
  }
  assert.deepEqual(recentOf(JSON.stringify([table(1), 7])), [table(1)]);
});
