import { money } from "../../ui/format";
import type { LimitsOut } from "../../wire/answers";

type Unit = "lots" | "money" | "orders" | "";

const LIMITS: Record<keyof LimitsOut, readonly [name: string, unit: Unit]> = {
  max_order_lots: ["The largest order", "lots"],
  max_order_notional: ["The largest value of an order", "money"],
  position_limit_lots: ["The largest position", "lots"],
  max_open_orders: ["The most open orders", "orders"],
  orders_per_second: ["The most orders a second", ""],
  order_burst: ["The most orders at once", ""],
  max_daily_loss: ["The largest loss of a day", "money"],
  max_drawdown: ["The largest fall from the peak", "money"],
};

function said(value: number, unit: Unit, currency: string): string {
  if (value === 0) return "without limit";
  if (unit === "money") return money(value, currency);
  const text = value.toLocaleString("en-US");
  return unit === "" ? text : `${text} ${unit}`;
}

/** A sentence for each limit that is another now, with what it is and what it was. */
export function limitsTold(before: LimitsOut, after: LimitsOut, currency: string): string[] {
  const names = Object.keys(LIMITS) as (keyof LimitsOut)[];
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const [what, unit] = LIMITS[name];
      return `${what} is now ${said(after[name], unit, currency)}; it was ${said(before[name], unit, currency)}.`;
    });
}
