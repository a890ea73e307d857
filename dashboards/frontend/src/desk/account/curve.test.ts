import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalsOf } from "./curve";

test("labels of a small range have the digits that tell them apart", () => {
  const points = (...values: number[]) => values.map((value, time) => ({ time, value }));
  assert.equal(decimalsOf(points(100_000, 100_000.8, 99_999.6)), 2);
  assert.equal(decimalsOf(points(100_000, 100_400)), 0);
  assert.equal(decimalsOf([]), 0);
});
