// How an account stands against its limits.

import type { Account, Position, Worth } from "../../store/types";
import { totals } from "../positions/valuation";

export type Alarm = "" | "near" | "over";

/** Above this part of a limit its bar says so. */
const NEAR = 0.8;

/** A number against its limit; without a limit `part` is null and there is no bar to draw. */
export interface Gauge {
  value: number;
  limit: number;
  part: number | null;
  alarm: Alarm;
}

export function gauge(value: number, limit: number): Gauge {
  const part = limit > 0 ? Math.max(0, value / limit) : null;
  return { value, limit, part, alarm: part === null || part < NEAR ? "" : part < 1 ? "near" : "over" };
}

/**
 * What is lost since the highest equity, in currency, against its limit.
 *
 * Where the exchange watches the account, its peak counts, and what was earned since it was asked; elsewhere the highest
 * point of the curve.
 */
export function drawdown(account: Account, curve: readonly Worth[]): Gauge {
  return gauge(Math.max(0, peak(account, curve) - account.equity), account.latest?.limits.max_drawdown ?? 0);
}

export function peak(account: Account, curve: readonly Worth[]): number {
  const watched = account.latest?.peak_equity ?? null;
  if (watched !== null) return Math.max(watched, account.equity);
  let highest = Math.max(account.equity, account.startCash);
  for (const { value } of curve) if (value > highest) highest = value;
  return highest;
}

/** Profit since the day began, without money from outside. */
export function dayProfit(account: Account): number | null {
  return account.latest === null ? null : account.equity - account.latest.day_equity;
}

/** What is lost today against the most that may be. */
export function dayLoss(account: Account): Gauge {
  return gauge(Math.max(0, -(dayProfit(account) ?? 0)), account.latest?.limits.max_daily_loss ?? 0);
}

/** Margin that the positions need to be opened, against the equity that carries it. */
export function marginUse(account: Account): Gauge {
  return gauge(account.marginUsed, account.equity);
}

/** Margin that must be there, against equity: at 100 % the exchange calls. */
export function maintenanceUse(account: Account): Gauge {
  return gauge(account.maintenance, account.equity);
}

export interface Exposure {
  gross: number;
  net: number;
  /** Gross in multiples of equity; null where there is no equity. */
  leverage: number | null;
}

export function exposure(account: Account, positions: readonly Position[]): Exposure {
  const { long, short } = totals(positions);
  const gross = long - short;
  return { gross, net: long + short, leverage: account.equity > 0 ? gross / account.equity : null };
}

export interface LargestPosition extends Gauge {
  symbol: string;
}

/** The position that is nearest to the limit of one instrument, in lots; null where there is no such limit. */
export function largestPosition(
  account: Account,
  positions: readonly Position[],
  lotSize: (symbol: string) => number,
): LargestPosition | null {
  const limit = account.latest?.limits.position_limit_lots ?? 0;
  if (limit === 0) return null;
  let symbol = "";
  let largest = 0;
  for (const each of positions) {
    const lots = Math.abs(each.quantity) / lotSize(each.symbol);
    if (lots > largest) [largest, symbol] = [lots, each.symbol];
  }
  return { ...gauge(largest, limit), symbol };
}

/** Time until a moment of the exchange as "4:05"; "0:00" once it is there. */
export function remaining(deadline: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((deadline - now) / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
