import assert from "node:assert/strict";
import { test } from "node:test";

import { Myself } from "../../static/js/identity.js";

const KEY = "k".repeat(32);
const storageOf = (text) => ({
  text,
  getItem() {
    return this.text;
  },
  setItem(_, value) {
    this.text = value;
  },
});

test("a browser that keeps nothing takes the server's key and need not introduce itself", () => {
  const storage = storageOf(null);
  assert.equal(new Myself(storage).welcomed({ key: KEY }), null);
  assert.equal(JSON.parse(storage.text).key, KEY);
  assert.deepEqual(new Myself(storage).welcomed({ key: "other".repeat(8) }), {
    type: "introduce",
    key: KEY,
    name: null,
    hue: null,
  });
});

test("a chosen name and colour are kept, and said again at the next welcome", () => {
  const myself = new Myself(storageOf(null));
  myself.welcomed({ key: KEY });
  assert.equal(myself.change({ name: "Ada" }).name, "Ada");
  assert.deepEqual(myself.change({ hue: 40 }), { type: "introduce", key: KEY, name: "Ada", hue: 40 });
  assert.deepEqual(myself.welcomed({ key: "n".repeat(32) }), { type: "introduce", key: KEY, name: "Ada", hue: 40 });
});

test("a name of which nothing can be seen is none, also one that was kept before", () => {
  const myself = new Myself(storageOf(JSON.stringify({ key: KEY, name: "\u3164", hue: 40 })));
  assert.equal(myself.welcomed({ key: "n".repeat(32) }).name, null);
  for (const name of ["\u2800", "\u115f \u1160", "...", ""]) assert.equal(myself.change({ name }).name, null, name);
  for (const name of ["Ada", "7", "\u{1f98a}"]) assert.equal(myself.change({ name }).name, name);
});

test("without a storage, or with a full one, I stay who I am as long as the page", () => {
  const full = { getItem: () => null, setItem: () => assert.fail.call(null) };
  for (const storage of [null, full]) {
    const myself = new Myself(storage);
    assert.equal(myself.change({ name: "Ada" }), null);
    myself.welcomed({ key: KEY });
    myself.change({ name: "Ada" });
    assert.deepEqual(myself.welcomed({ key: "n".repeat(32) }), { type: "introduce", key: KEY, name: "Ada", hue: null });
  }
});

test("what is kept and not ours is not taken", () => {
  for (const text of ["{", "null", "[]", '{"key":"short"}', `{"key":"${"x".repeat(65)}"}`, '{"key":5}']) {
    assert.equal(new Myself(storageOf(text)).welcomed({ key: KEY }), null);
  }
  const odd = new Myself(storageOf(JSON.stringify({ key: KEY, name: 7, hue: "red" })));
  assert.deepEqual(odd.welcomed({ key: "n".repeat(32) }), { type: "introduce", key: KEY, name: null, hue: null });
});
