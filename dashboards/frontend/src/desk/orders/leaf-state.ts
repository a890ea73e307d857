// The state of a working order as its row tells it.
import type { Order } from "../../store/types";
import type { Desk } from "../desk-context";
import { waitsFor, type Leaf } from "./tree";
import { stateWord } from "./words";

function isHalted({ store }: Desk, order: Order): boolean {
  return store.market(order.symbol).value.halted ?? false;
}

/** What an order does, or what it waits for. */
export function stateOf(desk: Desk, leaf: Leaf, all: ReadonlyMap<number, Order>): string {
  const { order } = leaf;
  const waits = waitsFor(order, all, leaf);
  if (waits !== "") return waits[0]?.toUpperCase() + waits.slice(1);
  // A halt suspends the orders of its instrument without a word of each.
  return isHalted(desk, order) && order.state !== "held" ? "Suspended" : stateWord(order.state);
}

export function stateClass(desk: Desk, { order }: Leaf): string {
  return isHalted(desk, order) || order.state === "suspended" ? "warn" : order.state === "held" ? "dim" : "";
}
