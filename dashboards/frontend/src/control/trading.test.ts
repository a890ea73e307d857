import assert from "node:assert/strict";
import { test } from "node:test";
import { bustAct, merged, tradesPath, understood, whyNoBust } from "./trading";
import type { TradeRow } from "./words";

const people = [
  { name: "seat-1", user: "ann" },
  { name: "seat-2", user: "anna" },
  { name: "seat-12", user: "bob" },
];
const trade = (number: number, busted = false): TradeRow => ({
  trade: number,
  seq: number * 10,
  time: "2025-03-18T13:30:00.000000000Z",
  symbol: "X",
  price: 10,
  quantity: 5,
  aggressor: "buy",
  buyer: "ann",
  seller: "street",
  busted,
  busted_at: null,
  reason: "",
  by: "",
});

test("a search is a number, or somebody who is meant without doubt", () => {
  assert.deepEqual(understood("X", "", people), { symbol: "X", account: "", trade: null, problem: "" });
  assert.equal(understood("", "#4,711", people).trade, 4711);
  assert.equal(understood("", " ANN ", people).account, "seat-1");
  assert.equal(understood("", "seat-1", people).account, "seat-1");
  assert.equal(understood("", "bo", people).account, "seat-12");
  assert.match(understood("", "an", people).problem, /^ann, anna: write on/);
  assert.equal(understood("", "zoe", people).problem, "Nobody here is called “zoe”.");
});

test("a page is asked for by what is sought; a trade by itself, wherever it is", () => {
  assert.equal(tradesPath(understood("X", "bob", people), null, 100), "trades?limit=100&symbol=X&account=seat-12");
  assert.equal(tradesPath(understood("", "", people), 50, 100), "trades?limit=100&before=50");
  assert.equal(tradesPath(understood("", "7", people), null, 100), "trades?limit=1&before=8");
});

test("each trade stands once, in its newest state", () => {
  const rows = merged([trade(5), trade(4, true)], [trade(4), trade(3)]);
  assert.deepEqual(rows.map((each) => [each.trade, each.busted]), [[5, false], [4, true], [3, false]]);
  assert.deepEqual(merged([], [trade(1)]).length, 1);
});

test("a bust is asked for at its trade, with the reason", () => {
  const { method, path, body, danger } = bustAct("a b", trade(7), " wrong price ");
  assert.deepEqual([method, path, body, danger], ["post", "/api/sessions/a%20b/trades/7/bust", { reason: "wrong price" }, true]);
});

test("a trade is busted once, and only where somebody had a side", () => {
  assert.equal(whyNoBust(trade(7)), "");
  assert.equal(whyNoBust({ ...trade(7), buyer: "street", seller: "bob" }), "");
  assert.match(whyNoBust({ ...trade(7), buyer: "street" }), /Both sides are the market/);
  assert.match(whyNoBust({ ...trade(7), buyer: "", seller: "" }), /Both sides are the market/);
  assert.equal(whyNoBust(trade(7, true)), "It is busted already");
});
