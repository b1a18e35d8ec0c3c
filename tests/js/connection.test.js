import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { askedDelay, delay, inflate } from "../../static/js/connection.js";
import { at, roomAt, socketAt } from "../../static/js/protocol.js";

test("attempts are spread over a time that doubles up to 15 s", () => {
  assert.deepEqual(
    [0, 1, 2, 4, 5, 50].map((failures) => delay(failures, () => 1)),
    [500, 1000, 2000, 8000, 15000, 15000],
  );
  assert.equal(
    delay(3, () => 0),
    0,
  );
});

test("a server that restarts says how long to wait, and nothing else does", () => {
  const asked = (code, reason) => askedDelay({ code, reason });
  assert.equal(asked(1012, "the server restarts; retry in 1.70 s"), 1700);
  assert.equal(asked(1012, "the server restarts; retry in 3 s"), 3000);
  assert.equal(asked(1012, "the server restarts; retry in 86400 s"), 15_000);
  for (const reason of ["", "the server restarts", "retry in a while", "retry in -1 s"]) {
    assert.equal(asked(1012, reason), null);
  }
  assert.equal(asked(1006, "retry in 1 s"), null);
});

test("binary messages are raw DEFLATE", async () => {
  const text = JSON.stringify({ type: "snapshot", data: Array(500).fill(["ä", "東"]) });
  const packed = deflateRawSync(text);
  assert.equal(await inflate(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength)), text);
});

test("a page's address names its room, and its room the socket", () => {
  const id = "53a2db5c-0a32-4088-9d02-00ec3f072e1b";
  assert.equal(roomAt(`/${id}`), id);
  assert.equal(roomAt("/"), null);
  assert.equal(roomAt("/static/x"), null);
  assert.equal(roomAt(`/tables/${id}`), id);
  assert.equal(roomAt("/tables/"), null);
  assert.equal(roomAt(`/${id}/x`), null);
  assert.equal(socketAt(id), at(`parser/ws/${id}`));
  assert.equal(socketAt(null), at("parser/ws"));
});

test("an address is below the one that the scripts come from", () => {
  const site = new URL("../../", import.meta.url).href;
  assert.equal(at(""), site);
  assert.equal(at("x.tsv"), `${site}x.tsv`);
});
