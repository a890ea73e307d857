import assert from "node:assert/strict";
import { test } from "node:test";
import { seen } from "./bands";
import { labelled, LABELLED_MAX, levelsOf, places, stepped, type LevelOrder } from "./levels";

const order = (id: number, type: string, limit: number | null, stop: number | null): LevelOrder => ({
  id, symbol: "HARBOR", side: "buy", type, quantity: 200, leaves: 100, limit_price: limit, stop_price: stop,
});

test("each price of an order is a line, by the name that a replace has for it", () => {
  const lines = levelsOf(
    [
      order(1, "limit", 45.9, null),
      order(2, "stop_limit", 46.1, 46),
      order(3, "trailing_stop", null, 44),
      order(4, "market", null, null),
      { ...order(5, "limit", 1, null), symbol: "OTHER" },
    ],
    "HARBOR",
  );
  assert.deepEqual(
    lines.map((line) => [line.key, line.field, line.price, line.kind, line.movable]),
    [
      ["1", "limit_price", 45.9, "LMT", true],
      ["2", "limit_price", 46.1, "LMT", true],
      ["2-stop", "stop_price", 46, "STP trigger", true],
      ["3", "stop_price", 44, "TRAIL", false],
    ],
  );
  assert.equal(lines[0]?.quantity, 100);
});

test("orders of one kind at one price share a line", () => {
  const lines = levelsOf([order(1, "limit", 45.9, null), order(2, "limit", 45.9, null), { ...order(3, "limit", 45.9, null), side: "sell" }, order(4, "stop", null, 45.9)], "HARBOR");
  assert.deepEqual(
    lines.map((line) => [line.key, line.orders, line.quantity, line.side]),
    [["1", [1, 2], 200, "buy"], ["3", [3], 100, "sell"], ["4", [4], 100, "buy"]],
  );
});

test("of many lines those nearest to the market keep their labels", () => {
  const few = levelsOf(Array.from({ length: LABELLED_MAX }, (_, at) => order(at, "limit", 40 + at, null)), "HARBOR");
  assert.equal(labelled(few).size, LABELLED_MAX);
  const buys = Array.from({ length: 200 }, (_, at) => order(at, "limit", 40 + at / 100, null));
  const sells = Array.from({ length: 3 }, (_, at) => ({ ...order(1000 + at, "limit", 43 + at, null), side: "sell" }));
  const found = labelled(levelsOf([...buys, ...sells], "HARBOR"));
  assert.equal(found.size, LABELLED_MAX);
  assert.deepEqual(["1000", "1002", "199", "191", "190"].map((key) => found.has(key)), [true, true, true, true, false]);
});

test("prices step by the increment, without the dust of doubles", () => {
  assert.equal(stepped(45.8967, 0.01, 2), 45.9);
  assert.equal(stepped(0.3 + 1e-9, 0.1, 1), 0.3);
  assert.equal(stepped(17.3, 0.25, 2), 17.25);
});

test("labels do not cover each other, and what finds no room is behind one that did", () => {
  const at = (...given: Parameters<typeof places>): number[][] => places(...given).map(({ column, by }) => [column, by]);
  assert.deepEqual(at([100, 105, 140, 110], 18, 3), [[0, 0], [1, 1], [0, 2], [2, 3]]);
  assert.deepEqual(at([100, 100, 100], 18, 2), [[0, 0], [1, 1], [1, 1]]);
  const many = places(Array.from({ length: 12 }, (_, tick) => 100 + 3 * tick), 20, 2);
  assert.deepEqual(many.map(({ by }) => by), [0, 1, 1, 1, 1, 1, 1, 7, 8, 8, 8, 8]);
});

test("a halt is shaded from where it began to where it ended, and the auction after it", () => {
  let bands = seen([], "continuous", 10);
  assert.deepEqual(bands, []);
  bands = seen(bands, "halted", 20, 15);
  assert.deepEqual(bands, [{ kind: "halt", label: "Halted", start: 15, end: null }]);
  assert.equal(seen(bands, "halted", 25), bands);
  bands = seen(bands, "reopening_auction", 30);
  bands = seen(bands, "continuous", 40);
  assert.deepEqual(bands, [
    { kind: "halt", label: "Halted", start: 15, end: 30 },
    { kind: "auction", label: "Reopening auction", start: 30, end: 40 },
  ]);
  assert.equal(seen(bands, "continuous", 50), bands);
});
