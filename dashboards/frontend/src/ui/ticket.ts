import { signal } from "@preact/signals-core";
import type { Side } from "../store/types";

/** What the order ticket holds. Anything on the page may fill it: a click on a price, a key, a position. `null`: left empty; NaN: typed, but no number. */
export class Ticket {
  readonly side = signal<Side>("buy");
  readonly type = signal("limit");
  readonly quantity = signal<number | null>(100);
  readonly notional = signal<number | null>(null);
  readonly price = signal<number | null>(null);
  readonly stop = signal<number | null>(null);
  readonly trail = signal<number | null>(null);
  readonly trailUnit = signal<"amount" | "percent">("amount");
  readonly display = signal<number | null>(null);
  readonly tif = signal("day");
  /** When a good-till-date order ends, milliseconds; `null`: not said. */
  readonly expires = signal<number | null>(null);
  readonly orderClass = signal("simple");
  readonly takeProfit = signal<number | null>(null);
  readonly stopLoss = signal<number | null>(null);
  readonly stopLossLimit = signal<number | null>(null);
  readonly postOnly = signal(false);
  readonly reduceOnly = signal(false);
  /** Counts up when something asks for the order to be sent; the ticket panel listens. */
  readonly send = signal(0);
  /** Counts up when something asks for the cursor to go into the ticket, and into which input. */
  readonly focus = signal<{ field: "quantity" | "price"; count: number }>({ field: "quantity", count: 0 });

  askFor(field: "quantity" | "price"): void {
    this.focus.value = { field, count: this.focus.peek().count + 1 };
  }
}
