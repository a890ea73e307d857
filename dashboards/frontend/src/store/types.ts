// What panels read. Names are the API's; times are milliseconds since 1970 and 0 where there is none yet, prices and amounts are
// in currency, quantities in units. Names with a capital inside are computed here and are nobody's field.

import type { AccountOut, CashOut, FillOut, InstrumentOut, MeOut, OrderOut, PositionOut } from "../wire/answers";
import type { CandleRow, NewsRow, TradeRow } from "../wire/frames";

/** A row of a topic with everything known, and its time as a number. */
type Known<Row> = Required<Omit<Row, "time">> & { time: number };

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

export type Trade = Known<TradeRow>;
export type Candle = Known<CandleRow>;
export type News = Known<NewsRow>;

/** `reason` is "none" for none; `ahead` is what stood before it when it last queued, null where it does not queue. */
type OrderField =
  | "id" | "client_order_id" | "symbol" | "type" | "time_in_force" | "state" | "reason"
  | "quantity" | "leaves" | "executed" | "busted" | "average_price" | "limit_price" | "stop_price"
  | "trail_amount" | "trail_percent" | "watermark" | "display_quantity" | "ahead"
  | "group" | "replaced_by" | "fees";

export interface Order extends Pick<OrderOut, OrderField> {
  side: Side;
  created: number;
  updated: number;
  expires: number;
}

export interface Fill extends Omit<FillOut, "time" | "position"> {
  time: number;
}

/** Money other than a trade's: a fine, a transfer, a dividend, interest. */
export type Movement = Omit<CashOut, "time"> & { time: number };

export interface Position extends Omit<PositionOut, "value" | "traded" | "updated"> {
  marketValue: number;
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

export interface Worth {
  time: number;
  value: number;
}

export const ENDED_STATES: ReadonlySet<string> = new Set(["filled", "canceled", "expired", "replaced", "rejected"]);

/** Of orders: whether something may still happen to it. */
export function isWorking(order: { state: string }): boolean {
  return !ENDED_STATES.has(order.state);
}
