// States, reasons and terms of orders in words.

import * as format from "../../ui/format";
import type { Instrument, Order } from "../../store/types";

const STATES: Readonly<Record<string, string>> = {
  pending_new: "Sent",
  new: "Working",
  held: "Held",
  partially_filled: "Partly filled",
  suspended: "Suspended",
  filled: "Filled",
  canceled: "Cancelled",
  expired: "Expired",
  replaced: "Replaced",
  rejected: "Rejected",
};

/** The state of an order as people say it. */
export function stateWord(state: string): string {
  return STATES[state] ?? format.words(state);
}

/** Why an order ended, in a few words; the explanation has the numbers. A test holds the names to the exchange's own. */
export const REASONS: Readonly<Record<string, string>> = {
  none: "",
  unknown_command: "no such command here",
  time_backwards: "its time was wrong",
  unknown_account: "no such account",
  unknown_instrument: "no such instrument",
  account_suspended: "account suspended",
  market_closed: "market closed",
  invalid_side: "neither buy nor sell",
  invalid_order_type: "order type not possible here",
  invalid_time_in_force: "time in force not possible here",
  invalid_self_trade_prevention: "unknown self-trade prevention",
  invalid_flags: "flags do not go together",
  invalid_client_order_id: "client order id not possible",
  invalid_quantity: "quantity not positive",
  quantity_not_in_increment: "quantity between two steps",
  quantity_too_large: "quantity above the maximum",
  invalid_price: "price not possible",
  price_not_in_increment: "price between two ticks",
  price_out_of_band: "price outside the band",
  notional_too_large: "value above the maximum",
  order_rate: "sent too fast",
  too_many_open_orders: "too many open orders",
  duplicate_client_order_id: "client order id in use",
  short_sale_not_permitted: "may not sell short",
  position_limit: "position limit",
  insufficient_buying_power: "not enough buying power",
  post_only_would_cross: "post-only, but would have traded",
  instrument_halted: "instrument halted",
  invalid_expire_time: "expiry not possible",
  invalid_trigger_price: "trigger price not possible",
  unknown_order: "no such open order",
  not_order_owner: "another account's order",
  quantity_below_executed: "less than has traded",
  invalid_display_quantity: "display quantity not possible",
  invalid_group: "does not fit its group",
  reduce_only_would_open: "reduce-only, but would have opened",
  short_sale_restricted: "short sales restricted",
  by_request: "as asked",
  immediate_or_cancel: "immediate or cancel",
  fill_or_kill: "fill or kill",
  no_liquidity: "other side of the book was empty",
  self_trade: "would have traded with itself",
  mass_cancel: "all orders cancelled",
  kill_switch: "account switched off",
  end_of_day: "end of the day",
  group: "other order of its group traded or ended",
  reduce_only: "position became smaller",
  auction_ended: "its auction was over",
  end_of_time: "its time was over",
  limit_up_down: "price limit reached",
  scheduled: "as scheduled",
  invalid_amount: "amount not possible",
  insufficient_cash: "not enough cash",
  gross_exposure: "gross exposure limit",
  net_exposure: "net exposure limit",
  daily_loss: "daily loss limit",
  drawdown: "drawdown limit",
  liquidation: "margin call not met",
  corporate_action: "corporate action",
  price_collar: "rest was beyond the collar",
  deposit: "deposit",
  withdrawal: "withdrawal",
  fine: "fine",
  dividend: "dividend",
  borrow_cost: "cost of borrowing",
  interest: "interest",
  cash_in_lieu: "cash for a fraction",
  unknown_limit: "no such limit",
  invalid_limit: "limit not possible",
  invalid_session_state: "session cannot go there",
  invalid_announcement: "announcement not possible",
  unknown_trade: "no such trade",
  already_busted: "trade busted before",
  trade_too_old: "trade too old to bust",
  unknown_fee: "no such fee",
  invalid_fee: "fee not possible",
};

/** A reason in words; one that is not known is shown as it is named. */
export function reasonWord(reason: string): string {
  return REASONS[reason] ?? format.words(reason);
}

const TYPES: Readonly<Record<string, string>> = {
  market: "Market",
  limit: "Limit",
  stop: "Stop",
  stop_limit: "Stop limit",
  market_if_touched: "If touched",
  limit_if_touched: "Limit if touched",
  trailing_stop: "Trailing",
};

/** The type of an order; an iceberg says so. */
export function typeWord(order: Order): string {
  const name = TYPES[order.type] ?? format.words(order.type);
  return order.display_quantity === null ? name : `${name}, iceberg`;
}

/** The price that an order trades at, as it stands: its limit, or that it has none. */
export function priceWord(order: Order, terms: Instrument | undefined): string {
  return order.limit_price === null ? "market" : format.price(order.limit_price, terms?.tick_size);
}

/** The price that sets an order off; empty for an order that waits for none. */
export function triggerWord(order: Order, terms: Instrument | undefined): string {
  return order.stop_price === null ? "" : format.price(order.stop_price, terms?.tick_size);
}

/** How far a trailing stop stays behind the market; empty for every other order. */
export function trailWord(order: Order, terms: Instrument | undefined): string {
  if (order.trail_percent !== null) return `${order.trail_percent}%`;
  return order.trail_amount === null ? "" : format.price(order.trail_amount, terms?.tick_size);
}

/** Time in force, with the moment at which it ends where it has one. */
export function forceWord(order: Order, zone: string): string {
  const name = order.time_in_force.toUpperCase();
  return order.expires > 0 ? `${name} ${format.clock(order.expires, zone)}` : name;
}

/** "Buy 100 HARBOR at 45.90": what a question or a message calls an order. */
export function orderName(order: Order, terms: Instrument | undefined): string {
  const side = order.side === "buy" ? "Buy" : "Sell";
  const at = order.limit_price !== null ? ` at ${priceWord(order, terms)}` : "";
  const stop = order.stop_price !== null ? `, ${TYPES[order.type]?.toLowerCase() ?? "stop"} ${format.price(order.stop_price, terms?.tick_size)}` : "";
  return `${side} ${format.quantity(order.quantity, terms?.lot_size)} ${order.symbol}${at}${stop}`;
}
