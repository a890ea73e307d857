import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instrument } from "../../store/types";
import { Ticket } from "../../ui/ticket";
import type { PlaceOrder } from "../../wire/frames";
import { fieldOf, orderOf, warning } from "./terms";

const HARBOR = { price_increment: 0.01, lot_size: 1, quantity_increment: 1 } as Instrument;

function filled(fields: Record<string, unknown>): Ticket {
  const ticket = new Ticket();
  for (const [name, value] of Object.entries(fields)) {
    (ticket as unknown as Record<string, { value: unknown }>)[name]!.value = value;
  }
  return ticket;
}

function order(fields: Record<string, unknown>): PlaceOrder {
  const asked = orderOf(filled(fields), "HARBOR", HARBOR);
  assert.ok("order" in asked, JSON.stringify(asked));
  return asked.order;
}

function missing(fields: Record<string, unknown>): string {
  const asked = orderOf(filled(fields), "HARBOR", HARBOR);
  assert.ok("missing" in asked, JSON.stringify(asked));
  return asked.field;
}

const base = { symbol: "HARBOR", side: "buy", time_in_force: "day" };

test("an order has the terms of its type and no others", () => {
  const all = { price: 46.1, stop: 46.2, trail: 0.5, display: 10, postOnly: true, takeProfit: 50, stopLoss: 40 };
  assert.deepEqual(order({ ...all, type: "market", display: null }), { ...base, type: "market", quantity: "100" });
  assert.deepEqual(order({ ...all, type: "limit" }), {
    ...base,
    type: "limit",
    quantity: "100",
    limit_price: "46.10",
    display_quantity: "10",
    post_only: true,
  });
  assert.deepEqual(order({ ...all, type: "stop_limit" }), {
    ...base,
    type: "stop_limit",
    quantity: "100",
    limit_price: "46.10",
    stop_price: "46.20",
  });
  assert.deepEqual(order({ ...all, type: "trailing_stop", trailUnit: "percent" }), {
    ...base,
    type: "trailing_stop",
    quantity: "100",
    trail_percent: "0.5",
  });
});

test("groups carry their exits; an OCO is nothing but exits", () => {
  const exits = { takeProfit: 50, stopLoss: 40, stopLossLimit: 39.9 };
  const bracket = order({ type: "market", orderClass: "bracket", ...exits });
  assert.deepEqual(
    [bracket.order_class, bracket.take_profit_limit, bracket.stop_loss_stop, bracket.stop_loss_limit],
    ["bracket", "50.00", "40.00", "39.90"],
  );
  const oco = order({ type: "market", side: "sell", orderClass: "oco", price: 46, ...exits });
  assert.deepEqual([oco.type, oco.limit_price, oco.side], ["limit", undefined, "sell"]);
  assert.equal(order({ type: "market", orderClass: "oto", stopLoss: 40 }).take_profit_limit, undefined);
});

test("what is missing is said at its input", () => {
  assert.equal(missing({ quantity: null }), "quantity");
  assert.equal(missing({ type: "limit" }), "price");
  assert.equal(missing({ type: "stop" }), "stop");
  assert.equal(missing({ type: "trailing_stop" }), "trail");
  assert.equal(missing({ type: "market", tif: "gtd" }), "expires");
  assert.equal(missing({ type: "market", orderClass: "bracket" }), "takeProfit");
  assert.equal(missing({ type: "market", orderClass: "bracket", takeProfit: 50 }), "stopLoss");
  assert.equal(missing({ type: "market", orderClass: "oto" }), "takeProfit");
});

test("what cannot be read, and a quantity of nothing, is never sent", () => {
  const refused = (fields: Record<string, unknown>): string => {
    const asked = orderOf(filled(fields), "HARBOR", HARBOR);
    assert.ok("missing" in asked && asked.wrong === true, JSON.stringify(asked));
    return `${asked.field}: ${asked.missing}`;
  };
  const type = "limit";
  assert.equal(refused({ type, price: 46, quantity: Number.NaN }), "quantity: The quantity is not a number; write 1.5 with a point.");
  assert.match(refused({ type, price: Number.NaN }), /^price: The limit price is not a number/);
  // Left out it would mean something else: all of the order would be shown.
  assert.match(refused({ type, price: 46, display: Number.NaN }), /^display: /);
  assert.match(refused({ type: "market", notional: Number.NaN }), /^quantity: The value /);
  for (const quantity of [0, -5]) assert.equal(refused({ type, price: 46, quantity }), "quantity: The quantity must be above 0.");
  assert.equal(order({ type: "market", price: Number.NaN }).limit_price, undefined, "an input that the order does not have");
});

test("an exit on the wrong side is said at its input, with where it must be", () => {
  const said = (fields: Record<string, unknown>): string => {
    const asked = orderOf(filled({ type: "limit", price: 46, orderClass: "bracket", stopLoss: 45, takeProfit: 47, ...fields }), "HARBOR", HARBOR);
    return "missing" in asked ? `${asked.field} ${asked.wrong}: ${asked.missing}` : "sent";
  };
  assert.equal(said({}), "sent");
  assert.equal(said({ takeProfit: 45.5 }), "takeProfit true: The take-profit must be above the entry's limit of 46.00; it would trade at once.");
  assert.equal(said({ stopLoss: 46 }), "stopLoss true: The stop-loss must be below the entry's limit of 46.00; it would trade at once.");
  assert.match(said({ side: "sell" }), /^takeProfit true: The take-profit must be below the entry's limit/);
  assert.equal(said({ side: "sell", takeProfit: 45, stopLoss: 47 }), "sent");
  assert.equal(said({ type: "market", takeProfit: 45.5 }), "sent", "nobody knows where a market order enters");
  assert.equal(said({ type: "market", takeProfit: 44 }), "takeProfit true: The take-profit must be above the stop-loss.");
  assert.equal(said({ orderClass: "oco", side: "sell" }), "sent");
  assert.equal(said({ orderClass: "oco", side: "buy" }), "takeProfit true: The take-profit must be below the stop-loss.");
  assert.equal(said({ orderClass: "oto", takeProfit: null, stopLoss: 46.5 }).slice(0, 13), "stopLoss true");
});

test("a stop whose trigger the market has passed is one that triggers at once", () => {
  const stop = order({ type: "stop", stop: 45 });
  assert.equal(warning(stop, 46, 2), "The last price is 46.00 already: this buy stop triggers at once.");
  assert.match(warning(order({ type: "stop_limit", side: "sell", stop: 46, price: 45 }), 46, 2), /sell stop triggers at once/);
  for (const last of [44.99, null, undefined]) assert.equal(warning(stop, last, 2), "");
  assert.equal(warning(order({ type: "limit", price: 47 }), 46, 2), "");
});

test("numbers go out as they were given", () => {
  assert.equal(order({ type: "limit", price: 45.1 + 0.2 }).limit_price, "45.30");
  assert.equal(order({ type: "limit", price: 45.125 }).limit_price, "45.125", "the server says what is wrong with it");
  assert.equal(order({ type: "market", quantity: 0.00000001 * 3 }).quantity, "0.00000003");
  const byValue = order({ type: "market", notional: 1000 });
  assert.deepEqual([byValue.notional, byValue.quantity], ["1000.00", undefined]);
  assert.equal(order({ type: "market", tif: "gtd", expires: Date.UTC(2025, 2, 18, 20) }).expires, "2025-03-18T20:00:00.000Z");
});

test("a refusal is shown at the input that it is about", () => {
  const limit = { ...base, type: "limit", limit_price: "46" };
  assert.equal(fieldOf("PRICE_OUT_OF_BAND", "its price", limit), "price");
  assert.equal(fieldOf("INVALID_TRIGGER_PRICE", "", { ...base, type: "trailing_stop" }), "trail");
  assert.equal(fieldOf("PRICE_NOT_IN_INCREMENT", "", { ...base, type: "stop", stop_price: "46" }), "stop");
  assert.equal(fieldOf("INVALID_PRICE", "the take-profit of …", { ...limit, take_profit_limit: "50" }), "takeProfit");
  assert.equal(fieldOf("INSUFFICIENT_BUYING_POWER", "", limit), "quantity");
  assert.equal(fieldOf("MARKET_CLOSED", "", limit), "");
});

test("a number that cannot be counted is told, and nothing is sent as if it were another", () => {
  assert.equal(missing({ quantity: 1e20, price: 46 }), "quantity");
  assert.equal(missing({ price: 99_999_999_999_999_999_999 }), "price");
  assert.deepEqual(orderOf(filled({ quantity: 1e20, price: 46 }), "HARBOR", HARBOR), {
    missing: "The quantity is larger than any that there can be.",
    field: "quantity",
    wrong: true,
  });
});
