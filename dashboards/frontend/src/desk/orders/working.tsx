import { signal, type Signal } from "@preact/signals-core";
import * as format from "../../ui/format";
import type { Order } from "../../store/types";
import type { Desk } from "../desk-context";
import { CROSS, FilledCell, PENCIL, QUESTION, RowButton, SideCell } from "./cells";
import { Editor } from "./editor";
import { explain } from "./explanation";
import { Grid, type Column } from "./grid";
import { orderTree, waitsFor, type Leaf } from "./tree";
import { forceWord, orderName, priceWord, stateWord, trailWord, triggerWord, typeWord } from "./words";
import { zoneOf } from "./zone";

/** The order whose terms are being changed; null for none. */
export const editing: Signal<number | null> = signal(null);

/** Cancel an order; the exchange's refusal is shown. */
export async function cancelOrder(desk: Desk, order: Order): Promise<void> {
  await desk.ui.attempt(() => desk.stream.cancel(order.id));
}

function state({ order, halted }: { order: Order; halted: boolean }): string {
  // A halt suspends the orders of its instrument without a word of each.
  return halted && order.state !== "held" ? "Suspended" : stateWord(order.state);
}

function columnsOf(desk: Desk, all: ReadonlyMap<number, Order>): Column<Leaf>[] {
  const { store } = desk;
  const zone = zoneOf(desk);
  const terms = (leaf: Leaf) => store.instrument(leaf.order.symbol);
  const halted = (leaf: Leaf): boolean => store.market(leaf.order.symbol).value.halted ?? false;
  const stateText = (leaf: Leaf): string => {
    const waits = waitsFor(leaf.order, all, leaf);
    return waits === "" ? state({ order: leaf.order, halted: halted(leaf) }) : waits[0]?.toUpperCase() + waits.slice(1);
  };
  return [
    {
      key: "symbol",
      title: "Symbol",
      width: "minmax(98px, 1fr)",
      value: ({ order }) => order.symbol,
      text: ({ order }) => order.symbol,
      cell: ({ order, depth, last }) => (
        <>
          {depth === 1 && <span class="branch" data-last={last} aria-hidden="true" />}
          <span class="symbol">{order.symbol}</span>
        </>
      ),
    },
    {
      key: "side",
      title: "Side",
      width: "44px",
      value: ({ order }) => order.side,
      text: ({ order }) => order.side,
      cell: ({ order }) => <SideCell side={order.side} />,
    },
    {
      key: "type",
      title: "Type",
      hint: "Its type, or what it is in its group",
      width: "minmax(92px, 1.1fr)",
      from: 560,
      value: ({ order }) => order.type,
      text: ({ order }) => typeWord(order),
      cell: (leaf) => (
        <span title={kind(leaf)}>
          {roleWord(leaf.role) || typeWord(leaf.order)} <span class="dim">{trailWord(leaf.order, terms(leaf))}</span>
        </span>
      ),
    },
    {
      key: "quantity",
      title: "Quantity",
      hint: "Total quantity in units",
      width: "minmax(66px, .8fr)",
      num: true,
      value: ({ order }) => order.quantity,
      text: ({ order }) => String(order.quantity),
      cell: (leaf) => <span data-testid="order-quantity">{format.quantity(leaf.order.quantity, terms(leaf)?.lot_size)}</span>,
    },
    {
      key: "filled",
      title: "Filled",
      hint: "Units that have traded",
      width: "minmax(60px, .7fr)",
      num: true,
      value: ({ order }) => order.executed,
      text: ({ order }) => String(order.executed),
      cell: (leaf) => <FilledCell order={leaf.order} terms={terms(leaf)} />,
    },
    {
      key: "price",
      title: "Price",
      hint: "Limit price in currency",
      width: "minmax(66px, .8fr)",
      num: true,
      value: ({ order }) => order.limit_price ?? Number.NaN,
      text: (leaf) => priceWord(leaf.order, terms(leaf)),
      cell: (leaf) => <span data-testid="order-price">{priceWord(leaf.order, terms(leaf))}</span>,
    },
    {
      key: "trigger",
      title: "Trigger",
      hint: "Price that sets it off",
      width: "minmax(62px, .8fr)",
      from: 640,
      num: true,
      value: ({ order }) => order.stop_price ?? Number.NaN,
      text: (leaf) => triggerWord(leaf.order, terms(leaf)),
      cell: (leaf) => (
        <span title={watermark(leaf.order, terms(leaf)?.tick_size)}>{triggerWord(leaf.order, terms(leaf)) || <Nothing />}</span>
      ),
    },
    {
      key: "ahead",
      title: "Ahead",
      hint: "Units shown before it at its price when it last queued",
      width: "56px",
      from: 700,
      num: true,
      value: ({ order }) => order.ahead ?? Number.NaN,
      text: ({ order }) => String(order.ahead ?? ""),
      cell: (leaf) => (leaf.order.ahead === null ? <Nothing /> : format.quantity(leaf.order.ahead, terms(leaf)?.lot_size)),
    },
    {
      key: "tif",
      title: "In force",
      hint: "Time in force, and when it ends",
      width: "minmax(48px, .7fr)",
      from: 760,
      value: ({ order }) => order.time_in_force,
      text: ({ order }) => forceWord(order, zone),
      cell: ({ order }) => forceWord(order, zone),
    },
    {
      key: "created",
      title: "Entered",
      hint: `Exchange time${zone === "" ? "" : ` in ${zone}`}`,
      width: "70px",
      from: 840,
      num: true,
      value: ({ order }) => order.created,
      text: ({ order }) => new Date(order.created).toISOString(),
      cell: ({ order }) => format.clock(order.created, zone),
    },
    {
      key: "state",
      title: "State",
      width: "minmax(96px, 1.2fr)",
      value: stateText,
      text: stateText,
      cell: (leaf) => (
        <span data-testid="order-state" class={stateClass(leaf, halted(leaf))} title={stateText(leaf)}>
          {stateText(leaf)}
        </span>
      ),
    },
    {
      key: "acts",
      title: "",
      width: "76px",
      cell: ({ order }) => (
        <span class="acts">
          <RowButton id="order-replace" name="Change quantity or price (Enter)" onClick={() => (editing.value = order.id)}>
            {PENCIL}
          </RowButton>
          <RowButton id="order-explain" name="Explain this order (E)" onClick={() => void explain(desk, order.id)}>
            {QUESTION}
          </RowButton>
          <RowButton id="order-cancel" name="Cancel this order (Delete)" onClick={() => void cancelOrder(desk, order)}>
            {CROSS}
          </RowButton>
        </span>
      ),
    },
  ];
}

function Nothing() {
  return <span class="dim">{format.NONE}</span>;
}

function roleWord(role: Leaf["role"]): string {
  return role === "" || role === "entry" ? "" : role[0]?.toUpperCase() + role.slice(1);
}

function kind({ order, role }: Leaf): string {
  const shows = order.display_quantity === null ? "" : `, shows ${order.display_quantity} at a time`;
  return `${typeWord(order)}${role === "" ? "" : `, ${role} of its group`}${shows}`;
}

function watermark(order: Order, tick: number | undefined): string | undefined {
  return order.watermark === null ? undefined : `furthest the market went: ${format.price(order.watermark, tick)}`;
}

function stateClass({ order }: Leaf, halted: boolean): string {
  return halted || order.state === "suspended" ? "warn" : order.state === "held" ? "dim" : "";
}

/** Working orders, groups as trees; in a row its terms can be changed. */
export function WorkingTable({ desk, symbol }: { desk: Desk; symbol: string }) {
  const { store } = desk;
  const all = store.orders.value;
  const wanted = store.working.value.filter((order) => symbol === "" || order.symbol === symbol);
  const open = editing.value;
  return (
    <Grid<Leaf>
      label="Working orders"
      rowId="orders-working-row"
      columns={columnsOf(desk, all)}
      rows={orderTree(wanted, all)}
      keyOf={({ order }) => order.id}
      marks={({ order, depth }) => ({
        "data-order": String(order.id),
        "data-client": order.client_order_id,
        "data-state": order.state,
        "data-depth": String(depth),
      })}
      instead={({ order }) =>
        order.id === open ? <Editor desk={desk} order={order} close={() => (editing.value = null)} /> : null
      }
      onEnter={({ order }) => (editing.value = order.id)}
      onDelete={({ order }) => void cancelOrder(desk, order)}
      onKey={({ order }, key) => {
        if (key !== "e") return false;
        void explain(desk, order.id);
        return true;
      }}
      empty={
        <div class="empty" data-testid="orders-empty">
          <strong>No working orders{symbol === "" ? "" : ` in ${symbol}`}</strong>
          <span>What rests in the book or waits for its trigger stands here.</span>
        </div>
      }
    />
  );
}

/** Cancel what is shown, after asking. */
export async function cancelAll(desk: Desk, symbol: string): Promise<void> {
  const { store, stream, ui } = desk;
  const orders = store.working.peek().filter((order) => symbol === "" || order.symbol === symbol);
  const [only] = orders;
  if (only === undefined) return;
  const what = orders.length === 1 ? orderName(only, store.instrument(only.symbol)) : `all ${orders.length} working orders`;
  if (!(await ui.confirm(`Cancel ${what}${symbol === "" || orders.length === 1 ? "" : ` in ${symbol}`}?`))) return;
  await ui.attempt(async () => {
    await stream.cancelAll(symbol);
    ui.toast("good", orders.length === 1 ? "1 order was cancelled." : `${orders.length} orders were cancelled.`);
  });
}
