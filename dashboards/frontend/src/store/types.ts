// What panels read. Names are the API's; times are milliseconds since 1970 and 0 where there is none yet, prices and amounts are
// in currency, quantities in units. Names with a capital inside are computed here and are nobody's field.

import type { AccountOut, FillOut, InstrumentOut, MeOut } from "../wire/answers";

export type Instrument = InstrumentOut;
export type Me = MeOut;
export type Side = "buy" | "sell";

export interface Level {
  price: number;
  quantity: number;
  orders: number;
}

export interface Depth {
  bids: Level[];
  asks: Level[];
  seq: number;
}

export interface Trade {
  seq: number;
  id: number;
  time: number;
  price: number;
  quantity: number;
  side: string;
  auction: boolean;
  /** Undone by the exchange. */
  busted: boolean;
}

export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  trades: number;
}

export interface Order {
  id: number;
  client_order_id: string;
  symbol: string;
  side: Side;
  type: string;
  time_in_force: string;
  state: string;
  /** Why it ended or was refused; "none" for no reason. */
  reason: string;
  quantity: number;
  leaves: number;
  executed: number;
  average_price: number | null;
  limit_price: number | null;
  stop_price: number | null;
  trail_amount: number | null;
  trail_percent: number | null;
  watermark: number | null;
  display_quantity: number | null;
  /** Shown before it in the queue of its price when it last queued; null where it does not queue. */
  ahead: number | null;
  group: number | null;
  replaced_by: number | null;
  created: number;
  updated: number;
  expires: number;
  fees: number;
}

export interface Fill extends Omit<FillOut, "time" | "position"> {
  time: number;
  /** Undone by the exchange: it counts no more. */
  busted: boolean;
}

export interface Position {
  symbol: string;
  quantity: number;
  cost: number;
  average_price: number | null;
  /** What it is valued at now; null where there is no price yet. */
  mark: number | null;
  marketValue: number;
  unrealised: number;
  realised: number;
  realised_fifo: number;
  fees: number;
  updated: number;
}

export interface Account {
  /** The account's name, such as `seat-3`; empty without a seat. */
  name: string;
  state: string;
  cash: number;
  /** Cash and positions at their marks, now. */
  equity: number;
  startCash: number;
  pnl: number;
  unrealised: number;
  realised: number;
  fees: number;
  buyingPower: number;
  marginUsed: number;
  maintenance: number;
  /** Fraction of the highest equity so far that is lost now, ≥ 0. */
  drawdown: number;
  /** Amounts of currency at which trading ends; 0 for none. */
  drawdownLimit: number;
  lossLimit: number;
  marginCall: boolean;
  /** When a margin call must be met; 0 for none. */
  callDeadline: number;
  suspendedFor: string;
  /** The latest answer of the API, for what is not above; null before the first. */
  latest: AccountOut | null;
}

export interface News {
  number: number;
  time: number;
  headline: string;
  body: string;
  symbols: string[];
  author: string;
}

export interface Worth {
  time: number;
  value: number;
}

export const ENDED_STATES: ReadonlySet<string> = new Set(["filled", "canceled", "expired", "replaced", "rejected"]);

/** Of orders: whether something may still happen to it. */
export function isWorking(order: { state: string }): boolean {
  return !ENDED_STATES.has(order.state);
}
