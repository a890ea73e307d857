import * as format from "../../ui/format";
import type { Order } from "../../store/types";
import type { Desk } from "../desk-context";
import { cancelOrder, editing } from "./acting";
import { Acts, Card, Prices, roleWord, watermark } from "./card";
import { FilledCell, SideCell } from "./cells";
import { Editor } from "./editor";
import { explain } from "./explanation";
import { Grid, type Column } from "./grid";
import { stateClass, stateOf } from "./leaf-state";
import { orderTree, type Leaf } from "./tree";
import { forceWord, orderName, priceWord, trailWord, triggerWord, typeWord } from "./words";
import { zoneOf } from "./zone";

/** The width of the table from which on limit and trigger have a column each. */
const TRIGGER_PX = 640;

function columnsOf(desk: Desk, all: ReadonlyMap<number, Order>): Column<Leaf>[] {
  const { store } = desk;
  const zone = zoneOf(desk);
  const terms = (leaf: Leaf) => store.instrument(leaf.order.symbol);
  const stateText = (leaf: Leaf): string => stateOf(desk, leaf, all);
  return [
    {
      key: "symbol",
      title: "Symbol",
      width: "minmax(80px, 1fr)",
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
      width: "42px",
      value: ({ order }) => order.side,
      text: ({ order }) => order.side,
      cell: ({ order }) => <SideCell side={order.side} />,
    },
    {
      key: "type",
      title: "Type",
      hint: "Its type, or what it is in its group",
      width: "minmax(78px, 1.1fr)",
      from: 460,
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
      width: "minmax(56px, .7fr)",
      num: true,
      value: ({ order }) => order.quantity,
      text: ({ order }) => String(order.quantity),
      cell: (leaf) => <span data-testid="order-quantity">{format.quantity(leaf.order.quantity, terms(leaf)?.lot_size)}</span>,
    },
    {
      key: "filled",
      title: "Filled",
      hint: "Units that have traded",
      width: "minmax(54px, .6fr)",
      from: 540,
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
      from: TRIGGER_PX,
      num: true,
      value: ({ order }) => order.limit_price ?? Number.NaN,
      text: (leaf) => priceWord(leaf.order, terms(leaf)),
      cell: (leaf) => <span data-testid="order-price">{priceWord(leaf.order, terms(leaf))}</span>,
    },
    {
      key: "prices",
      title: "Price",
      hint: "Limit price, and the price that sets it off, in currency",
      width: "minmax(84px, 1fr)",
      to: TRIGGER_PX,
      num: true,
      value: ({ order }) => order.limit_price ?? order.stop_price ?? Number.NaN,
      cell: (leaf) => <Prices order={leaf.order} terms={terms(leaf)} />,
    },
    {
      key: "trigger",
      title: "Trigger",
      hint: "Price that sets it off",
      width: "minmax(62px, .8fr)",
      from: TRIGGER_PX,
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
      width: "minmax(80px, 1.2fr)",
      value: stateText,
      text: stateText,
      cell: (leaf) => (
        <span data-testid="order-state" class={stateClass(desk, leaf)} title={stateText(leaf)}>
          {stateText(leaf)}
        </span>
      ),
    },
    {
      key: "acts",
      title: "Acts",
      quiet: true,
      width: "76px",
      cell: ({ order }) => <Acts desk={desk} order={order} />,
    },
  ];
}

function Nothing() {
  return <span class="dim">{format.NONE}</span>;
}

function kind({ order, role }: Leaf): string {
  const shows = order.display_quantity === null ? "" : `, shows ${order.display_quantity} at a time`;
  return `${typeWord(order)}${role === "" ? "" : `, ${role} of its group`}${shows}`;
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
      card={(leaf) => <Card desk={desk} leaf={leaf} state={stateOf(desk, leaf, all)} />}
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
