import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import * as format from "../../ui/format";
import type { Position } from "../../store/types";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { Grid, type Column } from "../orders/grid";
import { Change, Profit } from "./change";
import { CloseButtons } from "./close-buttons";
import { closePosition, flatten, open } from "./closing";
import { CompactPositions } from "./compact";
import { dayChange, part, rowId, totals } from "./valuation";

/** Below this width of the panel a position is a card instead of a row. */
const COMPACT_PX = 484;

function columnsOf(desk: Desk, positions: readonly Position[]): Column<Position>[] {
  const { store } = desk;
  const terms = (position: Position) => store.instrument(position.symbol);
  const day = (position: Position): number | null => dayChange(store.market(position.symbol).value, position.mark);
  const sum = totals(positions);
  return [
    {
      key: "symbol",
      title: "Symbol",
      width: "minmax(72px, 1.1fr)",
      value: (each) => each.symbol,
      text: (each) => each.symbol,
      total: "Total",
      cell: (each) => (
        <button type="button" class="symbol-link symbol" title={`Show ${each.symbol}`} onClick={() => store.select(each.symbol)}>
          {each.symbol}
        </button>
      ),
    },
    {
      key: "quantity",
      title: "Quantity",
      hint: "Units held; below zero sold short",
      width: "minmax(62px, .8fr)",
      num: true,
      value: (each) => each.quantity,
      text: (each) => String(each.quantity),
      cell: (each) => (
        <span data-testid="position-quantity" class={format.direction(each.quantity)}>
          {format.quantity(each.quantity, terms(each)?.lot_size)}
        </span>
      ),
    },
    {
      key: "average",
      title: "Average",
      hint: "Average price paid, in currency",
      width: "minmax(66px, .9fr)",
      num: true,
      value: (each) => each.average_price ?? Number.NaN,
      text: (each) => String(each.average_price ?? ""),
      cell: (each) => (
        <span data-testid="position-average">{format.price(each.average_price, (terms(each)?.tick_size ?? 0.01) / 100)}</span>
      ),
    },
    {
      key: "mark",
      title: "Mark",
      hint: "Price that it is valued at now, in currency",
      width: "minmax(58px, .8fr)",
      num: true,
      value: (each) => each.mark ?? Number.NaN,
      text: (each) => String(each.mark ?? ""),
      cell: (each) => <span data-testid="position-mark">{format.price(each.mark, terms(each)?.tick_size)}</span>,
    },
    {
      key: "day",
      title: "Day",
      hint: "What the market did since the first trade of the day",
      width: "62px",
      from: 800,
      num: true,
      value: (each) => day(each) ?? Number.NaN,
      text: (each) => String(day(each) ?? ""),
      cell: (each) => <Change value={day(each)} text={format.percent(day(each))} />,
    },
    {
      key: "value",
      title: "Value",
      hint: "Market value at the mark, in currency",
      width: "minmax(84px, 1.1fr)",
      from: 640,
      num: true,
      value: (each) => each.marketValue,
      text: (each) => each.marketValue.toFixed(2),
      total: format.money(sum.marketValue),
      cell: (each) => format.money(each.marketValue),
    },
    {
      key: "unrealised",
      title: "Unrealised",
      hint: "Profit at the mark, in currency and in percent of what was paid",
      width: "minmax(128px, 1.5fr)",
      num: true,
      value: (each) => each.unrealised,
      text: (each) => each.unrealised.toFixed(2),
      total: <Profit value={sum.unrealised} of={sum.cost === 0 ? null : sum.unrealised / sum.cost} />,
      cell: (each) => (
        <Profit value={each.unrealised} of={part(each)} testid="position-unrealised" />
      ),
    },
    {
      key: "realised",
      title: "Realised",
      hint: "Profit of what was closed, by average cost and before fees, in currency",
      width: "minmax(76px, 1fr)",
      // Before the buttons would be out of sight.
      from: 566,
      num: true,
      value: (each) => each.realised,
      text: (each) => each.realised.toFixed(2),
      total: <Change value={sum.realised} text={format.money(sum.realised)} />,
      cell: (each) => (
        <span data-testid="position-realised">
          <Change value={each.realised} text={format.money(each.realised)} />
        </span>
      ),
    },
    {
      key: "fees",
      title: "Fees",
      hint: "Paid so far, in currency; below zero are rebates",
      width: "minmax(60px, .8fr)",
      from: 730,
      num: true,
      value: (each) => each.fees,
      text: (each) => each.fees.toFixed(2),
      total: format.money(sum.fees),
      cell: (each) => format.money(each.fees),
    },
    {
      key: "acts",
      title: "Acts",
      quiet: true,
      width: "92px",
      cell: (each) => each.quantity !== 0 && <CloseButtons desk={desk} position={each} />,
    },
  ];
}

/** What is held and what it earns, live. */
export function PositionsPanel({ desk }: { desk: Desk }) {
  const { store, ui } = desk;
  const body = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(COMPACT_PX);
  useLayoutEffect(() => {
    const box = body.current;
    if (box === null) return undefined;
    const measure = (): void => setWidth(box.clientWidth);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  useEffect(() => ui.keys.register("Ctrl+Delete", "Cancel all orders and close all positions", () => void flatten(desk), "Orders"), [desk]);

  const all = store.positions.value;
  const held = open(all);
  // What was closed keeps its place below, for what it earned.
  const rows = [...held, ...all.filter((each) => each.quantity === 0)];
  const currency = store.instruments.value[0]?.currency ?? "";
  const sum = totals(all);
  const empty = (
    <div class="empty" data-testid="positions-empty">
      <strong>No positions</strong>
      <span>What you buy or sell short stands here, valued at the market of the moment.</span>
    </div>
  );
  return (
    <section class="panel positions" data-testid="panel-positions" aria-label="Positions">
      <header>
        <span class="title positions-title">
          Positions <span class="badge">{held.length}</span>
        </span>
        <span class="positions-sum" title={`Unrealised profit at the marks${currency === "" ? "" : `, in ${currency}`}`}>
          <span class="dim">Unrealised{currency === "" ? "" : ` ${currency}`}</span>{" "}
          <Profit value={sum.unrealised} of={sum.cost === 0 ? null : sum.unrealised / sum.cost} />
        </span>
        <span class="space" />
        <button type="button" class="button" data-testid="positions-flatten" disabled={held.length === 0 || isOver(store.session.value?.state)} title="Cancel all orders and close all positions at the market, after a question (Ctrl+Delete)" onClick={() => void flatten(desk)}>
          Flatten all
        </button>
      </header>
      <div class="body" ref={body}>
        {width < COMPACT_PX ? (
          <CompactPositions desk={desk} rows={rows} empty={empty} />
        ) : (
          <Grid<Position>
            label="Positions"
            rowId="positions-row"
            idOf={rowId}
            columns={columnsOf(desk, all)}
            rows={rows}
            keyOf={(each) => each.symbol}
            marks={(each) => ({ "data-state": each.quantity === 0 ? "flat" : "open" })}
            onEnter={(each) => store.select(each.symbol)}
            onDelete={(each) => void (each.quantity !== 0 && closePosition(desk, each, "all"))}
            empty={empty}
          />
        )}
      </div>
    </section>
  );
}
