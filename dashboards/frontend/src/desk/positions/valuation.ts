// What positions are worth, the way the exchange counts it (docs/rules.md): value at the mark, profit against what was paid.

import type { Position } from "../../store/types";
import type { MarketRow } from "../../wire/frames";

/** What the market did since the day's first trade, as a fraction. */
export function dayChange(market: MarketRow, mark: number | null): number | null {
  const open = market.open;
  return mark === null || open === null || open === undefined || open === 0 ? null : mark / open - 1;
}

/** Profit of an open position as a fraction of what it cost; null for a flat one. */
export function part(position: Pick<Position, "unrealised" | "cost" | "quantity">): number | null {
  return position.quantity === 0 || position.cost === 0 ? null : position.unrealised / Math.abs(position.cost);
}

export interface Totals {
  marketValue: number;
  long: number;
  short: number;
  cost: number;
  unrealised: number;
  realised: number;
  fees: number;
}

/** Sums over positions; `short` is below zero. */
export function totals(positions: readonly Position[]): Totals {
  const sum: Totals = { marketValue: 0, long: 0, short: 0, cost: 0, unrealised: 0, realised: 0, fees: 0 };
  for (const each of positions) {
    sum.marketValue += each.marketValue;
    sum.long += Math.max(0, each.marketValue);
    sum.short += Math.min(0, each.marketValue);
    sum.cost += Math.abs(each.cost);
    sum.unrealised += each.unrealised;
    sum.realised += each.realised;
    sum.fees += each.fees;
  }
  return sum;
}

/** Half of a position in whole steps of what may be ordered, rounded up so that a last step can go; above zero. */
export function half(quantity: number, increment: number): number {
  const steps = Math.round(Math.abs(quantity) / increment);
  const halved = Math.ceil(steps / 2) * increment;
  return Number(halved.toFixed(9));
}

/** A position that is flat is no position: it stays for what it earned, under another name. */
export function rowId({ symbol, quantity }: Pick<Position, "symbol" | "quantity">): string {
  return `positions-${quantity === 0 ? "flat" : "row"}-${symbol}`;
}
