import assert from "node:assert/strict";
import { test } from "node:test";

import { newsOf, plain } from "../../static/js/news.js";
import { snapshotOf, tableOf, uploadOf } from "./support.js";

const ADA = { member: "a", name: "Ada", hue: 10 };
const BOB = { member: "b", name: "Bob", hue: 200 };
const dialect = (changes) => ({ dialect: { ...tableOf().dialect, ...changes }, reading: "r2" });

/** What Bob's next snapshot says to Ada. */
function told(changes, table = {}, before = snapshotOf()) {
  const news = newsOf(before, snapshotOf({ revision: 2, by: BOB, former: [], ...changes }, table), ADA.member);
  return news && plain(news.words);
}

test("a turned page names who turned it", () => {
  assert.equal(told({ page: 48 }), "Bob turned to page 48");
  assert.equal(told({ page: 1234 }), "Bob turned to page 1,234");
  assert.equal(told({ page: 2, by: ADA }), null);
  assert.equal(told({ page: 2, by: null }), null);
  assert.equal(told({}), null);
  assert.equal(told({ page: 2, epoch: "e2" }), null);
});

test("each way of reading has its words", () => {
  assert.equal(told({}, dialect({ quoting: true })), "Bob reads it with quotes");
  const quoted = snapshotOf({}, dialect({ quoting: true }));
  assert.equal(told({}, { reading: "r3" }, quoted), "Bob reads quotes as plain text");
  assert.equal(told({}, dialect({ delimiter: "," })), "Bob splits it at commas");
  assert.equal(told({}, dialect({ delimiter: "~" })), "Bob splits it at another delimiter");
  assert.equal(told({}, dialect({ header: false })), "Bob takes the first row as data");
  const bare = snapshotOf({}, dialect({ header: false }));
  assert.equal(told({}, { reading: "r3" }, bare), "Bob takes the first row as column names");
  assert.equal(told({}, dialect({ encoding: "latin-1" })), "Bob reads it as LATIN-1");
  assert.equal(told({}, dialect({})), "Bob reads it otherwise");
});

test("an upload is told when it begins and when it is done, and its first page is no turn", () => {
  const upload = uploadOf(10);
  assert.equal(told({ upload }), "Bob is sending new.tsv");
  const begun = snapshotOf({ upload, page: 3 });
  const growing = { document: "d2", reading: "r2", growing: true };
  assert.equal(told({ upload, page: 1 }, growing, begun), null);
  const arriving = snapshotOf({ upload }, growing);
  assert.equal(told({ upload, page: 2 }, growing, arriving), "Bob turned to page 2");
  assert.equal(told({}, { ...growing, growing: false, name: "b.tsv" }, arriving), "Bob brought b.tsv");
  assert.equal(told({}, {}, arriving), null);
  assert.equal(told({}, null), null);
});

test("a replaced table can be undone, also by who replaced it; a first one cannot", () => {
  const former = [tableOf()];
  const now = (by, old) => snapshotOf({ revision: 2, by, former: old }, { document: "d2", name: "b.tsv" });
  assert.deepEqual(newsOf(snapshotOf(), now(BOB, former), "a"), {
    by: BOB,
    words: ["", "Bob", " brought ", "b.tsv", ""],
    mine: false,
    undo: "d1",
  });
  const mine = newsOf(snapshotOf(), now(ADA, former), "a");
  assert.deepEqual([mine.mine, mine.undo], [true, "d1"]);
  assert.equal(newsOf(snapshotOf({}, null), now(ADA, []), "a"), null);
  assert.equal(newsOf(snapshotOf({}, null), now(BOB, []), "a").undo, null);
});

test("a former table that is brought back is told so", () => {
  const before = snapshotOf({ former: [tableOf({ document: "d0" })] });
  assert.equal(told({ former: [tableOf()] }, { document: "d0", name: "old.tsv" }, before), "Bob brought old.tsv back");
});

test("the wheel is told by the one who has it, or had it", () => {
  assert.equal(told({ presenter: BOB }), "Bob is presenting now");
  assert.equal(told({ presenter: ADA }), null);
  assert.equal(told({}, {}, snapshotOf({ presenter: BOB })), "Bob stopped presenting");
});

test("names in plain text cannot turn what follows them", () => {
  assert.equal(plain(["", "\u202eevil", " turned to page ", "2", ""]), "\u2068\u202eevil\u2069 turned to page 2");
});
