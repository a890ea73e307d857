import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, clicked, ordered, shown } from "./order";
import { pathOf, Spark } from "./spark";

const rows = [
  { symbol: "B", last: 11, open: 10, volume: 5 },
  { symbol: "A", last: 9, open: 10, volume: 5 },
  { symbol: "D", last: null, open: null, volume: 0 },
  { symbol: "C", last: 30, open: 20, volume: 9 },
];

test("rows are ordered by each column, both ways, and those without a value come last", () => {
  const by = (column: "symbol" | "last" | "change" | "volume", down: boolean) => ordered(rows, { column, down }).join("");
  assert.equal(by("symbol", false), "ABCD");
  assert.equal(by("symbol", true), "DCBA");
  assert.equal(by("last", false), "ABCD");
  assert.equal(by("last", true), "CBAD");
  assert.equal(by("change", true), "CBAD");
  assert.equal(by("change", false), "ABCD");
  assert.equal(by("volume", true), "CABD");
});

test("change since the open", () => {
  assert.equal(changeOf({ last: 11, open: 10 })?.toFixed(6), "0.100000");
  assert.equal(changeOf({ last: 11, open: null }), null);
  assert.equal(changeOf({ open: 10 }), null);
});

test("a head that is clicked again turns the order round", () => {
  const first = clicked({ column: "symbol", down: false }, "change");
  assert.deepEqual(first, { column: "change", down: true });
  assert.deepEqual(clicked(first, "change"), { column: "change", down: false });
  assert.deepEqual(clicked(first, "symbol"), { column: "symbol", down: false });
});

test("of a long list only what is in sight, and a little more, is there", () => {
  assert.deepEqual(shown(0, 220, 22, 200), [0, 14]);
  assert.deepEqual(shown(2200, 220, 22, 200), [96, 114]);
  assert.deepEqual(shown(4180, 220, 22, 200), [186, 200]);
  assert.deepEqual(shown(0, 220, 22, 3), [0, 3]);
});

test("a spark line has a point per span, and prices of the past go before those that were followed", () => {
  const spark = new Spark(60);
  spark.follow(130, 7);
  spark.follow(170, 8);
  spark.follow(100, 1);
  assert.deepEqual(spark.values, [8]);
  spark.load([
    { time: 0, price: 5 },
    { time: 60, price: 6 },
    { time: 120, price: 6.5 },
  ]);
  assert.deepEqual(spark.values, [5, 6, 8]);
});

test("the path fills its box", () => {
  assert.equal(pathOf([1, 3, 2], 40, 10), "M0.0 10.0L20.0 0.0L40.0 5.0");
  assert.equal(pathOf([2, 2], 40, 10), "M0.0 5.0L40.0 5.0");
  assert.equal(pathOf([2], 40, 10), "");
  assert.equal(pathOf(Array.from({ length: 400 }, (_, at) => at), 40, 10).split("L").length, 41);
});
