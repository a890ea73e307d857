import { decimals } from "../../ui/format";
import { UNREADABLE } from "../../ui/reading";
import type { Ticket } from "../../ui/ticket";
import type { PlaceOrder } from "../../wire/frames";
import type { Instrument } from "../../store/types";

export const TYPES: readonly [value: string, name: string][] = [
  ["market", "Market"],
  ["limit", "Limit"],
  ["stop", "Stop"],
  ["stop_limit", "Stop limit"],
  ["trailing_stop", "Trailing stop"],
  ["market_if_touched", "Market if touched"],
  ["limit_if_touched", "Limit if touched"],
];

export const TIMES: readonly [value: string, name: string][] = [
  ["day", "Day"],
  ["gtc", "Till cancelled"],
  ["gtd", "Till a date"],
  ["ioc", "Immediate or cancel"],
  ["fok", "Fill or kill"],
  ["opg", "Opening auction"],
  ["cls", "Closing auction"],
];

export const CLASSES: readonly [value: string, name: string][] = [
  ["simple", "Single"],
  ["bracket", "Bracket"],
  ["oto", "One exit (OTO)"],
  ["oco", "Two exits (OCO)"],
];

/** Inputs of the ticket, by which of them an order of this kind has. */
export interface Needs {
  limit: boolean;
  stop: boolean;
  trail: boolean;
  display: boolean;
  notional: boolean;
  postOnly: boolean;
  expires: boolean;
  takeProfit: boolean;
  stopLoss: boolean;
}

const LIMITED = new Set(["limit", "stop_limit", "limit_if_touched"]);
const STOPPED = new Set(["stop", "stop_limit", "market_if_touched", "limit_if_touched"]);

export function needsOf(type: string, tif: string, orderClass: string): Needs {
  const oco = orderClass === "oco";
  return {
    limit: LIMITED.has(type) && !oco,
    stop: STOPPED.has(type) && !oco,
    trail: type === "trailing_stop" && !oco,
    display: type === "limit" && !oco,
    notional: (type === "market" || type === "limit") && !oco,
    postOnly: type === "limit" && !oco,
    expires: tif === "gtd",
    takeProfit: orderClass !== "simple",
    stopLoss: orderClass !== "simple",
  };
}

/** The order that a ticket describes, or what is still missing, and at which input. */
export type Asked = { order: PlaceOrder } | { missing: string; field: Field; wrong?: true };

export type Field = "quantity" | "price" | "stop" | "trail" | "display" | "expires" | "tif" | "class" | "takeProfit" | "stopLoss" | "stopLossLimit" | "";

/** Reads every signal that matters, so that what computes with it is computed anew when one changes. */
export function orderOf(ticket: Ticket, symbol: string, instrument: Instrument | undefined): Asked {
  const side = ticket.side.value;
  const orderClass = ticket.orderClass.value;
  const oco = orderClass === "oco";
  const type = oco ? "limit" : ticket.type.value;
  const tif = ticket.tif.value;
  const needs = needsOf(type, tif, orderClass);
  const places = decimals(instrument?.price_increment ?? 0.01);
  const price = (value: number): string => value.toFixed(Math.max(places, shortest(value)));
  const order: PlaceOrder = { symbol, side, type, time_in_force: tif };

  const wrong = unread(ticket, needs);
  if (wrong !== null) return wrong;
  const byValue = needs.notional && ticket.notional.value !== null;
  if (byValue && ticket.notional.value !== null) order.notional = ticket.notional.value.toFixed(2);
  else if (ticket.quantity.value === null) return { missing: "Give a quantity.", field: "quantity" };
  else if (ticket.quantity.value <= 0) return { missing: "The quantity must be above 0.", field: "quantity", wrong: true };
  else order.quantity = plain(ticket.quantity.value);
  if (needs.limit) {
    if (ticket.price.value === null) return { missing: "Give a limit price.", field: "price" };
    order.limit_price = price(ticket.price.value);
  }
  if (needs.stop) {
    if (ticket.stop.value === null) return { missing: "Give a trigger price.", field: "stop" };
    order.stop_price = price(ticket.stop.value);
  }
  if (needs.trail) {
    if (ticket.trail.value === null) return { missing: "Say how far the stop trails.", field: "trail" };
    if (ticket.trailUnit.value === "percent") order.trail_percent = plain(ticket.trail.value);
    else order.trail_amount = price(ticket.trail.value);
  }
  if (needs.display && ticket.display.value !== null) order.display_quantity = plain(ticket.display.value);
  if (needs.postOnly && ticket.postOnly.value) order.post_only = true;
  if (ticket.reduceOnly.value) order.reduce_only = true;
  if (needs.expires) {
    if (ticket.expires.value === null) return { missing: "Say until when the order is good.", field: "expires" };
    order.expires = new Date(ticket.expires.value).toISOString();
  }
  if (orderClass !== "simple") {
    order.order_class = orderClass;
    if (ticket.takeProfit.value !== null) order.take_profit_limit = price(ticket.takeProfit.value);
    else if (orderClass !== "oto") return { missing: "Give the take-profit's limit price.", field: "takeProfit" };
    if (ticket.stopLoss.value !== null) {
      order.stop_loss_stop = price(ticket.stopLoss.value);
      if (ticket.stopLossLimit.value !== null) order.stop_loss_limit = price(ticket.stopLossLimit.value);
    } else if (orderClass !== "oto") return { missing: "Give the stop-loss's trigger price.", field: "stopLoss" };
    else if (ticket.takeProfit.value === null) return { missing: "Give a take-profit or a stop-loss.", field: "takeProfit" };
    const crossed = crossedExits(order);
    if (crossed !== null) return crossed;
  }
  return { order };
}

/** An exit on the wrong side of its entry, or of the other exit: it would trade as soon as the entry has. */
function crossedExits({ side, order_class, limit_price, take_profit_limit: take, stop_loss_stop: stop }: PlaceOrder): Asked | null {
  // Of an OCO the order itself is the exit.
  const selling = (side === "buy") === (order_class !== "oco");
  const beyond = (one: Given, other: Given): boolean => (selling ? Number(one) > Number(other) : Number(one) < Number(other));
  const [profit, loss] = selling ? ["above", "below"] : ["below", "above"];
  if (given(take) && given(limit_price) && !beyond(take, limit_price)) {
    return { missing: `The take-profit must be ${profit} the entry's limit of ${limit_price}; it would trade at once.`, field: "takeProfit", wrong: true };
  }
  if (given(stop) && given(limit_price) && !beyond(limit_price, stop)) {
    return { missing: `The stop-loss must be ${loss} the entry's limit of ${limit_price}; it would trade at once.`, field: "stopLoss", wrong: true };
  }
  if (given(take) && given(stop) && !beyond(take, stop)) {
    return { missing: `The take-profit must be ${profit} the stop-loss.`, field: "takeProfit", wrong: true };
  }
  return null;
}

/** What somebody should know of an order that may go out: its trigger is one that the market has passed. */
export function warning({ side, type, stop_price }: PlaceOrder, last: number | null | undefined, digits: number): string {
  if (!given(stop_price) || last == null || !(type === "stop" || type === "stop_limit")) return "";
  const buys = side === "buy";
  if (buys ? Number(stop_price) > last : Number(stop_price) < last) return "";
  return `The last price is ${last.toFixed(digits)} already: this ${buys ? "buy" : "sell"} stop triggers at once.`;
}

type Given = number | string;

function given(price: Given | null | undefined): price is Given {
  return price !== null && price !== undefined;
}

/** What was typed into an input that the order has, and is no number or none that can be counted: nothing is sent as if it were not there. */
function unread(ticket: Ticket, needs: Needs): Asked | null {
  const byValue = needs.notional && ticket.notional.value !== null;
  const inputs: [there: boolean, value: number | null, name: string, field: Field][] = [
    [needs.notional, ticket.notional.value, "value", "quantity"],
    [!byValue, ticket.quantity.value, "quantity", "quantity"],
    [needs.limit, ticket.price.value, "limit price", "price"],
    [needs.stop, ticket.stop.value, "trigger price", "stop"],
    [needs.trail, ticket.trail.value, "trail", "trail"],
    [needs.display, ticket.display.value, "displayed quantity", "display"],
    [needs.takeProfit, ticket.takeProfit.value, "take-profit", "takeProfit"],
    [needs.stopLoss, ticket.stopLoss.value, "stop-loss", "stopLoss"],
    [needs.stopLoss, ticket.stopLossLimit.value, "stop-loss's limit", "stopLossLimit"],
  ];
  const found = inputs.find(([there, value]) => there && !(Math.abs(value ?? 0) <= Number.MAX_SAFE_INTEGER));
  if (found === undefined) return null;
  const [, value, name, field] = found;
  return { missing: `The ${name} ${Number.isNaN(value) ? UNREADABLE : "is larger than any that there can be"}.`, field, wrong: true };
}

const AT: Record<string, Field> = {
  INVALID_QUANTITY: "quantity",
  QUANTITY_NOT_IN_INCREMENT: "quantity",
  QUANTITY_TOO_LARGE: "quantity",
  NOTIONAL_TOO_LARGE: "quantity",
  INSUFFICIENT_BUYING_POWER: "quantity",
  POSITION_LIMIT: "quantity",
  REDUCE_ONLY_WOULD_OPEN: "quantity",
  SHORT_SALE_NOT_PERMITTED: "quantity",
  INVALID_PRICE: "price",
  PRICE_NOT_IN_INCREMENT: "price",
  PRICE_OUT_OF_BAND: "price",
  POST_ONLY_WOULD_CROSS: "price",
  INVALID_TRIGGER_PRICE: "stop",
  INVALID_DISPLAY_QUANTITY: "display",
  INVALID_EXPIRE_TIME: "expires",
  INVALID_TIME_IN_FORCE: "tif",
  INVALID_GROUP: "class",
};

/** The input that a refusal is about. */
export function fieldOf(reason: string, sentence: string, order: PlaceOrder): Field {
  if (sentence.includes("take-profit") && order.take_profit_limit !== undefined) return "takeProfit";
  if (sentence.includes("stop-loss") && order.stop_loss_stop !== undefined) return "stopLoss";
  const field = AT[reason] ?? "";
  if (field === "stop" && order.type === "trailing_stop") return "trail";
  if (field === "price" && order.limit_price === undefined) return order.stop_price === undefined ? "" : "stop";
  return field;
}

/** A number as text without an exponent and without what doubles add at the end. */
export function plain(value: number): string {
  return value.toFixed(shortest(value));
}

function shortest(value: number): number {
  for (let digits = 0; digits < 9; digits++) if (Math.abs(Number(value.toFixed(digits)) - value) <= Math.abs(value) * 1e-9) return digits;
  return 9;
}
