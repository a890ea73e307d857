import assert from "node:assert/strict";
import { test } from "node:test";
import { order } from "./an-order";
import { orderTree, rootIds, waitsFor } from "./tree";
import type { Order } from "../../store/types";

function known(...orders: Order[]): Map<number, Order> {
  return new Map(orders.map((each) => [each.id, each]));
}

function lines(all: ReadonlyMap<number, Order>): string[] {
  const working = [...all.values()].filter(({ state }) => state === "new" || state === "held").sort((a, b) => b.id - a.id);
  return orderTree(working, all).map(({ order: each, depth, role, last }) => `${"  ".repeat(depth)}${each.id} ${role}${last ? " ." : ""}`.trimEnd());
}

// As the exchange enters them: the exits of a bracket first, the entry last.
const target = order({ id: 11, group: 5, side: "sell", type: "limit", limit_price: 21, state: "held" });
const stop = order({ id: 12, group: 5, side: "sell", type: "stop", stop_price: 19, state: "held" });
const entry = order({ id: 13, group: 5, side: "buy", type: "limit", limit_price: 20, state: "new" });

test("a bracket is its entry with the exits below it, among other orders", () => {
  const all = known(order({ id: 10 }), target, stop, entry, order({ id: 14 }));
  assert.deepEqual(lines(all), ["14", "13 entry", "  11 take profit", "  12 stop loss .", "10"]);
});

test("exits whose entry has filled cancel each other: the first of them heads the other", () => {
  const all = known(target, { ...stop, state: "new" }, { ...entry, state: "filled" });
  assert.deepEqual(lines(all), ["11 take profit", "  12 stop loss ."]);
});

test("an OCO has no entry, in whatever order its legs are", () => {
  const all = known({ ...target, state: "new" }, stop);
  assert.deepEqual(lines(all), ["11 take profit", "  12 stop loss ."]);
});

test("a leg that was replaced stays below its entry, though its id is larger now", () => {
  const all = known({ ...target, state: "replaced", replaced_by: 20 }, stop, entry, { ...target, id: 20, limit_price: 22 });
  assert.deepEqual(lines(all), ["13 entry", "  20 take profit", "  12 stop loss ."]);
  assert.equal(rootIds(all).get(20), 11);
});

test("an entry that was replaced is still the entry of an OTO", () => {
  const all = known(stop, { ...entry, state: "replaced", replaced_by: 21 }, { ...entry, id: 21 });
  assert.deepEqual(lines(all), ["21 entry", "  12 stop loss ."]);
});

test("two groups do not mix, and every working order is told once", () => {
  const all = known(target, stop, entry, order({ id: 15, group: 6 }), order({ id: 16, group: 6, type: "stop", stop_price: 30 }));
  assert.deepEqual(lines(all).map((line) => Number.parseInt(line, 10)).sort(), [11, 12, 13, 15, 16]);
});

test("what is held says what it waits for", () => {
  const all = known(target, stop, entry, order({ id: 30, type: "trailing_stop", trail_percent: 1, state: "held" }));
  const words = orderTree([...all.values()], all).map((leaf) => waitsFor(leaf.order, all, leaf));
  assert.deepEqual(words, ["", "waits: entry", "waits: entry", "waits: trigger"]);
  const closing = order({ state: "held", time_in_force: "cls" });
  assert.equal(waitsFor(closing, known(closing), undefined), "waits: auction");
});
