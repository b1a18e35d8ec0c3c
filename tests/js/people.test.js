import assert from "node:assert/strict";
import { test } from "node:test";

import { hindrance } from "../../static/js/people.js";
import { newState, reduce } from "../../static/js/state.js";
import { initials, inOrder, isPresenting } from "../../static/js/who.js";
import { snapshotOf } from "./support.js";

const ADA = { member: "a", name: "Ada", hue: 10 };
const BOB = { member: "b", name: "Bob", hue: 200 };
const welcome = (changes = {}) => ({ type: "welcome", room_id: "r", watch_id: "w", may_drive: true, you: ADA, ...changes });
const pointing = (changes) => ({ type: "pointing", pointed: { ...BOB, row: 3, column: 1, ...changes } });
const after = (...events) =>
  [welcome(), ...events].reduce((state, event, at) => reduce(state, event, at * 100), newState("r"));

test("I am who the server says, and the look-only link is the newest", () => {
  const { people } = after({ type: "you", you: { ...ADA, name: "Ada L." } }, { type: "links", watch_id: "w2" });
  assert.equal(people.you.name, "Ada L.");
  assert.equal(people.watchId, "w2");
});

test("one who may only look knows the room by the look-only id", () => {
  const state = reduce(newState("w"), welcome({ room_id: null, may_drive: false }), 0);
  assert.equal(state.room.id, "w");
  assert.equal(hindrance(state).kind, "look_only");
});

test("all may drive until somebody presents, and then only that one", () => {
  assert.equal(hindrance(after(snapshotOf())), null);
  const theirs = after(snapshotOf({ presenter: BOB }));
  assert.equal(hindrance(theirs).kind, "presented");
  assert.match(hindrance(theirs).words, /Bob.* is presenting/);
  assert.equal(isPresenting(theirs), false);
  const mine = after(snapshotOf({ presenter: ADA }));
  assert.equal(hindrance(mine), null);
  assert.equal(isPresenting(mine), true);
});

test("a pointed cell is another's, and goes when it is taken back, faded or of another table", () => {
  assert.equal(after(snapshotOf(), pointing()).people.finger.row, 3);
  assert.equal(after(snapshotOf(), pointing(ADA)).people.finger, null);
  assert.equal(after(snapshotOf(), pointing(), pointing({ row: null, column: null })).people.finger, null);
  assert.equal(after(snapshotOf(), pointing(), { type: "finger_over" }).people.finger, null);
  const next = (changes, table) => snapshotOf({ revision: 2, ...changes }, table);
  const pointed = { ...BOB, row: 3, column: 1 };
  assert.equal(after(snapshotOf(), pointing(), next({ pointed }, { document: "d2" })).people.finger, null);
  assert.equal(after(snapshotOf(), pointing(), next({})).people.finger, null);
  assert.equal(after(snapshotOf(), pointing(), { type: "link", link: "reconnecting" }).people.finger, null);
});

test("a snapshot is no motion: it keeps a finger as old as it is, and revives none that has faded", () => {
  const next = snapshotOf({ revision: 2, pointed: { ...BOB, row: 3, column: 1 } });
  const before = after(snapshotOf(), pointing());
  assert.equal(reduce(before, next, 9000).people.finger, before.people.finger);
  assert.equal(after(snapshotOf(), pointing(), { type: "finger_over" }, next).people.finger, null);
  const moved = snapshotOf({ revision: 2, pointed: { ...BOB, row: 4, column: 1 } });
  assert.equal(reduce(before, moved, 9000).people.finger.row, 4);
});

test("who asks for the wheel is listed once, until answered or the wheel is another's", () => {
  const asks = { type: "wheel_asked", people: [BOB], more: false };
  assert.deepEqual(after(snapshotOf(), asks, asks).people.asking, [BOB]);
  assert.deepEqual(after(snapshotOf(), asks, { type: "asking_over", member: "b" }).people.asking, []);
  const state = after(snapshotOf(), asks, { type: "asked", asked: true }, snapshotOf({ revision: 2, presenter: BOB }));
  assert.deepEqual([state.people.asking, state.people.asked], [[], false]);
});

test("of many who ask for the wheel five are listed, and that there are more", () => {
  const people = Array.from({ length: 5 }, (_, at) => ({ ...BOB, member: `m${at}` }));
  const five = { type: "wheel_asked", people, more: false };
  const sixth = { type: "wheel_asked", people: [BOB], more: false };
  assert.deepEqual([after(snapshotOf(), five).people.asking.length, after(snapshotOf(), five).people.askingMore], [5, false]);
  const state = after(snapshotOf(), five, sixth);
  assert.deepEqual([state.people.asking, state.people.askingMore], [people, true]);
  assert.equal(after(snapshotOf(), { ...five, more: true }).people.askingMore, true);
  const answered = reduce(state, { type: "asking_over", member: "m0" }, 1).people;
  assert.deepEqual([answered.asking.length, answered.askingMore], [4, false]);
});

test("news stays until it is over; what can be undone only as long as it can", () => {
  const news = { by: BOB, words: ["x"], mine: false, undo: "d0" };
  const former = [{ document: "d0" }];
  const state = after(snapshotOf({ former }), { type: "news", news });
  assert.equal(state.people.news.undo, "d0");
  assert.ok(reduce(state, snapshotOf({ revision: 2, former }), 1).people.news);
  assert.equal(reduce(state, snapshotOf({ revision: 2, former: [] }), 1).people.news, null);
  assert.equal(reduce(state, { type: "news_over" }, 1).people.news, null);
});

test("who turned to the page is remembered over what others do", () => {
  const state = after(snapshotOf(), snapshotOf({ revision: 2, page: 2, by: BOB }), snapshotOf({ revision: 3, page: 2, by: ADA }));
  assert.equal(state.people.turner.member, "b");
});

test("a room that has ended has no people", () => {
  assert.equal(after(snapshotOf(), { type: "unknown_room", reason: "deleted", message: "…" }).people.you, null);
});

test("I am listed first, then the presenter, then the others as they came", () => {
  const here = (member) => ({ member, name: member, hue: 1, page: null, may_drive: true });
  const people = ["c", "d", "b", "a"].map(here);
  const state = after(snapshotOf({ presenter: BOB }), { type: "presence", members: 4, people });
  assert.deepEqual(
    inOrder(state).map(({ member }) => member),
    ["a", "b", "c", "d"],
  );
});

test("a face is the first letters of the first and the last word, whatever is piled on them", () => {
  assert.equal(initials("Guest Heron"), "GH");
  assert.equal(initials("ada"), "A");
  assert.equal(initials("  Jean-Luc   de  Brun "), "JB");
  assert.equal(initials("Z\u0335\u0321\u0322 a\u0316\u0317"), "ZA");
  assert.equal(initials("<img src=x>"), "IS");
  assert.equal(initials("…"), "?");
});

test("whether the link is mine is known from the welcome and from who I am, until the room is gone", () => {
  const you = (owns) => ({ type: "you", you: ADA, owns });
  assert.equal(after(snapshotOf(), you(true)).people.owns, true);
  assert.equal(after(snapshotOf(), you(true), you(false)).people.owns, false);
  assert.equal(after(snapshotOf(), you(true), { type: "unknown_room", reason: "deleted" }).people.owns, false);
});

test("new links take the place of the former ones", () => {
  const state = after(snapshotOf(), { type: "links", room_id: "new room", watch_id: "new watch" });
  assert.deepEqual([state.room.id, state.people.watchId], ["new room", "new watch"]);
});
