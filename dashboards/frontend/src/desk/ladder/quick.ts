import { decimals, price as asPrice } from "../../ui/format";
import type { Side } from "../../store/types";
import type { Desk } from "../desk-context";
import { plain } from "../ticket/terms";

/** Place a limit order at a price of the ladder at once, with the ticket's quantity and time in force. */
export async function placeAt(desk: Desk, symbol: string, side: Side, price: number, step: number): Promise<void> {
  const { ticket } = desk.ui;
  const quantity = ticket.quantity.peek();
  if (quantity === null || !(quantity > 0)) {
    desk.ui.toast("bad", "Give a quantity in the ticket first; the ladder orders as much.");
    return;
  }
  const ack = await desk.ui.attempt(() =>
    desk.stream.place({
      symbol,
      side,
      type: "limit",
      quantity: plain(quantity),
      limit_price: price.toFixed(decimals(step)),
      time_in_force: ["gtc", "ioc", "fok"].includes(ticket.tif.peek()) ? ticket.tif.peek() : "day",
    }),
  );
  if (ack !== undefined) {
    desk.ui.toast("good", `${side === "buy" ? "Buy" : "Sell"} ${quantity.toLocaleString("en-US", { maximumFractionDigits: 9 })} ${symbol} at ${asPrice(price, step)} sent`);
  }
}
