import { useEffect, useMemo } from "preact/hooks";
import * as format from "../../ui/format";
import { fillFrom } from "../../store/orders";
import type { Fill } from "../../store/types";
import type { FillsOut } from "../../wire/answers";
import type { Desk } from "../desk-context";
import { QUESTION, RowButton, SideCell } from "./cells";
import { explain } from "./explanation";
import { PageFoot } from "./page-foot";
import { Grid, type Column } from "./grid";
import { Pages, type Page } from "./pages";
import { zoneOf } from "./zone";

const PAGE = 500;

/** Fills of the page and of the server, each once, the newest first. */
export function joined(live: readonly Fill[], read: readonly Fill[]): Fill[] {
  const known = new Map<string, Fill>();
  for (const fill of [...live, ...read]) if (known.get(keyOf(fill))?.busted !== true) known.set(keyOf(fill), fill);
  return [...known.values()].sort((a, b) => b.seq - a.seq);
}

function keyOf(fill: Fill): string {
  return `${fill.order}-${fill.trade}`;
}

function reader({ rest, session }: Desk, symbol: string): (before: number) => Promise<Page<Fill>> {
  const of = symbol === "" ? "" : `&symbol=${encodeURIComponent(symbol)}`;
  return async (before) => {
    const path = `/api/sessions/${encodeURIComponent(session)}/fills?limit=${PAGE}&before=${before}${of}`;
    const { fills, next } = await rest.get<FillsOut>(path);
    return { rows: fills.map(fillFrom), next };
  };
}

function columnsOf(desk: Desk): Column<Fill>[] {
  const { store } = desk;
  const zone = zoneOf(desk);
  const terms = (fill: Fill) => store.instrument(fill.symbol);
  const value = (fill: Fill): number => fill.price * fill.quantity * (terms(fill)?.multiplier ?? 1);
  return [
    {
      key: "time",
      title: "Time",
      hint: `Exchange time${zone === "" ? "" : ` in ${zone}`}`,
      width: "70px",
      value: (fill) => fill.seq,
      text: (fill) => new Date(fill.time).toISOString(),
      cell: (fill) => <span title={format.date(fill.time, zone)}>{format.clock(fill.time, zone)}</span>,
    },
    { key: "symbol", title: "Symbol", width: "minmax(64px, 1fr)", value: (fill) => fill.symbol, text: (fill) => fill.symbol, cell: (fill) => <span class="symbol">{fill.symbol}</span> },
    { key: "side", title: "Side", width: "44px", value: (fill) => fill.side, text: (fill) => fill.side, cell: (fill) => <SideCell side={fill.side} /> },
    {
      key: "quantity",
      title: "Quantity",
      hint: "Units",
      width: "minmax(58px, 1fr)",
      num: true,
      value: (fill) => fill.quantity,
      text: (fill) => String(fill.quantity),
      cell: (fill) => format.quantity(fill.quantity, terms(fill)?.lot_size),
    },
    {
      key: "price",
      title: "Price",
      hint: "In currency",
      width: "minmax(60px, 1fr)",
      num: true,
      value: (fill) => fill.price,
      text: (fill) => String(fill.price),
      cell: (fill) => format.price(fill.price, terms(fill)?.tick_size),
    },
    {
      key: "value",
      title: "Value",
      hint: "Price times quantity, in currency",
      width: "minmax(76px, 1fr)",
      from: 520,
      num: true,
      value,
      text: (fill) => value(fill).toFixed(2),
      cell: (fill) => format.money(value(fill)),
    },
    {
      key: "fee",
      title: "Fee",
      hint: "In currency; below zero is a rebate",
      width: "minmax(56px, 1fr)",
      num: true,
      value: (fill) => fill.fee,
      text: (fill) => String(fill.fee),
      cell: (fill) => <span class={fill.fee < 0 ? "up" : ""}>{format.money(fill.fee, "", 4)}</span>,
    },
    {
      key: "maker",
      title: "Liquidity",
      hint: "Maker: the order rested and was met. Taker: it came and met another.",
      width: "60px",
      value: (fill) => (fill.maker ? "maker" : "taker"),
      text: (fill) => (fill.maker ? "maker" : "taker"),
      cell: (fill) =>
        fill.busted ? (
          <span class="warn" title={`Undone by the exchange: it counts no more${fill.busted_reason === "" ? "" : `. Reason: ${fill.busted_reason}`}`}>
            Busted
          </span>
        ) : (
          <span class={fill.maker ? "" : "dim"}>{fill.maker ? "Maker" : "Taker"}</span>
        ),
    },
    { key: "order", title: "Order", width: "minmax(70px, 1fr)", from: 620, num: true, value: (fill) => fill.order, text: (fill) => String(fill.order), cell: (fill) => <span class="dim">{fill.order}</span> },
    {
      key: "acts",
      title: "Acts",
      quiet: true,
      width: "32px",
      cell: (fill) => (
        <span class="acts">
          <RowButton id="order-explain" name="Explain its order (Enter)" onClick={() => void explain(desk, fill.order)}>
            {QUESTION}
          </RowButton>
        </span>
      ),
    },
  ];
}

/** One's own fills, the newest first. */
export function FillsTable({ desk, symbol }: { desk: Desk; symbol: string }) {
  const pages = useMemo(() => new Pages(reader(desk, symbol)), [desk, symbol]);
  const live = desk.store.fills.value.filter((fill) => symbol === "" || fill.symbol === symbol);
  const more = (): void => void pages.more(0);
  useEffect(more, [pages]);
  return (
    <Grid<Fill>
      label="Fills"
      rowId="orders-fill-row"
      columns={columnsOf(desk)}
      rows={joined(live, pages.rows.value)}
      keyOf={keyOf}
      marks={(fill) => ({ "data-order": String(fill.order), "data-side": fill.side, "data-state": fill.busted ? "busted" : "" })}
      onEnter={(fill) => void explain(desk, fill.order)}
      onEnd={more}
      empty={
        pages.done.value && (
          <div class="empty" data-testid="orders-empty">
            <strong>Nothing has traded yet{symbol === "" ? "" : ` in ${symbol}`}</strong>
            <span>Each fill stands here with its price and fee, and whether it made or took liquidity.</span>
          </div>
        )
      }
      foot={<PageFoot pages={pages} more={more} />}
    />
  );
}
