import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account, Position } from "../../store/types";
import type { AccountOut } from "../../wire/answers";
import { pointsOf } from "./curve";
import { dayLoss, dayProfit, drawdown, exposure, gauge, largestPosition, marginUse, peak, remaining } from "./standing";

function account(given: Partial<Account>, latest: Partial<AccountOut> = {}, limits: Partial<AccountOut["limits"]> = {}): Account {
  const all = { max_drawdown: 0, max_daily_loss: 0, position_limit_lots: 0, ...limits };
  return { equity: 1_000, startCash: 1_000, marginUsed: 0, latest: { peak_equity: null, day_equity: 1_000, ...latest, limits: all }, ...given } as Account;
}

test("a gauge warns before its limit and at it; without one it has no part", () => {
  assert.deepEqual([gauge(79, 100).alarm, gauge(80, 100).alarm, gauge(100, 100).alarm], ["", "near", "over"]);
  assert.deepEqual(gauge(50, 0), { value: 50, limit: 0, part: null, alarm: "" });
});

test("a drawdown is measured from the exchange's peak where it watches, else from the curve's", () => {
  const curve = [{ time: 1, value: 1_200 }, { time: 2, value: 900 }];
  assert.equal(drawdown(account({ equity: 900 }), curve).value, 300);
  assert.deepEqual(drawdown(account({ equity: 900 }, { peak_equity: 1_000 }, { max_drawdown: 125 }), curve), { value: 100, limit: 125, part: 0.8, alarm: "near" });
  // A peak that is only now reached is not in the last answer yet.
  assert.equal(peak(account({ equity: 1_300 }, { peak_equity: 1_000 }), curve), 1_300);
  assert.equal(drawdown(account({ equity: 1_300 }, { peak_equity: 1_000 }), curve).value, 0);
});

test("the day's profit is against its beginning, and a loss against its limit", () => {
  assert.equal(dayProfit(account({ equity: 1_040 })), 40);
  assert.equal(dayProfit({ ...account({}), latest: null }), null);
  assert.deepEqual(dayLoss(account({ equity: 950 }, {}, { max_daily_loss: 50 })), { value: 50, limit: 50, part: 1, alarm: "over" });
  assert.equal(dayLoss(account({ equity: 1_040 }, {}, { max_daily_loss: 50 })).value, 0);
});

test("margin used is a part of equity", () => {
  assert.equal(marginUse(account({ equity: 1_000, marginUsed: 250 })).part, 0.25);
});

const positions = [
  { symbol: "ACME", quantity: 30, marketValue: 600 },
  { symbol: "BOLT", quantity: -80, marketValue: -400 },
] as Position[];

test("exposure adds longs and shorts, and sets them off", () => {
  assert.deepEqual(exposure(account({ equity: 500 }), positions), { gross: 1_000, net: 200, leverage: 2 });
  assert.equal(exposure(account({ equity: 0 }), positions).leverage, null);
});

test("the position nearest to the limit is told in lots", () => {
  const limited = account({}, {}, { position_limit_lots: 100 });
  const largest = largestPosition(limited, positions, (symbol) => (symbol === "ACME" ? 0.5 : 1));
  assert.deepEqual([largest?.symbol, largest?.value, largest?.alarm], ["BOLT", 80, "near"]);
  assert.equal(largestPosition(account({}), positions, () => 1), null);
});

test("what remains until a deadline", () => {
  assert.deepEqual([remaining(65_000, 0), remaining(1_001, 1_000), remaining(500, 1_000), remaining(3_725_000, 0)], ["1:05", "0:01", "0:00", "1:02:05"]);
});

test("the curve is told at equal steps, each with what was known then", () => {
  const curve = [{ time: 1_000, value: 1 }, { time: 1_900, value: 2 }, { time: 4_000, value: 3 }];
  assert.deepEqual(pointsOf(curve, 100), [{ time: 1, value: 2 }, { time: 2, value: 2 }, { time: 3, value: 2 }, { time: 4, value: 3 }]);
  const long = Array.from({ length: 1_000 }, (_, place) => ({ time: place * 7_000, value: place }));
  const points = pointsOf(long, 50);
  assert.ok(points.length <= 51 && points.length > 40);
  assert.deepEqual([points[0], points.at(-1)], [{ time: 0, value: 0 }, { time: 6_993, value: 999 }]);
  assert.ok(points.every(({ time }, place) => place === 0 || time > (points[place - 1]?.time ?? 0)));
  assert.deepEqual(pointsOf([], 10), []);
  assert.deepEqual(pointsOf([{ time: 5_000, value: 7 }], 10), [{ time: 5, value: 7 }]);
});
