// What the editor of an order sends, and what is wrong with what was typed.

import type { Instrument, Order } from "../../store/types";
import { decimals } from "../../ui/format";
import { plainOf, UNREADABLE } from "../../ui/reading";
import type { ReplaceOrder } from "../../wire/frames";

/** What was typed, as text: an empty field leaves the term as it is. */
export interface Terms {
  quantity: string;
  price: string;
  stop: string;
  trail: string;
}

export type Field = keyof Terms;

/** Which terms of an order can be changed. */
export function fieldsOf(order: Order): Field[] {
  const fields: Field[] = ["quantity"];
  if (order.limit_price !== null) fields.push("price");
  if (order.type === "trailing_stop") fields.push("trail");
  else if (order.stop_price !== null) fields.push("stop");
  return fields;
}

function text(value: number | null, step?: number): string {
  return value === null ? "" : step === undefined ? String(value) : value.toFixed(decimals(step));
}

/** The terms as they are, written as they are typed. */
export function termsOf(order: Order, terms?: Instrument): Terms {
  const { price_increment: tick } = terms ?? {};
  return {
    quantity: text(order.quantity),
    price: text(order.limit_price, tick),
    stop: text(order.stop_price, tick),
    trail: order.trail_percent === null ? text(order.trail_amount, tick) : text(order.trail_percent),
  };
}

/** A number as it was typed, "1,250.50" or "1 250.5"; null where it is none, "1,5" among them. */
export function numberOf(typed: string): number | null {
  const plain = plainOf(typed);
  return plain === null ? null : Number(plain);
}

/** Whether a value is a whole number of steps. */
export function inSteps(value: number, step: number): boolean {
  const steps = value / step;
  return step <= 0 || Math.abs(steps - Math.round(steps)) < 1e-6;
}

const NAMES: Record<Field, string> = { quantity: "quantity", price: "price", stop: "stop price", trail: "trail" };

/** Why what was typed cannot be sent, in a sentence; empty when it can. */
export function problemOf(order: Order, typed: Terms, terms: Instrument | undefined): string {
  for (const field of fieldsOf(order)) {
    const value = numberOf(typed[field]);
    if (value === null && typed[field].trim() !== "") return `The ${NAMES[field]} ${UNREADABLE}.`;
    if (value === null || value <= 0) return `The ${NAMES[field]} must be a number above zero.`;
    if (field === "quantity") {
      const step = terms?.quantity_increment ?? 0;
      if (!inSteps(value, step)) return `The quantity must be a multiple of ${step}.`;
      // What was busted is not open again: to the exchange it is still traded.
      const traded = order.executed + order.busted;
      if (value <= traded) return `The quantity must be more than the ${traded} that have traded.`;
    } else if (field !== "trail" && !inSteps(value, terms?.price_increment ?? 0)) {
      return `The ${NAMES[field]} must be a multiple of ${terms?.price_increment ?? 0}.`;
    }
  }
  return "";
}

/** The request, with what has changed alone; null when nothing has. */
export function requestOf(order: Order, typed: Terms): ReplaceOrder | null {
  const before = termsOf(order);
  const names: Record<Field, "quantity" | "limit_price" | "stop_price" | "trail"> = {
    quantity: "quantity",
    price: "limit_price",
    stop: "stop_price",
    trail: "trail",
  };
  const request: ReplaceOrder = { order: order.id };
  let changed = false;
  for (const field of fieldsOf(order)) {
    const value = numberOf(typed[field]);
    if (value === null || value === numberOf(before[field])) continue;
    // Text, so that the decimals are exactly those that were typed.
    request[names[field]] = plainOf(typed[field]) ?? "";
    changed = true;
  }
  return changed ? request : null;
}

/** A price one step up or down from what was typed. */
export function stepped(typed: string, step: number, up: boolean): string {
  const value = numberOf(typed);
  if (value === null || step <= 0) return typed;
  return Math.max(step, (Math.round(value / step) + (up ? 1 : -1)) * step).toFixed(decimals(step));
}
