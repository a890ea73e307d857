import * as format from "../../ui/format";
import type { Instrument, Order } from "../../store/types";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { cancelOrder, editing } from "./acting";
import { CROSS, PENCIL, QUESTION, RowButton, SideCell } from "./cells";
import { explain } from "./explanation";
import type { Leaf } from "./tree";
import { priceWord, triggerWord, typeWord } from "./words";

/** What an order is in its group. */
export function roleWord(role: Leaf["role"]): string {
  return role === "" || role === "entry" ? "" : role[0]?.toUpperCase() + role.slice(1);
}

/** How far the market went for a trailing stop. */
export function watermark(order: Order, tick: number | undefined): string | undefined {
  return order.watermark === null ? undefined : `furthest the market went: ${format.price(order.watermark, tick)}`;
}

/** Limit and trigger in one place: what the order would trade at, with what sets it off before it. */
export function Prices({ order, terms }: { order: Order; terms: Instrument | undefined }) {
  const trigger = triggerWord(order, terms);
  return (
    <span data-testid="order-price" title={watermark(order, terms?.tick_size)}>
      {trigger}
      {trigger !== "" && order.limit_price !== null && <span class="dim"> / </span>}
      {(trigger === "" || order.limit_price !== null) && priceWord(order, terms)}
    </span>
  );
}

/** A working order where there is no room for a table. */
export function Card({ desk, leaf, state }: { desk: Desk; leaf: Leaf; state: string }) {
  const { order, depth, last } = leaf;
  const terms = desk.store.instrument(order.symbol);
  return (
    <div class="dg-card" role="gridcell">
      <div>
        {depth === 1 && <span class="branch" data-last={last} aria-hidden="true" />}
        <span class="symbol">{order.symbol}</span> <SideCell side={order.side} />{" "}
        <span data-testid="order-quantity">{format.quantity(order.quantity, terms?.lot_size)}</span>{" "}
        <span class="dim">{roleWord(leaf.role) || typeWord(order)}</span> <Prices order={order} terms={terms} />
      </div>
      <div class="dim">
        <span data-testid="order-state">{state}</span>, <span data-testid="order-filled">{format.quantity(order.executed, terms?.lot_size)}</span> filled
        {order.ahead !== null && `, ${format.quantity(order.ahead, terms?.lot_size)} ahead`}
      </div>
      <Acts desk={desk} order={order} />
    </div>
  );
}

/** What can be done with a working order; after the close the exchange takes nothing, so what is good till cancelled stays. */
export function Acts({ desk, order }: { desk: Desk; order: Order }) {
  const over = isOver(desk.store.session.value?.state);
  return (
    <span class="acts">
      <RowButton id="order-replace" name="Change quantity or price (Enter)" disabled={over} onClick={() => (editing.value = order.id)}>
        {PENCIL}
      </RowButton>
      <RowButton id="order-explain" name="Explain this order (E)" onClick={() => void explain(desk, order.id)}>
        {QUESTION}
      </RowButton>
      <RowButton id="order-cancel" name="Cancel this order (Delete)" disabled={over} onClick={() => void cancelOrder(desk, order)}>
        {CROSS}
      </RowButton>
    </span>
  );
}
