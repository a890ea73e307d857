import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitsOut } from "../../wire/answers";
import { limitsTold } from "./limits-told";

const LIMITS: LimitsOut = {
  max_order_lots: 1000,
  max_order_notional: 0,
  position_limit_lots: 5000,
  max_open_orders: 200,
  orders_per_second: 10,
  order_burst: 20,
  max_daily_loss: 0,
  max_drawdown: 50_000,
};

test("a limit that was changed is told with what it is and was", () => {
  assert.deepEqual(limitsTold(LIMITS, { ...LIMITS }, "USD"), []);
  assert.deepEqual(limitsTold(LIMITS, { ...LIMITS, max_open_orders: 5, max_daily_loss: 1500 }, "USD"), [
    "The most open orders is now 5 orders; it was 200 orders.",
    "The largest loss of a day is now 1,500.00 USD; it was without limit.",
  ]);
  assert.deepEqual(limitsTold(LIMITS, { ...LIMITS, max_drawdown: 0 }, "USD"), ["The largest fall from the peak is now without limit; it was 50,000.00 USD."]);
});
