import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcer, words } from "../../static/js/announce.js";
import { newState, reduce } from "../../static/js/state.js";
import { snapshotOf, uploadOf } from "./support.js";

const said = (...events) => {
  let state = newState("id");
  return events.map((event, at) => {
    const before = state;
    state = reduce(before, event, at * 100);
    return words(before, state);
  });
};

test("a table, its pages and its readings are announced", () => {
  assert.deepEqual(
    said(snapshotOf(), snapshotOf({ revision: 2, page: 2 }), snapshotOf({ revision: 3, page: 2 }, { reading: "r2" }), {
      type: "presence",
      members: 2,
    }),
    ["flights.tsv: 250 rows, 3 columns.", "Page 2 of 3.", "The table is read otherwise now.", null],
  );
});

test("an upload is announced when it begins and when it is done, not in between", () => {
  assert.deepEqual(
    said(
      snapshotOf({ upload: uploadOf(0) }, null),
      snapshotOf({ revision: 2, upload: uploadOf(10) }, { growing: true }),
      snapshotOf({ revision: 3, upload: uploadOf(20) }, { growing: true }),
      snapshotOf({ revision: 4 }, { rows: 9 }),
    ),
    ["new.tsv is arriving.", null, null, "flights.tsv: 9 rows, 3 columns."],
  );
});

test("the line and notices are announced", () => {
  const notice = { code: "upload_cancelled", message: "The upload was cancelled." };
  assert.deepEqual(
    said(
      { type: "link", link: "live" },
      { type: "link", link: "reconnecting" },
      { type: "link", link: "offline" },
      { type: "link", link: "refused" },
      { type: "link", link: "live" },
      snapshotOf({}, null),
      snapshotOf({ revision: 2, notice }, null),
    ),
    [null, "Reconnecting.", "Offline.", "This page may not connect here.", "Live again.", null, notice.message],
  );
});

test("at most one announcement in two seconds: the first at once, then the latest", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window ??= globalThis;
  const element = { textContent: "" };
  const announcer = new Announcer(element);
  for (const text of ["one", null, "two", "three"]) announcer.say(text);
  assert.equal(element.textContent, "one");
  context.mock.timers.tick(1999);
  assert.equal(element.textContent, "one");
  context.mock.timers.tick(1);
  assert.equal(element.textContent, "three");
  context.mock.timers.tick(5000);
  announcer.say("four");
  assert.equal(element.textContent, "four");
});
