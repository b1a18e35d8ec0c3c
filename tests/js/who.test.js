import assert from "node:assert/strict";
import { test } from "node:test";

import { namesakes } from "../../static/js/who.js";

const here = (/** @type {string[]} */ ...names) =>
  names.map((name, at) => ({ member: `m${at}`, name, hue: 0, page: null, may_drive: true }));

test("who has a name that looks like another's is marked, in whatever letters, case and marks it is written", () => {
  for (const other of ["Ann", "ANN", "A n n", "Ann\u200b", "\u0410nn", "A.nn", "Änn".normalize("NFD")]) {
    assert.deepEqual([...namesakes(here("Ann", "Bob", other))], ["m0", "m2"], other);
  }
  assert.deepEqual([...namesakes(here("Bob", "В0b"))], ["m0", "m1"]);
});

test("different names are not marked", () => {
  assert.equal(namesakes(here("Ann", "Anna", "Guest Heron", "Guest Crane", "王", "李")).size, 0);
});
