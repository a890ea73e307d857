import assert from "node:assert/strict";
import { test } from "node:test";
import { markOf } from "../../store/mark";
import type { Instrument, Position } from "../../store/types";
import { dayChange, half, part, rowId, totals } from "./valuation";

const terms = (given: Partial<Instrument>): Instrument => ({ tick_size: 0.01, multiplier: 1, mark: 20, marked_at: "last", ...given }) as Instrument;

function held(given: Partial<Position>): Position {
  return { symbol: "ACME", quantity: 0, cost: 0, average_price: null, mark: null, marketValue: 0, unrealised: 0, realised: 0, realised_fifo: 0, fees: 0, updated: 0, ...given };
}

test("the mark is where the instrument says it is", () => {
  const market = { symbol: "ACME", last: 20.3, bid: 20.04, ask: 20.07 };
  assert.equal(markOf(market, terms({})), 20.3);
  assert.equal(markOf(market, terms({ marked_at: "close" })), 20);
  // The middle of 20.04 and 20.07 in whole ticks, rounded down.
  assert.equal(markOf(market, terms({ marked_at: "mid" }))?.toFixed(4), "20.0500");
  assert.equal(markOf({ ...market, ask: null }, terms({ marked_at: "mid" })), 20.3);
  assert.equal(markOf({ symbol: "ACME" }, terms({})), 20);
  assert.equal(markOf({ symbol: "ACME" }, undefined), null);
});

test("the day is counted from its first trade", () => {
  assert.equal(dayChange({ symbol: "ACME", open: 20 }, 21)?.toFixed(6), "0.050000");
  assert.equal(dayChange({ symbol: "ACME", open: null }, 21), null);
  assert.equal(dayChange({ symbol: "ACME", open: 20 }, null), null);
});

test("a short position that gains has a positive part", () => {
  assert.equal(part(held({ quantity: -10, cost: -200, unrealised: 20 })), 0.1);
  assert.equal(part(held({ quantity: 0, cost: 0, unrealised: 0 })), null);
});

test("totals keep longs and shorts apart", () => {
  const sum = totals([
    held({ quantity: 10, cost: 190, marketValue: 200, unrealised: 10, realised: 5, fees: 1 }),
    held({ quantity: -5, cost: -110, marketValue: -100, unrealised: 10, realised: -2, fees: 0.5 }),
  ]);
  assert.deepEqual(sum, { marketValue: 100, long: 200, short: -100, cost: 300, unrealised: 20, realised: 3, fees: 1.5 });
});

test("half is in whole steps, and the last step can go", () => {
  assert.deepEqual([half(100, 1), half(-101, 1), half(1, 1), half(0.3, 0.1)], [50, 51, 1, 0.2]);
});

test("a flat position is no row of positions", () => {
  assert.deepEqual([rowId(held({ quantity: 1 })), rowId(held({}))], ["positions-row-ACME", "positions-flat-ACME"]);
});
