import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesPerSecond, follow, nextChunk, secondsLeft } from "../../static/js/transfer.js";
import { uploadOf } from "./support.js";

const line = { size: 1000, chunkBytes: 256, windowBytes: 512 };

test("chunks follow each other until the window is full, and go on with what is stored", () => {
  assert.deepEqual(nextChunk({ ...line, sent: 0, stored: 0 }), { start: 0, stop: 256 });
  assert.deepEqual(nextChunk({ ...line, sent: 256, stored: 0 }), { start: 256, stop: 512 });
  assert.equal(nextChunk({ ...line, sent: 512, stored: 0 }), null);
  assert.equal(nextChunk({ ...line, sent: 512, stored: 255 }), null);
  assert.deepEqual(nextChunk({ ...line, sent: 512, stored: 256 }), { start: 512, stop: 768 });
});

test("the last chunk is what is left, and then there is none", () => {
  assert.deepEqual(nextChunk({ ...line, sent: 768, stored: 768 }), { start: 768, stop: 1000 });
  assert.equal(nextChunk({ ...line, sent: 1000, stored: 768 }), null);
  assert.equal(nextChunk({ ...line, size: 0, sent: 0, stored: 0 }), null);
});

test("every byte is sent once, in order, and never more than the window is on its way", () => {
  let [sent, stored, most] = [0, 0, 0];
  const parts = [];
  while (stored < line.size) {
    const chunk = nextChunk({ ...line, sent, stored });
    if (chunk) {
      assert.equal(chunk.start, sent);
      parts.push(chunk.stop - chunk.start);
      sent = chunk.stop;
      most = Math.max(most, sent - stored);
    } else stored = Math.min(sent, stored + 100);
  }
  assert.equal(
    parts.reduce((sum, part) => sum + part),
    1000,
  );
  assert.ok(most <= 512);
});

test("an upload is followed from its first figure; older figures change nothing", () => {
  const first = follow(null, uploadOf(0), 100);
  assert.deepEqual(first.samples, [{ at: 100, stored: 0 }]);
  const next = follow(first, uploadOf(300), 1100);
  assert.equal(next.stored, 300);
  assert.equal(follow(next, uploadOf(200), 1200), next);
  assert.equal(follow(next, null, 1300), null);
  assert.deepEqual(follow(next, uploadOf(5, { upload: "u2" }), 1400).samples, [{ at: 1400, stored: 5 }]);
});

test("rate and time left are told once enough is known", () => {
  let transfer = follow(null, uploadOf(0), 0);
  assert.equal(bytesPerSecond(transfer), null);
  assert.equal(secondsLeft(transfer), null);
  transfer = follow(transfer, uploadOf(50), 500);
  assert.equal(bytesPerSecond(transfer), null);
  transfer = follow(transfer, uploadOf(200), 1000);
  assert.equal(bytesPerSecond(transfer), 200);
  assert.equal(secondsLeft(transfer), 4);
});

test("many figures in a moment are one sample", () => {
  let transfer = follow(null, uploadOf(0), 0);
  for (let at = 1; at <= 99; at += 1) transfer = follow(transfer, uploadOf(at), at);
  assert.deepEqual(
    transfer.samples.map(({ stored }) => stored),
    [0, 80],
  );
  assert.equal(follow(transfer, uploadOf(1000), 100).stored, 1000);
});

test("the rate forgets what is long ago", () => {
  let transfer = follow(null, uploadOf(0), 0);
  for (let second = 1; second <= 20; second += 1) {
    transfer = follow(transfer, uploadOf(second <= 10 ? second : 10 + (second - 10) * 20), second * 1000);
  }
  assert.equal(bytesPerSecond(transfer), 20);
  assert.ok(transfer.samples.length < 10);
});
