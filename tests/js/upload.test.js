import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mock, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Uploader } from "../../static/js/upload.js";
import { tableOf, uploadOf } from "./support.js";

const LIMITS = { chunk_bytes: 100, window_bytes: 250, upload_bytes: 10_000 };
const welcome = { type: "welcome", limits: LIMITS };

/** Connect to a room that receives `upload` and shows `table`. */
function connect(uploader, upload = null, table = null) {
  uploader.take(welcome);
  uploader.take({ type: "snapshot", upload, table });
}

function begin(size = 1000, { greet = true } = {}) {
  const content = Buffer.from(Array.from({ length: size }, (_, at) => at % 251));
  const file = new File([content], "new.tsv");
  const seen = { commands: [], chunks: [], alerts: [], sending: null };
  const line = {
    open: true,
    send: (command) => line.open && seen.commands.push(command) > 0,
    sendChunk: (chunk) => seen.chunks.push(Buffer.from(chunk)) > 0,
  };
  const uploader = new Uploader({
    line,
    onSending: (sending) => (seen.sending = sending),
    onAlert: (alert) => seen.alerts.push(alert),
  });
  if (greet) connect(uploader);
  uploader.offer(file);
  return { uploader, seen, content, file, line };
}

/** Let everything that waits for a file's bytes go on. */
async function turns() {
  for (let turn = 0; turn < 200; turn++) await setImmediate();
}

const sentBytes = ({ chunks }) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);

test("a file goes out in chunks, the window full and no fuller, exactly as it is", async () => {
  const { uploader, seen, content } = begin();
  assert.deepEqual(seen.commands, [{ type: "begin", name: "new.tsv", size: 1000 }]);
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  await turns();
  assert.equal(sentBytes(seen), 200);
  for (let stored = 100; stored <= 1000; stored += 100) {
    uploader.take({ type: "ack", upload: "u1", offset: stored });
    await turns();
    assert.ok(sentBytes(seen) - stored <= 250);
  }
  assert.deepEqual(Buffer.concat(seen.chunks), content);
  uploader.take({ type: "finished", upload: "u1", rows: 1 });
  assert.ok(!uploader.busy);
  assert.equal(seen.sending, null);
  assert.deepEqual(seen.alerts, []);
});

test("a file that is dropped before there is a line waits for it", () => {
  const { uploader, seen } = begin(10, { greet: false });
  assert.deepEqual(seen.commands, []);
  assert.equal(seen.sending.name, "new.tsv");
  uploader.take(welcome);
  assert.deepEqual(seen.commands, [], "what the room receives is not known yet");
  uploader.take({ type: "snapshot", upload: null });
  assert.equal(seen.commands[0].type, "begin");
});

test("a file that is too large is refused with both sizes, and nothing is sent", () => {
  const { uploader, seen } = begin(10_001);
  assert.deepEqual(seen.commands, []);
  assert.ok(!uploader.busy);
  assert.equal(seen.alerts[0].code, "too_large");
  assert.match(seen.alerts[0].message, /10 kB/);
});

test("an error of the server ends it and offers what helps", async () => {
  const { uploader, seen } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  assert.ok(uploader.take({ type: "error", code: "not_a_table", message: "No.", upload: "u1" }));
  assert.deepEqual(seen.alerts, [{ code: "not_a_table", message: "No.", name: "new.tsv", remedy: "choose" }]);
  await turns();
  assert.ok(!uploader.take({ type: "error", code: "not_allowed", message: "Not now." }));
});

test("a refused begin can be tried again", () => {
  const { uploader, seen } = begin();
  uploader.take({ type: "error", code: "upload_running", message: "Wait." });
  assert.equal(seen.alerts[0].remedy, "again");
  uploader.again();
  assert.equal(seen.commands.length, 2);
  assert.ok(uploader.busy);
});

test("errors that belong to something else are left to others", () => {
  const { uploader, seen } = begin();
  assert.ok(!uploader.take({ type: "error", code: "bad_command", message: "…", ask: 4 }));
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  assert.ok(!uploader.take({ type: "error", code: "not_allowed", message: "…" }));
  assert.ok(uploader.busy);
  assert.deepEqual(seen.alerts, []);
});

test("after a lost line it goes on where the server's bytes end, once the file has shown that it is the same", async () => {
  const { uploader, seen, content } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  await turns();
  uploader.lost();
  assert.deepEqual(seen.alerts, []);
  uploader.take(welcome);
  assert.deepEqual(seen.commands[1], { type: "resume", upload: "u1", name: "new.tsv", size: 1000 });
  seen.chunks.length = 0;
  uploader.take({
    type: "ready",
    upload: "u1",
    offset: 150,
    proof: [
      [0, 60],
      [90, 150],
    ],
  });
  await turns();
  assert.deepEqual(seen.chunks[0], Buffer.concat([content.subarray(0, 60), content.subarray(90, 150)]));
  assert.deepEqual(seen.chunks[1], content.subarray(150, 250));
  assert.ok(uploader.busy);
});

/** Have an upload of which `stored` bytes are acknowledged lose its line, connect again and find it is no more. */
function lose({ uploader }, { stored = 0, upload = null, table = null }) {
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  if (stored > 0) uploader.take({ type: "ack", upload: "u1", offset: stored });
  uploader.lost();
  connect(uploader, upload, table);
  assert.ok(uploader.take({ type: "error", code: "no_upload", message: "None.", upload: "u1" }));
}

test("an upload of which the server has lost what it had can be sent again from its beginning", () => {
  const { uploader, seen } = begin();
  lose({ uploader }, { stored: 100 });
  assert.equal(seen.alerts[0].code, "connection_lost");
  uploader.again();
  assert.equal(seen.commands[2].type, "begin");
});

test("an upload of which the server had nothing begins anew by itself", async () => {
  const { uploader, seen, content } = begin(200);
  lose({ uploader }, { stored: 0 });
  assert.deepEqual(
    seen.commands.map(({ type }) => type),
    ["begin", "resume", "begin"],
  );
  assert.notEqual(seen.sending, null);
  seen.chunks.length = 0;
  uploader.take({ type: "ready", upload: "u2", offset: 0, proof: [] });
  await turns();
  assert.deepEqual(Buffer.concat(seen.chunks), content);
  assert.deepEqual(seen.alerts, []);
});

test("an upload that was whole when its line was lost is done", () => {
  for (const stored of [0, 900]) {
    const whole = begin();
    lose(whole, { stored, table: tableOf({ name: "new.tsv", size: 1000 }) });
    assert.ok(!whole.uploader.busy);
    assert.deepEqual(whole.seen.alerts, []);
    assert.equal(whole.seen.commands.length, 2);
  }
});

test("a former table of the same name and size is not taken for an upload that was lost", () => {
  const former = tableOf({ name: "new.tsv", size: 1000 });
  const { uploader, seen, file } = begin(1000, { greet: false });
  connect(uploader, null, former);
  lose({ uploader }, { stored: 900, table: former });
  assert.equal(seen.alerts[0].code, "connection_lost");
  uploader.offer(file);
  lose({ uploader }, { stored: 900, table: tableOf({ name: "other.tsv", size: 1000, document: "d2" }) });
  assert.equal(seen.alerts.length, 2);
});

test("an upload that is whole and about to be announced is waited for", () => {
  const { uploader, seen } = begin();
  lose({ uploader }, { stored: 900, upload: uploadOf(1000), table: tableOf({ name: "new.tsv", growing: true }) });
  assert.ok(uploader.busy);
  uploader.take({ type: "snapshot", upload: null, table: tableOf({ name: "new.tsv" }) });
  assert.ok(!uploader.busy);
  assert.deepEqual(seen.alerts, []);
});

test("what the server cannot go on with just now goes on a moment later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { uploader, seen } = begin();
    uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
    await turns();
    const away = { type: "error", code: "store_away", message: "Try again.", upload: "u1" };
    for (const tries of [1, 2]) {
      assert.ok(uploader.take(away));
      uploader.take({ type: "ack", upload: "u1", offset: 200 });
      await turns();
      assert.equal(sentBytes(seen), 200, "nothing goes out meanwhile");
      mock.timers.tick(2000);
      assert.equal(seen.commands.length, 1 + tries);
      assert.equal(seen.commands[tries].type, "resume");
    }
    uploader.take({ type: "ready", upload: "u1", offset: 200, proof: [[0, 100]] });
    await turns();
    assert.equal(sentBytes(seen), 200 + 100 + 200);
    assert.ok(uploader.take(away));
    uploader.lost();
    mock.timers.tick(2000);
    assert.equal(seen.commands.length, 3, "a new line goes on by itself");
    assert.deepEqual(seen.alerts, []);
  } finally {
    mock.timers.reset();
  }
});

test("the file of an upload that broke off goes on with it, and another is refused", () => {
  const { uploader, seen, file } = begin(1000, { greet: false });
  connect(uploader, uploadOf(400, { upload: "u7", paused: true }));
  assert.deepEqual(seen.commands, [{ type: "resume", upload: "u7", name: "new.tsv", size: 1000 }]);
  assert.ok(uploader.take({ type: "error", code: "not_the_same", message: "Another.", upload: "u7" }));
  assert.equal(seen.alerts[0].remedy, "choose");
  assert.ok(!uploader.busy);
  uploader.take({ type: "snapshot", upload: uploadOf(400, { upload: "u7", paused: false }) });
  uploader.offer(file);
  assert.equal(seen.commands[1].type, "begin", "one that is on its way is another's");
});

test("an upload whose line is lost before the server has named it begins anew by itself", () => {
  const { uploader, seen } = begin();
  uploader.lost();
  assert.ok(uploader.busy);
  connect(uploader);
  assert.equal(seen.commands[1].type, "begin");
  assert.deepEqual(seen.alerts, []);
});

test("cancelling tells the server, also when it has not named the upload yet", () => {
  const named = begin();
  named.uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  named.uploader.cancel();
  assert.deepEqual(named.seen.commands[1], { type: "cancel", upload: "u1" });
  const early = begin();
  early.uploader.cancel();
  assert.equal(early.seen.commands.length, 1);
  early.uploader.take({ type: "ready", upload: "u2", offset: 0, proof: [] });
  assert.deepEqual(early.seen.commands[1], { type: "cancel", upload: "u2" });
  assert.deepEqual(early.seen.alerts, []);
});

test("what was cancelled while there was no line is cancelled when there is one", () => {
  const { uploader, seen, line } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  uploader.lost();
  line.open = false;
  uploader.cancel();
  assert.equal(seen.sending, null);
  line.open = true;
  connect(uploader, uploadOf(400, { paused: true }));
  connect(uploader, uploadOf(400, { paused: true }));
  assert.deepEqual(seen.commands.slice(1), [{ type: "cancel", upload: "u1" }]);
});

test("when another member cancels, it ends without an error", () => {
  const { uploader, seen } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  uploader.take({ type: "snapshot", upload: null });
  assert.ok(uploader.busy, "a snapshot from before the upload ends nothing");
  uploader.take({ type: "snapshot", upload: uploadOf(0) });
  uploader.take({ type: "snapshot", upload: null });
  assert.ok(!uploader.busy);
  assert.deepEqual(seen.alerts, []);
});

test("an error is told also when the room's snapshot was faster", () => {
  const { uploader, seen } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  uploader.take({ type: "snapshot", upload: uploadOf(0) });
  uploader.take({ type: "snapshot", upload: null });
  assert.ok(uploader.take({ type: "error", code: "not_a_table", message: "No.", upload: "u1" }));
  assert.equal(seen.alerts[0].name, "new.tsv");
});

test("of an upload that was cancelled nothing more is heard", () => {
  const { uploader, seen } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  uploader.cancel();
  assert.ok(uploader.take({ type: "error", code: "upload_failed", message: "…", upload: "u1" }));
  assert.ok(uploader.take({ type: "error", code: "no_upload", message: "…" }));
  assert.deepEqual(seen.alerts, []);
});

test("one file at a time", () => {
  const { uploader, seen, file } = begin();
  uploader.offer(file);
  assert.equal(seen.alerts[0].code, "upload_running");
  assert.equal(seen.commands.length, 1);
});

test("a file that cannot be read is told of, and the server too", async () => {
  const { uploader, seen, file } = begin();
  file.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) });
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  await turns();
  assert.equal(seen.alerts[0].code, "unreadable");
  assert.deepEqual(seen.commands[1], { type: "cancel", upload: "u1" });
});

test("what was read of the file for a line that is lost goes nowhere", async () => {
  const { uploader, seen, content, file } = begin();
  uploader.take({ type: "ready", upload: "u1", offset: 0, proof: [] });
  await turns();
  uploader.take({ type: "ack", upload: "u1", offset: 100 });
  const late = [];
  const slice = file.slice.bind(file);
  file.slice = (...span) => ({ arrayBuffer: () => new Promise((done) => late.push(() => done(slice(...span).arrayBuffer()))) });
  uploader.take({ type: "ack", upload: "u1", offset: 200 });
  await turns();
  assert.equal(late.length, 1);
  file.slice = slice;
  uploader.lost();
  seen.chunks.length = 0;
  uploader.take(welcome);
  late[0]();
  await turns();
  assert.deepEqual(seen.chunks, []);
  uploader.take({ type: "ready", upload: "u1", offset: 300, proof: [[0, 100]] });
  await turns();
  assert.deepEqual(Buffer.concat(seen.chunks), Buffer.concat([content.subarray(0, 100), content.subarray(300, 500)]));
});
