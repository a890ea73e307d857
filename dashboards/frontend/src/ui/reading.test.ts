import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "./reading";

test("a comma groups thousands or is refused; it is never dropped", () => {
  for (const [text, number] of [["1,000", 1000], ["12,345.5", 12345.5], ["1,234,567", 1234567], ["1 500", 1500], ["45.", 45], [".5", 0.5], ["\u22123", -3], [" 7 ", 7], ["0", 0]] as const) {
    assert.equal(read(text), number, text);
  }
  for (const text of ["1,5", "46,50", "1,00", "1,0000", "0,001", "1,000,5", "1.000,5", "1 5", "1,000 000", "abc", "--1", "1e999", "0x10", ","]) {
    assert.ok(Number.isNaN(read(text)), text);
  }
  assert.equal(read(" "), null);
});
