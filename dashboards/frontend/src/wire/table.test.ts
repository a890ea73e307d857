import assert from "node:assert/strict";
import { test } from "node:test";
import { Table } from "./table.ts";

test("a snapshot and its deltas are merged field by field into the row with the same key", () => {
  const table = new Table("market:ACME");
  table.take({ type: "snapshot", topic: "market:ACME", seq: 10, rows: [{ symbol: "ACME", bid: 20, ask: 21 }] });
  const change = table.take({ type: "delta", topic: "market:ACME", prev: 10, seq: 12, rows: [{ symbol: "ACME", bid: null }] });
  assert.deepEqual(change?.rows, [{ symbol: "ACME", bid: null, ask: 21 }]);
  assert.deepEqual(table.values(), [{ symbol: "ACME", bid: null, ask: 21 }]);
});

test("a level of quantity 0 is no longer there", () => {
  const table = new Table("depth:ACME");
  table.take({ type: "snapshot", topic: "depth:ACME", seq: 1, rows: [["bid", 20, 100, 1], ["ask", 21, 50, 1]] });
  table.take({ type: "delta", topic: "depth:ACME", prev: 1, seq: 2, rows: [["bid", 20, 0, 0], ["bid", 19, 5, 1]] });
  assert.deepEqual(table.values(), [["ask", 21, 50, 1], ["bid", 19, 5, 1]]);
});

test("a snapshot that took the place of deltas drops what was there, and stale deltas change nothing", () => {
  const table = new Table("market:ACME");
  table.take({ type: "snapshot", topic: "market:ACME", seq: 10, rows: [{ symbol: "ACME", bid: 20 }] });
  table.take({ type: "snapshot", topic: "market:ACME", seq: 90, conflated: true, rows: [{ symbol: "ACME", ask: 22 }] });
  assert.deepEqual(table.values(), [{ symbol: "ACME", ask: 22 }]);
  table.take({ type: "delta", topic: "market:ACME", prev: 10, seq: 11, rows: [{ symbol: "ACME", ask: 1 }] });
  assert.deepEqual(table.values(), [{ symbol: "ACME", ask: 22 }]);
});

test("a missing delta is noticed by its prev, an own event also by its count", () => {
  const market = new Table("market:ACME");
  market.take({ type: "snapshot", topic: "market:ACME", seq: 10, rows: [] });
  assert.equal(market.take({ type: "delta", topic: "market:ACME", prev: 11, seq: 12, rows: [] }), null);
  const orders = new Table("orders");
  orders.take({ type: "snapshot", topic: "orders", seq: 10, n: 5, rows: [] });
  assert.equal(orders.take({ type: "delta", topic: "orders", prev: 10, seq: 12, n: 7, rows: [{ id: 1 }] }), null);
  assert.notEqual(orders.take({ type: "delta", topic: "orders", prev: 10, seq: 12, n: 6, rows: [{ id: 1 }] }), null);
  const again = orders.take({ type: "delta", topic: "orders", prev: 10, seq: 12, n: 6, rows: [{ id: 1, state: "old" }] });
  assert.deepEqual(again?.rows, []);
});

test("the tape is kept short, the oldest trades go first", () => {
  const table = new Table("trades:ACME");
  table.take({ type: "snapshot", topic: "trades:ACME", seq: 1, rows: [] });
  const rows = Array.from({ length: 300 }, (_, at) => ({ seq: at + 1, price: 20 }));
  table.take({ type: "delta", topic: "trades:ACME", prev: 1, seq: 300, rows });
  assert.equal(table.rows.size, 200);
  assert.deepEqual(table.values()[0], { seq: 101, price: 20 });
});
