import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, placeIn } from "../../static/js/address.js";
import { question } from "../../static/js/question.js";
import { newState, reduce } from "../../static/js/state.js";
import { pageOf, snapshotOf } from "./support.js";

const after = (...events) => events.reduce((state, event, at) => reduce(state, event, at * 100), newState("id"));
const alone = (page) => ({ type: "alone", page });
const answer = (changes) => ({ type: "alone_page", answer: pageOf(changes) });

test("looking around begins with the page on the screen and asks for nothing", () => {
  const { mine, room } = after(snapshotOf({ pages: 1 }, { rows: 3 }), alone(1));
  assert.equal(mine.alone.here.data, room.snapshot.data);
  assert.equal(question(room.snapshot, mine.alone, 100), null);
});

test("my page is asked for once, and the old one stays until it is here", () => {
  const state = after(snapshotOf(), alone(1), alone(3));
  assert.equal(state.mine.alone.page, 3);
  assert.equal(state.mine.alone.here.page, 1);
  const asked = question(state.room.snapshot, state.mine.alone, 100);
  assert.match(asked, /^r1 3 /);
  const data = Array.from({ length: 50 }, () => ["1"]);
  const there = reduce(state, answer({ page: 3, first_row: 201, data }), 9);
  assert.equal(there.mine.alone.here.first_row, 201);
  assert.equal(question(there.room.snapshot, there.mine.alone, 100), null);
});

test("a page of another reading, or one that I left, is not taken", () => {
  const state = after(snapshotOf(), alone(3));
  assert.equal(reduce(state, answer({ page: 3, reading: "r0" }), 9).mine.alone, state.mine.alone);
  assert.equal(reduce(state, answer({ page: 2 }), 9).mine.alone, state.mine.alone);
});

test("the room may turn its page: mine stays", () => {
  const state = after(snapshotOf(), alone(2), answer({ page: 2, first_row: 101 }));
  const turned = reduce(state, snapshotOf({ revision: 2, page: 3, first_row: 201 }), 9);
  assert.equal(turned.mine.alone.here.data, state.mine.alone.here.data);
  assert.equal(reduce(turned, { type: "follow" }, 9).mine.alone, null);
});

test("a table that is replaced is asked for again, at a page that it has", () => {
  const state = after(snapshotOf(), alone(3), answer({ page: 3, first_row: 201 }));
  const replaced = reduce(state, snapshotOf({ revision: 2, pages: 2 }, { reading: "r2", rows: 120 }), 9);
  assert.equal(replaced.mine.alone.page, 2);
  assert.equal(replaced.mine.alone.here.table.reading, "r1");
  assert.equal(question(replaced.room.snapshot, replaced.mine.alone, 100), "r2 2 20");
  assert.equal(reduce(replaced, snapshotOf({ revision: 3 }, null), 9).mine.alone, null);
});

test("the last page is asked for again while it fills", () => {
  const growing = { growing: true, rows: 120 };
  const state = after(snapshotOf({ pages: 2 }, growing), alone(2), answer({ page: 2, first_row: 101, data: [["1"]] }));
  assert.equal(question(state.room.snapshot, state.mine.alone, 100), "r1 2 20");
});

test("who follows, or sees no table, asks for nothing", () => {
  assert.equal(question(null, null, 100), null);
  assert.equal(question(snapshotOf(), null, 100), null);
});

test("the address names my page and a row, and nothing that is none", () => {
  assert.deepEqual(placeIn({ search: "?page=48", hash: "#row=4801" }), { page: 48, row: 4801 });
  for (const [search, hash] of [
    ["", ""],
    ["?page=0", "#row=0"],
    ["?page=-3", "#row=1e3"],
    ["?page=x", "#rows=5"],
    ["?page=1.5", "#row=1234567890123456789"],
  ]) {
    assert.deepEqual(placeIn({ search, hash }), { page: null, row: null }, search + hash);
  }
  assert.equal(addressOf(48, 4801), "?page=48#row=4801");
  assert.equal(addressOf(null, 7), "#row=7");
  assert.equal(addressOf(null, null), "");
});
