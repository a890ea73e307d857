import { useEffect, useMemo } from "preact/hooks";
import * as format from "../../ui/format";
import type { Order } from "../../store/types";
import type { OrderOut, OrdersOut } from "../../wire/answers";
import type { Desk } from "../desk-context";
import { FilledCell, QUESTION, RowButton, SideCell } from "./cells";
import { explain } from "./explanation";
import { PageFoot } from "./page-foot";
import { Grid, type Column } from "./grid";
import { Pages, type Page } from "./pages";
import { forceWord, priceWord, reasonWord, stateWord, triggerWord, typeWord } from "./words";
import { zoneOf } from "./zone";

const PAGE = 200;

/** An order as REST tells it, as the panels have them. */
export function orderOf(row: OrderOut): Order {
  return {
    id: row.id,
    client_order_id: row.client_order_id,
    symbol: row.symbol,
    side: row.side === "sell" ? "sell" : "buy",
    type: row.type,
    time_in_force: row.time_in_force,
    state: row.state,
    reason: row.reason,
    quantity: row.quantity,
    leaves: row.leaves,
    executed: row.executed,
    average_price: row.average_price,
    limit_price: row.limit_price,
    stop_price: row.stop_price,
    trail_amount: row.trail_amount,
    trail_percent: row.trail_percent,
    watermark: row.watermark,
    display_quantity: row.display_quantity,
    ahead: row.ahead,
    group: row.group,
    replaced_by: row.replaced_by,
    created: format.millis(row.created),
    updated: format.millis(row.updated),
    expires: format.millis(row.expires),
    fees: row.fees,
    busted: row.busted,
  };
}

/** Those of the page and those read from the server, each once, what ended last first; what the stream told counts. */
export function joined(live: readonly Order[], read: readonly Order[]): Order[] {
  const known = new Map(read.map((order) => [order.id, order]));
  for (const order of live) {
    const before = known.get(order.id);
    known.set(order.id, before === undefined ? order : { ...before, ...order, average_price: order.average_price ?? (order.busted > 0 ? null : before.average_price) });
  }
  return [...known.values()].sort((a, b) => b.updated - a.updated || b.id - a.id);
}

function reader({ rest, session }: Desk, symbol: string): (before: number) => Promise<Page<Order>> {
  const of = symbol === "" ? "" : `&symbol=${encodeURIComponent(symbol)}`;
  return async (before) => {
    const path = `/api/sessions/${encodeURIComponent(session)}/orders?state=closed&limit=${PAGE}&before=${before}${of}`;
    const { orders, next } = await rest.get<OrdersOut>(path);
    return { rows: orders.map(orderOf), next };
  };
}

function columnsOf(desk: Desk): Column<Order>[] {
  const { store } = desk;
  const zone = zoneOf(desk);
  const terms = (order: Order) => store.instrument(order.symbol);
  const reason = (order: Order, successor = "by order"): string => {
    const why = order.replaced_by ? `${successor} ${order.replaced_by}` : reasonWord(order.reason);
    if (order.busted === 0) return why;
    return `${format.quantity(order.busted, terms(order)?.lot_size)} busted${why === "" ? "" : `, ${why}`}`;
  };
  return [
    {
      key: "updated",
      title: "Ended",
      hint: `Exchange time${zone === "" ? "" : ` in ${zone}`}`,
      width: "66px",
      value: (order) => order.updated,
      text: (order) => new Date(order.updated).toISOString(),
      cell: (order) => <span title={format.date(order.updated, zone)}>{format.clock(order.updated, zone)}</span>,
    },
    { key: "symbol", title: "Symbol", width: "minmax(68px, 1fr)", value: (order) => order.symbol, text: (order) => order.symbol, cell: (order) => <span class="symbol">{order.symbol}</span> },
    { key: "side", title: "Side", width: "40px", value: (order) => order.side, text: (order) => order.side, cell: (order) => <SideCell side={order.side} /> },
    { key: "type", title: "Type", width: "minmax(54px, 1fr)", from: 430, value: typeWord, text: typeWord, cell: (order) => <span title={typeWord(order)}>{typeWord(order)}</span> },
    {
      key: "quantity",
      title: "Quantity",
      hint: "Total quantity in units",
      width: "minmax(58px, .8fr)",
      num: true,
      value: (order) => order.quantity,
      text: (order) => String(order.quantity),
      cell: (order) => <span data-testid="order-quantity">{format.quantity(order.quantity, terms(order)?.lot_size)}</span>,
    },
    {
      key: "filled",
      title: "Filled",
      hint: "Units that have traded and were not busted",
      width: "minmax(48px, .8fr)",
      num: true,
      value: (order) => order.executed,
      text: (order) => String(order.executed),
      cell: (order) => <FilledCell order={order} terms={terms(order)} />,
    },
    {
      key: "average",
      title: "Average",
      hint: "Average price of what traded, in currency",
      width: "minmax(60px, .8fr)",
      from: 430,
      num: true,
      value: (order) => order.average_price ?? Number.NaN,
      text: (order) => String(order.average_price ?? ""),
      cell: (order) => format.price(order.average_price, (terms(order)?.tick_size ?? 0.01) / 10),
    },
    {
      key: "price",
      title: "Price",
      hint: "Limit price in currency",
      width: "minmax(56px, .8fr)",
      from: 540,
      num: true,
      value: (order) => order.limit_price ?? Number.NaN,
      text: (order) => priceWord(order, terms(order)),
      cell: (order) => <span data-testid="order-price">{order.limit_price === null ? <span class="dim">{format.NONE}</span> : priceWord(order, terms(order))}</span>,
    },
    {
      key: "trigger",
      title: "Trigger",
      width: "minmax(56px, .8fr)",
      from: 860,
      num: true,
      value: (order) => order.stop_price ?? Number.NaN,
      text: (order) => triggerWord(order, terms(order)),
      cell: (order) => triggerWord(order, terms(order)) || <span class="dim">{format.NONE}</span>,
    },
    { key: "tif", title: "In force", width: "52px", from: 900, value: (order) => order.time_in_force, text: (order) => forceWord(order, zone), cell: (order) => order.time_in_force.toUpperCase() },
    {
      key: "fees",
      title: "Fees",
      hint: "In currency; below zero is a rebate",
      width: "56px",
      from: 960,
      num: true,
      value: (order) => order.fees,
      text: (order) => String(order.fees),
      cell: (order) => format.money(order.fees),
    },
    {
      key: "state",
      title: "State",
      width: "74px",
      value: (order) => stateWord(order.state),
      text: (order) => stateWord(order.state),
      cell: (order) => (
        <span data-testid="order-state" title={reason(order)} class={order.state === "rejected" ? "down" : order.state === "filled" ? "" : "dim"}>
          {stateWord(order.state)}
        </span>
      ),
    },
    {
      key: "reason",
      title: "Reason",
      width: "minmax(72px, 4fr)",
      from: 600,
      value: (order) => reason(order),
      text: (order) => reason(order),
      cell: (order) => <span title={reason(order)}>{reason(order, "by")}</span>,
    },
    {
      key: "acts",
      title: "Acts",
      quiet: true,
      width: "32px",
      cell: (order) => (
        <span class="acts">
          <RowButton id="order-explain" name="Explain this order (Enter)" onClick={() => void explain(desk, order.id)}>
            {QUESTION}
          </RowButton>
        </span>
      ),
    },
  ];
}

/** Orders that have ended: those that the page saw, then older ones as far as one scrolls. */
export function HistoryTable({ desk, symbol }: { desk: Desk; symbol: string }) {
  const pages = useMemo(() => new Pages(reader(desk, symbol)), [desk, symbol]);
  const live = desk.store.ended.value.filter((order) => symbol === "" || order.symbol === symbol);
  // 0 is the newest page; the pages after it follow on each other whatever ends meanwhile.
  const more = (): void => void pages.more(0);
  useEffect(more, [pages]);
  return (
    <Grid<Order>
      label="Orders that have ended"
      rowId="orders-history-row"
      columns={columnsOf(desk)}
      rows={joined(live, pages.rows.value)}
      keyOf={(order) => order.id}
      marks={(order) => ({ "data-order": String(order.id), "data-client": order.client_order_id, "data-state": order.state })}
      onEnter={(order) => void explain(desk, order.id)}
      onKey={(order, key) => {
        if (key !== "e") return false;
        void explain(desk, order.id);
        return true;
      }}
      onEnd={more}
      empty={
        pages.done.value && (
          <div class="empty" data-testid="orders-empty">
            <strong>No order has ended yet{symbol === "" ? "" : ` in ${symbol}`}</strong>
            <span>Filled, cancelled, expired and refused orders stand here, with why.</span>
          </div>
        )
      }
      foot={<PageFoot pages={pages} more={more} />}
    />
  );
}
