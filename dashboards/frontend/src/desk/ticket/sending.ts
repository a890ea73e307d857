import { money, quantity as asQuantity, words } from "../../ui/format";
import type { PreviewOut } from "../../wire/answers";
import type { PlaceOrder } from "../../wire/frames";
import { ApiProblem } from "../../wire/rest";
import type { Desk } from "../desk-context";
import { stateWord } from "../orders/words";

const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 9 });

/** An order in a line: "Buy 100 HARBOR at 45.90, day". */
export function said(order: PlaceOrder, currency: string): string {
  const { side, symbol, type = "market", quantity, notional, limit_price, stop_price, trail_amount, trail_percent } = order;
  const much = notional == null ? plain.format(Number(quantity)) : `${money(Number(notional), currency)} of`;
  const parts = [`${side === "buy" ? "Buy" : "Sell"} ${much} ${symbol}`];
  if (order.order_class === "oco") parts.push(`at ${order.take_profit_limit} or ${order.stop_loss_stop}`);
  else if (type === "market") parts.push("at market");
  else if (type === "limit") parts.push(`at ${limit_price}`);
  else if (type === "trailing_stop") parts.push(`trailing by ${trail_amount ?? `${trail_percent}%`}`);
  else parts.push(`${words(type)} ${stop_price}${limit_price === undefined ? "" : ` / ${limit_price}`}`);
  const force = order.time_in_force ?? "day";
  return `${parts.join(" ")}, ${force === "day" ? force : force.toUpperCase()}`;
}

/** What is asked before an order goes out. */
export function question(order: PlaceOrder, preview: PreviewOut | null, currency: string): string {
  const line = said(order, currency);
  if (preview === null || !preview.accepted || preview.fill.quantity === 0) return `${line}?`;
  const about = `about ${money(Math.abs(preview.cost), currency)} ${preview.cost < 0 ? "received" : "paid"}, fees included`;
  return `${line}? It would trade ${asQuantity(preview.fill.quantity)} now: ${about}.`;
}

export interface Refused {
  reason: string;
  sentence: string;
}

/** Send an order after asking where the settings say so; gives the refusal, null when it went out, undefined when it did not. */
export async function send(desk: Desk, order: PlaceOrder, preview: PreviewOut | null): Promise<Refused | null | undefined> {
  const { ui, stream, store } = desk;
  const instrument = store.instrument(order.symbol);
  const currency = instrument?.currency ?? "";
  const which = ui.settings.confirmOrders.peek();
  const atMarket = order.type === "market" || order.type === "stop" || order.type === "trailing_stop" || order.type === "market_if_touched";
  if (which === "all" || (which === "market" && atMarket)) {
    if (!(await ui.confirm(question(order, preview, currency)))) return undefined;
  }
  try {
    const { orders = [] } = await stream.place(order);
    const row = orders[0];
    // Fills are told where they come in; here only what became of an order that did not trade.
    if ((row?.executed ?? 0) === 0) ui.toast("good", `${said(order, currency)}: ${stateWord(row?.state ?? "pending_new").toLowerCase()}`);
    return null;
  } catch (problem) {
    const sentence = problem instanceof Error ? problem.message : String(problem);
    if (problem instanceof ApiProblem && "reason" in problem) return { reason: String(problem.reason), sentence };
    return { reason: "", sentence };
  }
}
