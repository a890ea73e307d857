import assert from "node:assert/strict";
import { test } from "node:test";
import { lateness, placed } from "./placing";

test("profit places everybody, and equals share a place", () => {
  const rows = placed([
    { account: 3, name: "ada", pnl: -5 },
    { account: 4, name: "bob", pnl: 20 },
    { account: 9, name: "cyd", pnl: 20 },
    { account: 1, name: "dee", pnl: 0 },
  ]);
  assert.deepEqual(rows.map(({ rank, name }) => `${rank} ${name}`), ["1 bob", "1 cyd", "3 dee", "4 ada"]);
});

test("lateness is said in seconds or minutes", () => {
  assert.deepEqual([30, 300, 90, 150].map(lateness), ["30 s late", "5 min late", "90 s late", "2.5 min late"]);
});
