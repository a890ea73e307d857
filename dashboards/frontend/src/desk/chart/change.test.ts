import assert from "node:assert/strict";
import { test } from "node:test";
import { changedFrom } from "./change";
import type { Bar } from "./studies";

const bar = (time: number, close = 1): Bar => ({ time, open: 1, high: 9, low: 0, close, volume: 5, vwap: close });
const before = [bar(1), bar(2), bar(3)];

test("nothing changed", () => {
  assert.equal(changedFrom(before, [bar(1), bar(2), bar(3)]), 3);
});

test("the last bar grew", () => {
  assert.equal(changedFrom(before, [bar(1), bar(2), bar(3, 2)]), 2);
});

test("bars were added, with and without a change of the last one", () => {
  assert.equal(changedFrom(before, [...before, bar(4), bar(5)]), 3);
  assert.equal(changedFrom(before, [bar(1), bar(2), bar(3, 2), bar(4)]), 2);
});

test("the oldest bars were let go", () => {
  assert.equal(changedFrom(before, [bar(2), bar(3), bar(4)]), 2);
  assert.equal(changedFrom(before, [bar(3), bar(4)]), 1);
});

test("history is another one", () => {
  assert.equal(changedFrom(before, [bar(1), bar(2, 2), bar(3)]), 0);
  assert.equal(changedFrom(before, [bar(0), bar(1), bar(2), bar(3)]), 0);
  assert.equal(changedFrom(before, [bar(7), bar(8)]), 0);
  assert.equal(changedFrom(before, [bar(1), bar(2)]), 0);
  assert.equal(changedFrom([], before), 0);
  assert.equal(changedFrom(before, []), 0);
});
