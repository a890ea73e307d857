import type { Depth, Order } from "../../store/types";

/** One price of the ladder; primitives only, so that a row which shows the same is known by comparing them. */
export interface Row {
  ticks: number;
  price: number;
  bid: number;
  ask: number;
  /** Length of the depth bar, 0 to 100. */
  bar: number;
  /** Open quantity of one's own limit orders here, and what was displayed ahead of the first when it queued. */
  ownBuy: number;
  ownSell: number;
  ahead: number | null;
  mark: "best-bid" | "best-ask" | "inside" | "";
  last: boolean;
  indicative: boolean;
}

interface Own {
  buy: number;
  sell: number;
  ahead: number | null;
}

export interface Shown {
  depth: Depth;
  orders: readonly Order[];
  last: number | null;
  indicative: number | null;
}

/** Whole steps of a price; doubles near it are the same step. */
export function ticksOf(price: number, step: number): number {
  return Math.round(price / step);
}

/** One's own quantities by price, of orders that are in the book with a price. */
export function ownByPrice(orders: readonly Order[], step: number): Map<number, Own> {
  const found = new Map<number, Own>();
  for (const order of orders) {
    if (order.limit_price === null || order.state === "held") continue;
    const ticks = ticksOf(order.limit_price, step);
    const own = found.get(ticks) ?? { buy: 0, sell: 0, ahead: null };
    if (order.side === "buy") own.buy += order.leaves;
    else own.sell += order.leaves;
    if (order.ahead !== null) own.ahead = own.ahead === null ? order.ahead : Math.min(own.ahead, order.ahead);
    found.set(ticks, own);
  }
  return found;
}

/** The rows from `top` down, one for every step of the price whether or not anything is there. */
export function rowsOf(shown: Shown, top: number, count: number, step: number): Row[] {
  const bids = new Map(shown.depth.bids.map((level) => [ticksOf(level.price, step), level.quantity]));
  const asks = new Map(shown.depth.asks.map((level) => [ticksOf(level.price, step), level.quantity]));
  const own = ownByPrice(shown.orders, step);
  const bestBid = shown.depth.bids[0] === undefined ? null : ticksOf(shown.depth.bids[0].price, step);
  const bestAsk = shown.depth.asks[0] === undefined ? null : ticksOf(shown.depth.asks[0].price, step);
  const last = shown.last === null ? null : ticksOf(shown.last, step);
  const indicative = shown.indicative === null ? null : ticksOf(shown.indicative, step);
  // Bars are of what is on the ladder now: one large order far away must not flatten all others.
  let most = 0;
  for (let ticks = top - count + 1; ticks <= top; ticks++) most = Math.max(most, bids.get(ticks) ?? 0, asks.get(ticks) ?? 0);
  const rows: Row[] = [];
  for (let at = 0; at < count; at++) {
    const ticks = top - at;
    const bid = bids.get(ticks) ?? 0;
    const ask = asks.get(ticks) ?? 0;
    const mine = own.get(ticks);
    const inside = bestBid !== null && bestAsk !== null && ticks > bestBid && ticks < bestAsk;
    rows.push({
      ticks,
      price: ticks * step,
      bid,
      ask,
      bar: most > 0 ? Math.max(Math.round((100 * Math.max(bid, ask)) / most), bid + ask > 0 ? 2 : 0) : 0,
      ownBuy: mine?.buy ?? 0,
      ownSell: mine?.sell ?? 0,
      ahead: mine?.ahead ?? null,
      mark: ticks === bestBid ? "best-bid" : ticks === bestAsk ? "best-ask" : inside ? "inside" : "",
      last: ticks === last,
      indicative: ticks === indicative,
    });
  }
  return rows;
}

/** Where the market is: between bid and ask, else at one of them, the last trade, or what is given. */
export function middleOf(shown: Shown, otherwise: number | null, step: number): number | null {
  const bid = shown.depth.bids[0]?.price;
  const ask = shown.depth.asks[0]?.price;
  const price =
    bid !== undefined && ask !== undefined ? (bid + ask) / 2 : (shown.indicative ?? bid ?? ask ?? shown.last ?? otherwise);
  return price === null ? null : ticksOf(price, step);
}

/** The top row that keeps the market in sight. It stays as it is until the middle comes within a sixth of an edge. */
export function followed(top: number, count: number, middle: number): number {
  const edge = Math.max(2, Math.floor(count / 6));
  const at = top - middle;
  return at < edge || at > count - 1 - edge ? middle + Math.floor(count / 2) : top;
}
