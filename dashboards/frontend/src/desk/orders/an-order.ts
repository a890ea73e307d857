import type { Order } from "../../store/types";

/** An order for tests: a plain working limit order, but for what is given. */
export function order(given: Partial<Order> = {}): Order {
  return {
    id: 1,
    client_order_id: "",
    symbol: "ACME",
    side: "buy",
    type: "limit",
    time_in_force: "day",
    state: "new",
    reason: "none",
    quantity: 100,
    leaves: 100,
    executed: 0,
    average_price: null,
    limit_price: 20,
    stop_price: null,
    trail_amount: null,
    trail_percent: null,
    watermark: null,
    display_quantity: null,
    ahead: null,
    group: null,
    replaced_by: null,
    created: 0,
    updated: 0,
    expires: 0,
    fees: 0,
    busted: 0,
    ...given,
  };
}
