import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, compact, decimals, direction, millis, money, percent, price, quantity, signed, zoneName } from "./format.ts";

test("prices have the decimals of their tick, with a true minus and no minus zero", () => {
  assert.deepEqual([0.01, 0.005, 5, 0.00001, 0.25].map(decimals), [2, 3, 0, 5, 2]);
  assert.equal(price(45.9, 0.01), "45.90");
  assert.equal(price(-1234.5, 0.5), "\u22121,234.5");
  assert.equal(price(-0.0001, 0.01), "0.00");
  assert.equal(price(null), "–");
  assert.equal(quantity(Number.NaN), "–");
});

test("signs and directions", () => {
  assert.equal(signed(money(12)), "+12.00");
  assert.equal(signed(money(-12)), "\u221212.00");
  assert.equal(signed(money(0)), "0.00");
  assert.equal(signed(price(null)), "–");
  assert.deepEqual([1, -1, 0, null].map(direction), ["up", "down", "", ""]);
});

test("amounts, fractions and scales", () => {
  assert.equal(money(1234.5, "USD"), "1,234.50 USD");
  assert.equal(percent(0.01234), "1.23%");
  assert.equal(compact(9999), "9,999");
  assert.equal(compact(131_940), "131.9K");
  assert.equal(compact(2_500_000), "2.50M");
});

test("times of the API are told in the exchange's zone", () => {
  const time = millis("2025-03-18T13:30:05.123456789Z");
  assert.equal(time, Date.UTC(2025, 2, 18, 13, 30, 5, 123));
  assert.equal(clock(time, "America/New_York"), "09:30:05");
  assert.equal(zoneName(time, "America/New_York"), "EDT");
  assert.equal(clock(time, "Nowhere/At_All"), "13:30:05");
  assert.equal(millis(null), 0);
});
