import type { Desk } from "../desk-context";

/** Keys that fill the ticket beside those of the whole desk; they act while nothing is being typed. */
export function registerKeys({ ui, store }: Desk): () => void {
  const { keys, ticket } = ui;
  const near = (): void => {
    const market = store.market(store.symbol.peek()).peek();
    const price = ticket.side.peek() === "buy" ? market.bid : market.ask;
    if (price != null) ticket.price.value = price;
  };
  const far = (): void => {
    const market = store.market(store.symbol.peek()).peek();
    const price = ticket.side.peek() === "buy" ? market.ask : market.bid;
    if (price != null) ticket.price.value = price;
  };
  const ends = [
    keys.register("l", "Limit order", () => (ticket.type.value = "limit"), "Order"),
    keys.register("m", "Market order", () => (ticket.type.value = "market"), "Order"),
    keys.register("q", "Into the quantity", () => ticket.askFor("quantity"), "Order"),
    keys.register("p", "Into the price", () => ticket.askFor("price"), "Order"),
    keys.register("j", "Join the best price of the own side", near, "Order"),
    keys.register("k", "Take the best price of the other side", far, "Order"),
  ];
  return () => {
    for (const end of ends) end();
  };
}
