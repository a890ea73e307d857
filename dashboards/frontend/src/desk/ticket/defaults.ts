import { useSignalEffect } from "@preact/signals";
import type { Ticket } from "../../ui/ticket";
import type { Desk } from "../desk-context";

interface Begun {
  quantity: number | null;
  type: string;
  symbol: string;
  priced: boolean;
}

/** What a ticket began with: the panel goes and comes back where panels share a place, and the ticket stays filled. */
const begun = new WeakMap<Ticket, Begun>();

/** Fill the ticket from the settings, and for another instrument begin at the own side of its book. */
export function useDefaults({ store, ui }: Desk): void {
  const { ticket, settings } = ui;
  const known = begun.get(ticket) ?? { quantity: null, type: "", symbol: "", priced: false };
  begun.set(ticket, known);

  useSignalEffect(() => {
    const quantity = settings.defaultQuantity.value;
    if (known.quantity !== quantity) ticket.quantity.value = known.quantity = quantity;
  });
  useSignalEffect(() => {
    const type = settings.defaultType.value;
    if (known.type !== type) ticket.type.value = known.type = type;
  });
  useSignalEffect(() => {
    const symbol = store.symbol.value;
    if (symbol === "") return;
    if (known.symbol !== symbol) {
      // A price that was given before the first instrument was there (by an address, a test) is kept.
      if (known.symbol !== "") forget(ticket);
      known.symbol = symbol;
      known.priced = ticket.price.peek() !== null;
    }
    if (known.priced) return;
    const market = store.market(symbol).value;
    const start = (ticket.side.peek() === "buy" ? market.bid : market.ask) ?? market.last ?? null;
    if (start === null) return;
    known.priced = true;
    if (ticket.price.peek() === null) ticket.price.value = start;
  });
}

/** Prices of one instrument mean nothing in another. */
function forget({ price, stop, trail, takeProfit, stopLoss, stopLossLimit }: Ticket): void {
  for (const each of [price, stop, trail, takeProfit, stopLoss, stopLossLimit]) each.value = null;
}
