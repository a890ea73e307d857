import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, drawingOf, ticks } from "./chartpaths";

const bar = (time: number, open: number, close: number, volume = 10) => ({ time, open, close, high: Math.max(open, close) + 1, low: Math.min(open, close) - 1, volume });

test("ticks are round, inside, and about as many as asked for", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(45.93, 46.17, 5).map((value) => value.toFixed(2)), ["45.95", "46.00", "46.05", "46.10", "46.15"]);
  assert.deepEqual(ticks(5, 5, 4), [5]);
});

test("candles are in order, the last so many, and none that did not trade", () => {
  const rows = [
    { time: "b", open: 1, high: 1, low: 1, close: 1, volume: 1 },
    { time: "a", open: 1, high: 1, low: 1, close: 1, volume: 1 },
    { time: "c" },
  ];
  assert.deepEqual(barsOf(rows, 5, (time) => time.charCodeAt(0)).map(({ time }) => time), [97, 98]);
  assert.deepEqual(barsOf(rows, 1, (time) => time.charCodeAt(0)).map(({ time }) => time), [98]);
});

test("higher prices stand higher, and everything stands in the box", () => {
  const drawing = drawingOf([bar(60_000, 10, 12), bar(120_000, 12, 9)], { width: 400, height: 200 }, 0.01);
  assert.ok(drawing !== null);
  const ys = drawing.prices.map(({ y }) => y);
  assert.deepEqual([...ys].sort((a, b) => b - a), ys);
  assert.ok(ys.every((y) => y > 0 && y < 200) && drawing.last.y > 0 && drawing.last.y < 184);
  assert.equal(drawing.last.up, false);
  assert.equal(drawing.bodies.up.match(/M/g)?.length, 1);
  assert.equal(drawing.volume.match(/M/g)?.length, 2);
});

test("without candles or room nothing is drawn; one price alone is drawn in the middle", () => {
  assert.equal(drawingOf([], { width: 400, height: 200 }, 1), null);
  assert.equal(drawingOf([bar(1, 1, 1)], { width: 50, height: 200 }, 1), null);
  const flat = drawingOf([{ time: 1, open: 5, high: 5, low: 5, close: 5, volume: 0 }], { width: 400, height: 200 }, 1);
  assert.ok(flat !== null && Number.isFinite(flat.last.y) && !flat.volume.includes("NaN"));
});
