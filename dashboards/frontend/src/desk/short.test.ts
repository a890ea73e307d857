import assert from "node:assert/strict";
import { test } from "node:test";
import { short } from "./short";

test("quantities in at most four characters", () => {
  const pairs: [number, string][] = [
    [0, "0"],
    [7, "7"],
    [0.05, "0.05"],
    [999, "999"],
    [1000, "1K"],
    [1500, "1.5K"],
    [9960, "10K"],
    [10_700, "11K"],
    [999_400, "999K"],
    [999_600, "1M"],
    [2_340_000, "2.3M"],
    [5e9, "5B"],
  ];
  for (const [quantity, text] of pairs) {
    assert.equal(short(quantity), text);
    assert.ok(text.length <= 4);
  }
});
