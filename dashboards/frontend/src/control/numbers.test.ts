import assert from "node:assert/strict";
import { test } from "node:test";
import type { LevelRow } from "../wire/frames";
import { ApiProblem } from "../wire/rest";
import { summary } from "./book";
import { csv } from "./csv";
import { ranked, ratioOf } from "./leaders";
import { line } from "./path";
import { Rate } from "./rate";
import { wrongLines } from "./upload";

const standing = (account: number, pnl: number, drawdown: number, breaches = 0) => ({
  rank: 0,
  account,
  name: `n${account}`,
  equity: 1000 + pnl,
  pnl,
  drawdown,
  breaches,
  fills: 0,
  open_orders: 0,
  state: "active",
});

test("return for each point of the deepest fall; none without a fall or without money", () => {
  assert.equal(ratioOf(standing(1, 50, -0.1)), 0.5);
  assert.equal(ratioOf(standing(1, -50, -0.1)), -0.5);
  assert.equal(ratioOf(standing(1, 50, 0)), null);
  assert.equal(ratioOf({ ...standing(1, 50, -0.1), equity: 50 }), null);
});

test("leaders by each order, equals with one rank", () => {
  const all = [standing(1, 10, -0.5), standing(2, 10, -0.1, 3), standing(3, 5, 0), standing(4, -5, -0.2)];
  const by = (order: "pnl" | "risk" | "breaches") => ranked(all, order).map(({ rank, standing: { account } }) => `${rank}:${account}`);
  assert.deepEqual(by("pnl"), ["1:1", "1:2", "3:3", "4:4"]);
  assert.deepEqual(by("risk"), ["1:3", "2:2", "3:1", "4:4"]);
  assert.deepEqual(by("breaches"), ["1:2", "2:1", "2:3", "2:4"]);
});

test("the book's best levels, whatever order they came in", () => {
  const levels: LevelRow[] = [["ask", 11, 5, 1], ["bid", 8, 1, 1], ["bid", 9, 2, 1], ["ask", 10.5, 3, 2], ["bid", 7, 100, 9]];
  const book = summary(levels, 2);
  assert.deepEqual(book.bids.map(([, price]) => price), [9, 8]);
  assert.deepEqual([book.bidQuantity, book.askQuantity, book.spread], [3, 8, 1.5]);
  assert.equal(summary([["bid", 8, 1, 1]], 2).spread, null);
});

test("a rate is that of the last span, and a count that falls begins anew", () => {
  const rate = new Rate(10_000);
  assert.equal(rate.take(0, 0).perSecond(), null);
  assert.equal(rate.take(2_000, 100).perSecond(), 50);
  for (let second = 4; second <= 30; second += 2) rate.take(second * 1000, 100);
  assert.equal(rate.perSecond(), 0);
  assert.equal(rate.take(31_000, 5).perSecond(), null);
});

test("CSV quotes what it must, and no cell is a formula", () => {
  assert.equal(csv(["name", "password"], [['a"b,c', "x"], ["=1+1", "y"]]), 'name,password\r\n"a""b,c",x\r\n\'=1+1,y\r\n');
});

test("a line lies in its box, and a flat one in the middle", () => {
  assert.equal(line([1, 3, 2], 100, 14), "M0.0 12.0L50.0 2.0L100.0 7.0");
  assert.equal(line([5, 5], 100, 14), "M0.0 7.0L100.0 7.0");
});

test("wrong lines of a roster are taken from the failure, and from nothing else", () => {
  const lines = [{ line: 3, what: "name is missing" }];
  assert.deepEqual(wrongLines(new ApiProblem(422, "invalid", "no", { problems: [...lines, "x"] })), lines);
  assert.deepEqual(wrongLines(new Error("no")), []);
});
