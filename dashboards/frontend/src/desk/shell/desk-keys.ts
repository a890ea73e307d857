import type { Signal } from "@preact/signals";
import type { Side } from "../../store/types";
import type { Desk } from "../desk-context";
import type { SheetName } from "./top-bar";

/** Round to the step, so that a price that was typed between two becomes one that the exchange takes. */
function stepped(value: number, step: number, by: number): number {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)) + 1);
  return Number((Math.round(value / step + by) * step).toFixed(digits));
}

/** The keys of the desk as a whole; panels add their own. Returns what takes them away. */
export function registerKeys(desk: Desk, sheet: Signal<SheetName>): () => void {
  const { store, stream, ui } = desk;
  const { ticket, keys, settings } = ui;
  const terms = () => store.instrument(store.symbol.peek());

  function side(which: Side): void {
    ticket.side.value = which;
    ticket.askFor("quantity");
  }

  function size(by: number): void {
    const lot = terms()?.quantity_increment ?? 1;
    const step = Math.max(lot, settings.defaultQuantity.peek());
    const before = ticket.quantity.peek() || 0;
    ticket.quantity.value = Math.max(lot, stepped(before, step, by));
  }

  function price(by: number): void {
    const step = terms()?.price_increment ?? 0.01;
    const market = store.market(store.symbol.peek()).peek();
    const best = ticket.side.peek() === "buy" ? market.bid : market.ask;
    const before = ticket.price.peek() || (best ?? market.last);
    if (before != null) ticket.price.value = Math.max(step, stepped(before, step, by));
  }

  async function cancelAll(): Promise<void> {
    const open = store.working.peek().length;
    if (open === 0) return ui.toast("info", "No order is working.");
    if (!(await ui.confirm(`Cancel all ${open} working orders?`))) return;
    await ui.attempt(async () => {
      await stream.cancelAll();
      ui.toast("good", "All working orders are cancelled.");
    });
  }

  function instrument(by: number): void {
    const symbols = store.instruments.peek().map((each) => each.symbol);
    const at = symbols.indexOf(store.symbol.peek());
    const next = symbols[(at + by + symbols.length) % symbols.length];
    if (next !== undefined) store.select(next);
  }

  const gone = [
    keys.register("b", "Buy: side and cursor in the ticket", () => side("buy"), "Order"),
    keys.register("s", "Sell: side and cursor in the ticket", () => side("sell"), "Order"),
    keys.register("+", "Larger quantity", () => size(1), "Order", true),
    keys.register("-", "Smaller quantity", () => size(-1), "Order", true),
    keys.register("ArrowUp", "Price one tick up", () => price(1), "Order"),
    keys.register("ArrowDown", "Price one tick down", () => price(-1), "Order"),
    keys.register("Enter", "Send the order", () => (ticket.send.value = ticket.send.peek() + 1), "Order"),
    keys.register("x", "Cancel all working orders", () => void cancelAll(), "Order"),
    keys.register("[", "Instrument before", () => instrument(-1), "Instrument", true),
    keys.register("]", "Instrument after", () => instrument(1), "Instrument", true),
    keys.register("t", "Dark or light", () => settings.setTheme(settings.theme.peek() === "light" ? "dark" : "light"), "Page"),
    keys.register(",", "Settings", () => (sheet.value = "settings"), "Page"),
    keys.register("?", "This sheet", () => (sheet.value = "help"), "Page"),
    keys.register("Escape", "Leave an input, close a sheet", () => leave(), "Page"),
  ];

  function leave(): void {
    sheet.value = "";
    // The focus is inside a shadow root, whose own active element has to give it up.
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (active instanceof HTMLElement) active.blur();
  }

  return () => {
    for (const each of gone) each();
  };
}
