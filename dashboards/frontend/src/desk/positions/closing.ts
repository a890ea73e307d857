// Closing positions: what is asked, what is sent, and what is said about it.

import * as format from "../../ui/format";
import { isWorking, type Position } from "../../store/types";
import type { OrderOut } from "../../wire/answers";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { half } from "./valuation";

/** Positions that are not flat. */
export function open(positions: readonly Position[]): Position[] {
  return positions.filter((each) => each.quantity !== 0);
}

/** Whether nothing can be closed any more; who presses a key for it is told so. */
function over({ store, ui }: Desk): boolean {
  const is = isOver(store.session.peek()?.state);
  if (is) ui.toast("info", "The session is over: positions stay as they are.");
  return is;
}

function path({ session }: Desk, symbol: string): string {
  return `/api/sessions/${encodeURIComponent(session)}/positions/${encodeURIComponent(symbol)}/close`;
}

function named(desk: Desk, symbol: string, quantity: number): string {
  return `${format.quantity(Math.abs(quantity), desk.store.instrument(symbol)?.lot_size)} ${symbol}`;
}

/** Close a position or half of it at the market, after a question where the settings want one. */
export async function closePosition(desk: Desk, position: Position, part: "all" | "half"): Promise<void> {
  const { rest, store, ui } = desk;
  if (over(desk)) return;
  const step = store.instrument(position.symbol)?.quantity_increment ?? 1;
  const quantity = part === "all" ? Math.abs(position.quantity) : half(position.quantity, step);
  const verb = position.quantity > 0 ? "Sell" : "Buy";
  const what = `${verb} ${named(desk, position.symbol, quantity)} at the market`;
  const why = part === "all" ? "to close the position" : "to close half of the position";
  if (ui.settings.confirmOrders.peek() !== "none" && !(await ui.confirm(`${what} ${why}?`))) return;
  await ui.attempt(() => rest.post<OrderOut>(path(desk, position.symbol), part === "all" ? {} : { quantity: String(quantity) }));
}

/** Cancel every order and close every position, after a question. What fails is told, and the others go on. */
export async function flatten(desk: Desk): Promise<void> {
  const { rest, store, stream, ui } = desk;
  const positions = open(store.positions.peek());
  const orders = store.working.peek().filter(isWorking).length;
  if (positions.length === 0 || over(desk)) return;
  const cancels = orders === 0 ? "" : `Cancel ${orders === 1 ? "the working order" : `all ${orders} working orders`} and `;
  const closes = positions.map((each) => named(desk, each.symbol, each.quantity)).join(", ");
  const verb = cancels === "" ? "Close" : "close";
  if (!(await ui.confirm(`${cancels}${verb} at the market: ${closes}?`))) return;
  // Orders first: what they could sell of a position cannot be sold by the order that closes it.
  if (orders > 0 && (await ui.attempt(() => stream.cancelAll())) === undefined) return;
  await Promise.all(positions.map((each) => ui.attempt(() => rest.post<OrderOut>(path(desk, each.symbol), {}))));
}
