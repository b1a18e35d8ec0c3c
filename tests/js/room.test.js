import assert from "node:assert/strict";
import { test } from "node:test";

import { BEHIND_MS, isNews, isStale, mayHaveTable, newRoom, reduceRoom } from "../../static/js/room.js";
import { EPOCH, snapshotOf, uploadOf } from "./support.js";

const after = (...events) => events.reduce((room, event, at) => reduceRoom(room, event, at * 100), newRoom("id"));
const progress = (changes) => ({
  type: "progress",
  epoch: EPOCH,
  revision: 1,
  upload: null,
  rows: 0,
  columns: 0,
  pages: 1,
  growing: true,
  ...changes,
});

test("a snapshot is taken if its epoch is new or its revision is higher", () => {
  assert.ok(isNews(null, { epoch: "x", revision: 0 }));
  const ours = snapshotOf({ revision: 5 });
  assert.ok(isNews(ours, { epoch: EPOCH, revision: 6 }));
  assert.ok(isNews(ours, { epoch: "other", revision: 1 }));
  assert.ok(!isNews(ours, { epoch: EPOCH, revision: 5 }));
  assert.ok(!isNews(ours, { epoch: EPOCH, revision: 4 }));
});

test("older snapshots and unknown events leave the very same room", () => {
  const room = after(snapshotOf({ revision: 5 }));
  assert.equal(reduceRoom(room, snapshotOf({ revision: 4, page: 3 }), 1), room);
  assert.equal(reduceRoom(room, snapshotOf({ revision: 5, page: 3 }), 1), room);
  assert.equal(reduceRoom(room, { type: "something" }, 1), room);
  assert.equal(reduceRoom(room, { type: "link", link: "opening" }, 1), room);
});

test("after a restart of the server a lower revision of a new epoch is taken", () => {
  assert.equal(after(snapshotOf({ revision: 50 }), snapshotOf({ epoch: "e2", revision: 1, page: 2 })).snapshot.page, 2);
});

test("the welcome names the room and makes it live", () => {
  const room = reduceRoom(newRoom(null), { type: "welcome", room_id: "id" }, 0);
  assert.deepEqual([room.id, room.link], ["id", "live"]);
  assert.equal(reduceRoom(room, { type: "link", link: "offline" }, 0).link, "offline");
  assert.equal(reduceRoom(room, { type: "presence", members: 3 }, 0).members, 3);
});

test("behind a link there may be a table until its snapshot is here, and in a room made for us there is none", () => {
  const welcome = { type: "welcome", room_id: "id" };
  assert.ok(mayHaveTable(reduceRoom(newRoom("id"), welcome, 0)));
  assert.ok(!mayHaveTable(reduceRoom(newRoom(null), welcome, 0)));
  assert.ok(mayHaveTable(after(snapshotOf())));
  assert.ok(!mayHaveTable(after({ ...snapshotOf(), table: null })));
});

test("an unknown room has nothing to show", () => {
  const room = after(snapshotOf(), { type: "unknown_room", reason: "expired", message: "…" });
  assert.equal(room.snapshot, null);
  assert.equal(room.unknown.reason, "expired");
});

test("a revision that was announced and does not come makes the room stale, until it comes", () => {
  const heartbeat = (revision) => ({ type: "heartbeat", epoch: EPOCH, revision });
  let room = reduceRoom(after(snapshotOf({ revision: 5 })), heartbeat(5), 1000);
  assert.ok(!isStale(room, 1e9));
  room = reduceRoom(room, heartbeat(6), 2000);
  room = reduceRoom(room, heartbeat(7), 6000);
  assert.ok(!isStale(room, 2000 + BEHIND_MS));
  assert.ok(isStale(room, 2001 + BEHIND_MS));
  assert.ok(!isStale(reduceRoom(room, snapshotOf({ revision: 7 }), 7000), 1e9));
  assert.ok(!isStale(reduceRoom(room, { type: "welcome", room_id: "id" }, 7000), 1e9));
});

test("progress moves counts of the growing table and the upload, and never the page", () => {
  const growing = snapshotOf({ upload: uploadOf(100) }, { growing: true, rows: 10 });
  const room = after(growing, progress({ upload: uploadOf(400), rows: 900, columns: 4, pages: 9 }));
  assert.deepEqual(
    [room.snapshot.table.rows, room.snapshot.table.columns, room.snapshot.pages, room.snapshot.page],
    [900, 4, 9, 1],
  );
  assert.equal(room.transfer.stored, 400);
  assert.equal(room.snapshot.data, growing.data);
});

test("progress of a table that is not shown yet leaves the former one's counts", () => {
  const room = after(snapshotOf({ upload: uploadOf(0) }), progress({ upload: uploadOf(50), rows: 7 }));
  assert.equal(room.snapshot.table.rows, 250);
  assert.equal(room.transfer.stored, 50);
  assert.equal(after(snapshotOf(), progress({ epoch: "other", rows: 7 })).snapshot.table.rows, 250);
});

test("acknowledgements move the bar of the upload they belong to", () => {
  const ack = (upload, offset) => ({ type: "ack", upload, offset });
  const room = after(snapshotOf({ upload: uploadOf(100) }), ack("u1", 300), ack("u9", 900));
  assert.equal(room.transfer.stored, 300);
  assert.equal(reduceRoom(room, snapshotOf({ revision: 2 }), 9).transfer, null);
});

test("a notice is for those who were there, stays a while, and goes when it is read", () => {
  const notice = { code: "upload_cancelled", message: "Cancelled." };
  assert.equal(after(snapshotOf({ notice })).notice, null);
  const room = after(snapshotOf(), snapshotOf({ revision: 2, notice }));
  assert.equal(room.notice.message, "Cancelled.");
  assert.equal(reduceRoom(room, snapshotOf({ revision: 3 }), 500).notice, room.notice);
  assert.equal(reduceRoom(room, snapshotOf({ revision: 3 }), 60_000).notice, null);
  const read = reduceRoom(room, { type: "notice_read" }, 500);
  assert.equal(read.notice, null);
  assert.equal(reduceRoom(read, snapshotOf({ revision: 3, notice }), 600).notice, null);
});

test("who is told of an error needs no notice of it", () => {
  const notice = { code: "not_a_table", message: "…" };
  const room = after(snapshotOf(), snapshotOf({ revision: 2, notice }));
  assert.equal(reduceRoom(room, { type: "alert", alert: { code: "not_a_table" } }, 1), room);
  assert.equal(reduceRoom(room, { type: "alert", alert: null }, 1).notice, null);
  assert.equal(reduceRoom(room, { type: "sending", sending: { name: "a", size: 1 } }, 1).notice, null);
});

test("the first snapshot of a line is taken, whatever an older line has said", () => {
  const room = after(snapshotOf({ revision: 50 }), { type: "welcome", room_id: "id" }, snapshotOf({ revision: 1, page: 2 }));
  assert.equal(room.snapshot.page, 2);
  assert.equal(reduceRoom(room, snapshotOf({ revision: 0, page: 3 }), 1), room);
});

test("a line that brings what follows a snapshot, and not the snapshot, is stale", () => {
  for (const follower of [
    { type: "presence", members: 2, people: [] },
    { type: "heartbeat", epoch: EPOCH, revision: 5 },
    progress({ revision: 5 }),
  ]) {
    let room = after(snapshotOf({ revision: 5 }), { type: "welcome", room_id: "id" });
    assert.ok(!isStale(room, 1e9));
    room = reduceRoom(room, follower, 1000);
    assert.ok(!isStale(room, 1000 + BEHIND_MS));
    assert.ok(isStale(room, 1001 + BEHIND_MS));
    assert.ok(!isStale(reduceRoom(room, snapshotOf({ revision: 5 }), 2000), 1e9));
  }
});
