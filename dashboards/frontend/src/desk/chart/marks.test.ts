import assert from "node:assert/strict";
import { test } from "node:test";
import { barAt, fillMarks } from "./fillmarks";
import { SecondBars } from "./seconds";

const bar = (time: number) => ({ time, open: 1, high: 1, low: 1, close: 1, volume: 1, vwap: 1 });
const bars = [bar(1000), bar(2000), bar(4000)];

test("the bar of a time", () => {
  assert.deepEqual([999, 1000, 1999, 2000, 3999, 4000, 9000].map((time) => barAt(bars, time)), [-1, 0, 0, 1, 1, 2, 2]);
});

test("fills of one candle and side are one mark with their average price", () => {
  const marks = fillMarks(
    [
      { time: 2500, side: "buy", price: 11, quantity: 300 },
      { time: 2100, side: "buy", price: 10, quantity: 100 },
      { time: 2200, side: "sell", price: 12, quantity: 50 },
      { time: 500, side: "sell", price: 1, quantity: 1 },
      { time: 1500, side: "sell", price: 9, quantity: 7 },
    ],
    bars,
  );
  assert.deepEqual(
    marks.map((mark) => [mark.id, mark.quantity, mark.price, mark.count, mark.first, mark.last]),
    [
      ["sell-1000", 7, 9, 1, 1500, 1500],
      ["buy-2000", 400, 10.75, 2, 2100, 2500],
      ["sell-2000", 50, 12, 1, 2200, 2200],
    ],
  );
});

test("trades make candles of seconds, each once", () => {
  const made = new SecondBars(5);
  made.take([
    { seq: 1, time: 10_100, price: 5, quantity: 1 },
    { seq: 2, time: 14_999, price: 7, quantity: 2 },
    { seq: 3, time: 15_000, price: 6, quantity: 4 },
  ]);
  const before = made.bars;
  made.take([
    { seq: 3, time: 15_000, price: 6, quantity: 4 },
    { seq: 8, time: 16_000, price: 4, quantity: 8 },
  ]);
  assert.deepEqual(made.bars, [
    { time: 10_000, open: 5, high: 7, low: 5, close: 7, volume: 3, vwap: 19 / 3 },
    { time: 15_000, open: 6, high: 6, low: 4, close: 4, volume: 12, vwap: 56 / 12 },
  ]);
  assert.equal(before[1]?.volume, 4, "what was given out does not change");
  assert.equal(made.take([]), made.bars);
});
