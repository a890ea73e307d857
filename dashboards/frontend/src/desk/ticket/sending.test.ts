import assert from "node:assert/strict";
import { test } from "node:test";
import type { PreviewOut } from "../../wire/answers";
import { local, moment } from "./expires";
import { question, said } from "./sending";
import { cost } from "./summary";

const order = { symbol: "HARBOR", side: "buy", type: "limit", quantity: "1500", limit_price: "45.90", time_in_force: "day" };

test("an order is told in a line", () => {
  assert.equal(said(order, "USD"), "Buy 1,500 HARBOR at 45.90, day");
  assert.equal(said({ ...order, type: "market", side: "sell", quantity: "100" }, "USD"), "Sell 100 HARBOR at market, day");
  assert.equal(said({ ...order, type: "market", quantity: null, notional: "500" }, "USD"), "Buy 500.00 USD of HARBOR at market, day");
  assert.equal(said({ ...order, type: "trailing_stop", trail_percent: "2" }, "USD"), "Buy 1,500 HARBOR stop trailing by 2%, day");
  assert.equal(said({ ...order, type: "stop_limit", stop_price: "46.00" }, "USD"), "Buy 1,500 HARBOR stop limit 46.00 / limit 45.90, day");
  const bracket = { ...order, order_class: "bracket", take_profit_limit: "47.00", stop_loss_stop: "45.00" };
  assert.equal(said(bracket, "USD"), "Buy 1,500 HARBOR at 45.90 with profit at 47.00 and stop 45.00, day");
  assert.equal(question({ ...bracket, stop_loss_limit: "44.90" }, null, "USD"), "Buy 1,500 HARBOR at 45.90 with profit at 47.00 and stop 45.00 / limit 44.90, day?");
  assert.equal(said({ ...order, order_class: "oto", stop_loss_stop: "45.00" }, "USD"), "Buy 1,500 HARBOR at 45.90 with stop 45.00, day");
  assert.equal(said({ ...bracket, order_class: "oco", side: "sell", stop_loss_limit: "44.90" }, "USD"), "Sell 1,500 HARBOR profit at 47.00 or stop 45.00 / limit 44.90, day");
});

test("the question says what it would cost, when that is known", () => {
  const preview = { accepted: true, fill: { quantity: 1500 }, cost: 68_850.5 } as PreviewOut;
  assert.match(question(order, preview, "USD"), /trade 1,500 now: about 68,850\.50 USD paid, fees included/);
  assert.match(question(order, { ...preview, cost: -5 }, "USD"), /5\.00 USD received/);
  assert.equal(question(order, null, "USD"), "Buy 1,500 HARBOR at 45.90, day?");
  assert.equal(question({ ...order, time_in_force: "gtc" }, null, "USD"), "Buy 1,500 HARBOR at 45.90, GTC?");
});

test("local times of a zone, also in the days of a change of the clocks", () => {
  const zone = "America/New_York";
  for (const text of ["2025-03-18T16:00", "2025-01-02T09:30", "2025-03-09T16:00", "2025-11-02T09:30", "2025-07-01T00:00"]) {
    assert.equal(local(moment(text, zone) ?? 0, zone), text);
  }
  assert.equal(moment("2025-03-18T16:00", zone), Date.UTC(2025, 2, 18, 20));
  assert.equal(moment("", zone), null);
});

test("the cost is of what trades at once, or of a whole order at its limit", () => {
  const preview = { accepted: true, fill: { quantity: 100 }, cost: 4_590.14, fees: 0.14, leaves: 0, limit_price: 46 } as PreviewOut;
  assert.equal(cost(preview, 1, "USD"), "4,590.14 · 0.14 USD");
  assert.equal(cost({ ...preview, cost: -4_590 }, 1, "USD"), "4,590.00 · 0.14 USD");
  const rests = { ...preview, fill: { quantity: 0 }, leaves: 20, limit_price: 45.5 } as PreviewOut;
  assert.equal(cost(rests, 10, "USD"), "9,100.00 USD when filled");
  assert.equal(cost({ ...rests, limit_price: null }, 1, "USD"), "–");
});
