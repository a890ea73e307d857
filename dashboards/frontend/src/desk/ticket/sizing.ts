import type { Desk } from "../desk-context";
import type { PlaceOrder } from "../../wire/frames";
import type { Previews } from "./previews";

const TRIES = 4;

/**
 * The quantity that uses a share of the buying power; of a sale out of a position, a share of the position.
 *
 * What one unit needs is not computed here (margins, fees and what rests already count), but taken from what the server says that
 * trying a quantity would leave, and tried again until it would be taken.
 */
export async function sized(desk: Desk, previews: Previews, order: PlaceOrder, share: number): Promise<number | null> {
  const { store } = desk;
  const instrument = store.instrument(order.symbol);
  const step = instrument?.quantity_increment ?? 1;
  const whole = (quantity: number): number => Number((Math.floor(quantity / step + 1e-9) * step).toFixed(9));
  const held = store.positions.peek().find((each) => each.symbol === order.symbol)?.quantity ?? 0;
  if ((order.side === "sell" && held > 0) || (order.side === "buy" && held < 0)) return whole(Math.abs(held) * share) || null;
  const market = store.market(order.symbol).peek();
  const price = Number(order.limit_price ?? 0) || (order.side === "buy" ? market.ask : market.bid) || market.last || instrument?.reference || 0;
  const power = store.account.peek().buyingPower;
  let quantity = whole((power * share) / (price * (instrument?.multiplier ?? 1)));
  for (let at = 0; at < TRIES && quantity > 0; at++) {
    const { notional: _, ...terms } = order;
    const found = await previews.try({ ...terms, quantity: String(quantity) });
    const { before, after, refusal } = found;
    if (before === null || after === null) return quantity;
    if (refusal !== null) {
      const { reason, value, limit } = refusal.details as { reason?: string; value?: unknown; limit?: unknown };
      if (reason !== "INSUFFICIENT_BUYING_POWER") return quantity;
      quantity = Math.min(whole((quantity * Number(limit)) / Number(value)), quantity - step);
      continue;
    }
    const each = (before.buying_power - after.buying_power) / quantity;
    const best = each > 0 ? whole((before.buying_power * share) / each) : quantity;
    if (best <= quantity) return best < quantity && at === 0 ? best : quantity;
    quantity = best;
  }
  return quantity > 0 ? quantity : null;
}
