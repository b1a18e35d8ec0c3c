import assert from "node:assert/strict";
import { test } from "node:test";

import { cellsOf, lacking, rectangle, toText } from "../../static/js/clipboard.js";
import { pasted } from "../../static/js/drop.js";
import { shortcut } from "../../static/js/keys.js";
import { sheetOf } from "../../static/js/sheet.js";
import { snapshotOf } from "./support.js";

const none = { key: "", parts: {} };

test("a rectangle lies between any two corners", () => {
  assert.deepEqual(rectangle({ row: 5, column: 1 }, { row: 2, column: 3 }), { top: 2, bottom: 5, left: 1, right: 3 });
});

test("cells with tabs, newlines or a leading quote are quoted, others are left alone", () => {
  assert.equal(
    toText([
      ["a", "b c", 'say "x"'],
      ["t\tab", 'new\n"line"', '"q'],
    ]),
    'a\tb c\tsay "x"\n"t\tab"\t"new\n""line"""\t"""q"',
  );
});

test("what is copied is what is seen: names, cells, nothing where a row ended, no hidden column", () => {
  const sheet = sheetOf(snapshotOf(), none);
  const all = { top: -1, bottom: 1, left: 0, right: 2 };
  assert.deepEqual(cellsOf(sheet, all, []), [
    ["a", "b", "c"],
    ["1", "x", ""],
    ["2", "y", ""],
  ]);
  assert.deepEqual(cellsOf(sheet, { ...all, top: 1 }, [0], new Map([["1 1", "whole"]])), [["whole", ""]]);
});

test("parts that are not here and cells that came cut are known", () => {
  const row = Array.from({ length: 200 }, () => "1");
  const sheet = sheetOf(snapshotOf({ header: null, data: [row], clipped: [[0, 3, 9000]] }, { columns: 500 }), none);
  const found = lacking(sheet, { top: 0, bottom: 0, left: 0, right: 450 }, [], 2048);
  assert.deepEqual(found, { parts: [200, 400], cells: [[0, 3]] });
  assert.deepEqual(lacking(sheet, { top: 0, bottom: 0, left: 0, right: 9 }, [3], 2048), { parts: [], cells: [] });
  const named = sheetOf(snapshotOf({ header: ["x".repeat(2048), "b"] }), none);
  assert.deepEqual(lacking(named, { top: -1, bottom: 0, left: 0, right: 1 }, [], 2048).cells, [[-1, 0]]);
});

test("pasted cells are a table, a word is none", () => {
  assert.equal(pasted("word"), null);
  assert.equal(pasted("a sentence\n"), null);
  assert.equal(pasted(""), null);
  assert.deepEqual(pasted("a\tb\r\n1\t2\r\n"), { rows: 2, columns: 2 });
  assert.deepEqual(pasted("one\ntwo"), { rows: 2, columns: 1 });
  assert.deepEqual(pasted("a\tb"), { rows: 1, columns: 2 });
});

test("single keys are ours without modifiers only", () => {
  const press = (key, changes = {}) => shortcut({ key, ctrlKey: false, altKey: false, metaKey: false, ...changes });
  assert.equal(press("f"), "follow");
  assert.equal(press("G"), "row");
  assert.equal(press("?"), "help");
  assert.equal(press("x"), null);
  assert.equal(press("constructor"), null);
  assert.equal(press("f", { ctrlKey: true }), null);
});
