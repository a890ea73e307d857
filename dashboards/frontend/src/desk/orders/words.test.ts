import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instrument } from "../../store/types";
import { order } from "./an-order";
import { forceWord, orderName, priceWord, reasonWord, stateWord, trailWord, triggerWord, typeWord } from "./words";

const terms = { tick_size: 0.01, lot_size: 1 } as Instrument;

test("an order is told in the words of the trade", () => {
  const stop = order({ type: "stop_limit", stop_price: 19.5, limit_price: 19.4, side: "sell" });
  assert.equal(orderName(order(), terms), "Buy 100 ACME at 20.00");
  assert.equal(orderName(stop, terms), "Sell 100 ACME at 19.40, stop limit 19.50");
  assert.deepEqual([priceWord(stop, terms), triggerWord(stop, terms), trailWord(stop, terms)], ["19.40", "19.50", ""]);
  assert.equal(priceWord(order({ limit_price: null }), terms), "market");
});

test("a trailing stop says how far it trails", () => {
  assert.equal(trailWord(order({ trail_percent: 1.5 }), terms), "1.5%");
  assert.equal(trailWord(order({ trail_amount: 0.5 }), terms), "0.50");
});

test("time in force has its end where it has one", () => {
  assert.equal(forceWord(order({ time_in_force: "gtc" }), "UTC"), "GTC");
  assert.equal(forceWord(order({ time_in_force: "gtd", expires: Date.UTC(2025, 0, 6, 14, 30) }), "UTC"), "GTD 14:30:00");
});

test("states and reasons that nobody told of are shown as they are named", () => {
  assert.deepEqual([stateWord("canceled"), stateWord("on_hold")], ["Cancelled", "on hold"]);
  assert.deepEqual([reasonWord("none"), reasonWord("self_trade"), reasonWord("bad_weather")], ["", "would have traded with itself", "bad weather"]);
  assert.equal(typeWord(order({ display_quantity: 10 })), "Limit, iceberg");
});
