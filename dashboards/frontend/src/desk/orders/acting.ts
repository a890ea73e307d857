import { signal, type Signal } from "@preact/signals-core";
import type { Order } from "../../store/types";
import type { Desk } from "../desk-context";

/** The order whose terms are being changed; null for none. */
export const editing: Signal<number | null> = signal(null);

/** Cancel an order; the exchange's refusal is shown. */
export async function cancelOrder(desk: Desk, order: Order): Promise<void> {
  await desk.ui.attempt(() => desk.stream.cancel(order.id));
}
