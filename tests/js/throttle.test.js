import assert from "node:assert/strict";
import { test } from "node:test";

import { throttled } from "../../static/js/throttle.js";

test("the first value goes at once, then one at a time, and the last always", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const send = throttled(50, (value) => sent.push(value));
  for (const value of [1, 2, 3]) send(value);
  assert.deepEqual(sent, [1]);
  context.mock.timers.tick(49);
  send(4);
  assert.deepEqual(sent, [1]);
  context.mock.timers.tick(1);
  assert.deepEqual(sent, [1, 4]);
  context.mock.timers.tick(50);
  assert.deepEqual(sent, [1, 4]);
  send(5);
  assert.deepEqual(sent, [1, 4, 5]);
});
