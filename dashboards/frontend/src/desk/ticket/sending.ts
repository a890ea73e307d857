import { money, quantity as asQuantity, words } from "../../ui/format";
import type { PreviewOut } from "../../wire/answers";
import type { PlaceOrder } from "../../wire/frames";
import { ApiProblem, said as reasonOf } from "../../wire/rest";
import type { Desk } from "../desk-context";
import { stateWord } from "../orders/words";

const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 9 });

/** The exits of a group, by what each is for: " with profit at 47.00, stop 45.00 / limit 44.90". */
function exits({ order_class, take_profit_limit: take, stop_loss_stop: stop, stop_loss_limit: limit }: PlaceOrder): string {
  if (order_class === undefined || order_class === "simple") return "";
  const found = [];
  if (take != null) found.push(`profit at ${take}`);
  if (stop != null) found.push(`stop ${stop}${limit == null ? "" : ` / limit ${limit}`}`);
  return order_class === "oco" ? found.join(" or ") : `with ${found.join(order_class === "bracket" ? " and " : ", ")}`;
}

/** An order in a line: "Buy 100 HARBOR at 45.90, day"; with its trigger, its trail and the exits of a group. */
export function said(order: PlaceOrder, currency: string): string {
  const { side, symbol, type = "market", quantity, notional, limit_price, stop_price, trail_amount, trail_percent } = order;
  const much = notional == null ? plain.format(Number(quantity)) : `${money(Number(notional), currency)} of`;
  const parts = [`${side === "buy" ? "Buy" : "Sell"} ${much} ${symbol}`];
  if (order.order_class === "oco") parts.push(exits(order));
  else if (type === "market") parts.push("at market");
  else if (type === "limit") parts.push(`at ${limit_price}`);
  else if (type === "trailing_stop") parts.push(`stop trailing by ${trail_amount ?? `${trail_percent}%`}`);
  else parts.push(`${words(type)} ${stop_price}${limit_price == null ? "" : ` / limit ${limit_price}`}`);
  if (order.order_class !== "oco" && exits(order) !== "") parts.push(exits(order));
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

/**
 * Send an order after asking where the settings say so; `begins` is called once it is on its way. Gives the refusal, null
 * when it went out, undefined when it did not.
 */
export async function send(desk: Desk, order: PlaceOrder, preview: PreviewOut | null, begins: () => void): Promise<Refused | null | undefined> {
  const { ui, stream, store } = desk;
  const instrument = store.instrument(order.symbol);
  const currency = instrument?.currency ?? "";
  const which = ui.settings.confirmOrders.peek();
  const atMarket = order.type === "market" || order.type === "stop" || order.type === "trailing_stop" || order.type === "market_if_touched";
  if (which === "all" || (which === "market" && atMarket)) {
    if (!(await ui.confirm(question(order, preview, currency)))) return undefined;
  }
  begins();
  try {
    const { orders = [] } = await stream.place(order);
    const row = orders[0];
    // Fills are told where they come in; here only what became of an order that did not trade.
    if ((row?.executed ?? 0) === 0) ui.toast("good", `${said(order, currency)}: ${stateWord(row?.state ?? "pending_new").toLowerCase()}`);
    return null;
  } catch (problem) {
    const sentence = reasonOf(problem);
    if (problem instanceof ApiProblem && "reason" in problem) return { reason: String(problem.reason), sentence };
    return { reason: "", sentence };
  }
}
