import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trade } from "../../store/types";
import { newer } from "./tape";

test("how many trades came while the tape was held", () => {
  const trades = [9, 7, 4, 2].map((seq) => ({ seq }) as Trade);
  assert.equal(newer(trades, 9), 0);
  assert.equal(newer(trades, 4), 2);
  assert.equal(newer(trades, 3), 3);
  assert.equal(newer(trades, 1), 4, "the one that it was held at is no longer kept");
  assert.equal(newer([], 1), 0);
});
