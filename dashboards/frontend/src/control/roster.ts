import type { AccountRow, MarketRow, PositionRow } from "../wire/frames";
import type { ParticipantOut, StandingOut } from "./words";

/** A participant as the roster shows it: who, how they stand, and what they hold. */
export interface RosterRow {
  account: number;
  seat: string;
  user: string;
  userId: string;
  online: boolean;
  bot: boolean;
  suspended: boolean;
  marginCall: boolean;
  breaches: number;
  equity: number;
  pnl: number;
  drawdown: number;
  fills: number;
  openOrders: number;
  holdings: Holding[];
  /** Value of long and short positions added up, at the marks known here. */
  exposure: number;
}

export interface Holding {
  symbol: string;
  quantity: number;
}

export const FILTERS = ["all", "online", "offline", "flat", "breach", "bots", "suspended"] as const;
export type Filter = (typeof FILTERS)[number];

export const SORTS = ["seat", "user", "state", "equity", "pnl", "drawdown", "exposure", "openOrders", "fills", "breaches"] as const;
export type Sort = (typeof SORTS)[number];

/** What an instrument is worth here: the last price, else the middle of the quote. */
export function markOf(market: MarketRow | undefined): number | null {
  if (market === undefined) return null;
  if (market.last !== null && market.last !== undefined) return market.last;
  const { bid, ask } = market;
  return bid === null || bid === undefined || ask === null || ask === undefined ? null : (bid + ask) / 2;
}

/** Rows of everybody with a seat; what is not known yet is zero. After the close no order is open: what is good till cancelled stays, and trades no more. */
export function rosterRows(
  participants: readonly ParticipantOut[],
  standings: readonly StandingOut[],
  positions: readonly PositionRow[],
  accounts: ReadonlyMap<number, AccountRow>,
  markets: ReadonlyMap<string, MarketRow>,
  over = false,
): RosterRow[] {
  const standing = new Map(standings.map((each) => [each.account, each]));
  const held = new Map<number, Holding[]>();
  for (const { account, symbol, quantity = 0 } of positions) {
    if (quantity === 0) continue;
    const list = held.get(account) ?? [];
    list.push({ symbol, quantity });
    held.set(account, list);
  }
  return participants.map((each) => {
    const stands = standing.get(each.account);
    const account = accounts.get(each.account);
    const holdings = (held.get(each.account) ?? []).sort((a, b) => a.symbol.localeCompare(b.symbol));
    return {
      account: each.account,
      seat: each.name,
      user: each.user,
      userId: each.user_id,
      online: each.connected,
      bot: each.bot,
      suspended: (account?.state ?? stands?.state) === "suspended",
      marginCall: account?.margin_call ?? false,
      breaches: stands?.breaches ?? 0,
      equity: stands?.equity ?? 0,
      pnl: stands?.pnl ?? 0,
      drawdown: stands?.drawdown ?? 0,
      fills: stands?.fills ?? 0,
      openOrders: over ? 0 : (stands?.open_orders ?? 0),
      holdings,
      exposure: holdings.reduce((sum, { symbol, quantity }) => sum + Math.abs(quantity) * (markOf(markets.get(symbol)) ?? 0), 0),
    };
  });
}

/** The state that matters most, in a word. */
export function stateOf(row: RosterRow): "suspended" | "margin call" | "breach" | "offline" | "flat" | "online" {
  if (row.suspended) return "suspended";
  if (row.marginCall) return "margin call";
  if (row.breaches > 0) return "breach";
  if (!row.online) return "offline";
  return row.holdings.length === 0 ? "flat" : "online";
}

const GRAVITY = ["suspended", "margin call", "breach", "online", "flat", "offline"];

export function passes(row: RosterRow, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "online":
      return row.online;
    case "offline":
      return !row.online;
    case "flat":
      return row.holdings.length === 0;
    case "breach":
      return row.marginCall || row.breaches > 0;
    case "bots":
      return row.bot;
    case "suspended":
      return row.suspended;
  }
}

/** Whether a text is part of somebody's name or seat, or of a symbol that they hold. */
export function mentions(row: RosterRow, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return true;
  return [row.user, row.seat, ...row.holdings.map(({ symbol }) => symbol)].some((name) => name.toLowerCase().includes(wanted));
}

const natural = new Intl.Collator("en", { numeric: true });

/** Rows in order; those that are equal keep the order of their seats, so that nothing jumps. */
export function sorted(rows: readonly RosterRow[], sort: Sort, down: boolean): RosterRow[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => sign * compared(a, b, sort) || a.account - b.account);
}

function compared(a: RosterRow, b: RosterRow, sort: Sort): number {
  switch (sort) {
    case "seat":
      return natural.compare(a.seat, b.seat);
    case "user":
      return natural.compare(a.user, b.user);
    case "state":
      return GRAVITY.indexOf(stateOf(a)) - GRAVITY.indexOf(stateOf(b));
    default:
      return a[sort] - b[sort];
  }
}

/** What the class as a whole holds of an instrument. */
export interface Interest {
  long: number;
  short: number;
  net: number;
  holders: number;
}

/** Open interest of the class by symbol: the sums of what those with a seat are long and short. */
export function openInterest(rows: readonly RosterRow[]): Map<string, Interest> {
  const found = new Map<string, Interest>();
  for (const { holdings } of rows) {
    for (const { symbol, quantity } of holdings) {
      const sum = found.get(symbol) ?? { long: 0, short: 0, net: 0, holders: 0 };
      found.set(symbol, {
        long: sum.long + Math.max(quantity, 0),
        short: sum.short + Math.max(-quantity, 0),
        net: sum.net + quantity,
        holders: sum.holders + 1,
      });
    }
  }
  return found;
}
