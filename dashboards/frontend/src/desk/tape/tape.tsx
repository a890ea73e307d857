import { useSignal } from "@preact/signals";
import { Component } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { clock, price as asPrice, quantity as asQuantity, zoneName } from "../../ui/format";
import type { Trade } from "../../store/types";
import type { Desk } from "../desk-context";

/** Rows drawn at most; older trades are in the store's table and in the API. */
const ROWS_MAX = 80;

/** Time and sales: the newest trade first. It stands still while the pointer is on it, so that a line can be read. */
export function TapePanel({ desk }: { desk: Desk }) {
  const { store, ui } = desk;
  const symbol = store.symbol.value;
  const instrument = store.instruments.value.find((each) => each.symbol === symbol);
  const zone = ui.settings.clock.value === "local" ? "" : (store.session.value?.zone ?? "UTC");
  const held = useSignal<Trade[] | null>(null);
  const least = useSignal(0);
  const fills = store.fills.value;
  const own = useMemo(() => new Map(fills.map((fill) => [fill.trade, fill.side])), [fills]);
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => {
    held.value = null;
    if (first.current !== null) first.current.scrollTop = 0;
  }, [symbol]);

  const all = store.trades.value;
  const shown = held.value ?? all;
  const rows = shown.filter((trade) => trade.quantity >= least.value).slice(0, ROWS_MAX);
  const fresh = held.value === null ? 0 : newer(all, held.value[0]?.seq ?? 0);
  const lot = instrument?.lot_size ?? 1;
  const step = instrument?.price_increment ?? 0.01;
  return (
    <section class="panel tape" data-testid="panel-tape" aria-label="Time and sales">
      <header>
        <span class="title">Trades</span>
        <span class="dim fill">{held.value === null ? symbol : `held · ${fresh} new`}</span>
        <label class="least" title="Show only trades of at least this quantity">
          ≥
          <input
            class="input"
            inputMode="numeric"
            aria-label="Least quantity shown"
            placeholder="any"
            value={least.value === 0 ? "" : String(least.value)}
            onInput={(event) => {
              const given = Number(event.currentTarget.value.replaceAll(",", ""));
              least.value = Number.isFinite(given) && given > 0 ? given : 0;
            }}
          />
        </label>
      </header>
      <div class="sale titles" aria-hidden="true">
        <span>Time {zoneName(store.now.peek() || 1, zone)}</span>
        <span class="num">Price</span>
        <span class="num">Quantity</span>
        <span />
      </div>
      <div
        class="body"
        ref={first}
        role={rows.length === 0 ? undefined : "table"}
        aria-label="Trades, the newest first"
        tabIndex={0}
        onPointerEnter={() => (held.value = store.trades.peek())}
        onPointerLeave={() => {
          held.value = null;
          if (first.current !== null) first.current.scrollTop = 0;
        }}
      >
        {rows.length === 0 ? (
          <div class="empty">
            <strong>{all.length === 0 ? "No trades yet" : "No trade as large"}</strong>
            {all.length === 0 ? "Each trade appears here as it happens." : `None of the last ${all.length} has ${asQuantity(least.value, lot)} or more.`}
          </div>
        ) : (
          rows.map((trade, slot) => (
            // By place and not by trade: lines stay where they are, and what they say moves down.
            <Sale key={slot} trade={trade} zone={zone} step={step} lot={lot} mine={own.get(trade.id) ?? ""} />
          ))
        )}
      </div>
    </section>
  );
}

/** How many trades are newer than a sequence number; the newest come first. */
export function newer(trades: readonly Trade[], seq: number): number {
  const at = trades.findIndex((trade) => trade.seq <= seq);
  return at < 0 ? trades.length : at;
}

interface SaleProps {
  trade: Trade;
  zone: string;
  step: number;
  lot: number;
  mine: string;
}

const TIMES_MAX = 400;
/** Times as text, by zone and millisecond: every line is written again with each trade, and writing a time is what takes long. */
const times = new Map<string, string>();

function timeOf(ms: number, zone: string): string {
  const key = `${ms}${zone}`;
  let text = times.get(key);
  if (text === undefined) {
    if (times.size >= TIMES_MAX) times.clear();
    text = `${clock(ms, zone)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}`;
    times.set(key, text);
  }
  return text;
}

/** One line of the tape. */
class Sale extends Component<SaleProps> {
  override shouldComponentUpdate(next: SaleProps): boolean {
    const { trade, zone, step, mine } = this.props;
    return next.trade.seq !== trade.seq || next.trade.busted !== trade.busted || next.zone !== zone || next.step !== step || next.mine !== mine;
  }

  override render({ trade, zone, step, lot, mine }: SaleProps) {
    const { time, price, quantity, side, auction, busted } = trade;
    const colour = auction ? "" : side === "sell" ? "down" : "up";
    const text = asPrice(price, step);
    const size = asQuantity(quantity, lot);
    // A number of another length begins elsewhere: it comes as another element, for the old one would jump.
    return (
      <div class="sale" role="row" data-testid="tape-row" data-side={side} data-own={mine !== ""} data-busted={busted}>
        <span role="cell" class="dim">{timeOf(time, zone)}</span>
        <span key={`price ${text.length}`} role="cell" class={`num ${colour}`} title={auction ? "Traded in an auction" : `The aggressor ${side === "sell" ? "sold" : "bought"}`}>
          {text}
        </span>
        <span key={`quantity ${size.length}`} role="cell" class="num">
          {size}
        </span>
        <span role="cell" class="marks">
          {auction && <abbr title="Auction">A</abbr>}
          {busted && <abbr title="Undone by the exchange">X</abbr>}
          {mine !== "" && (
            <abbr class={mine === "sell" ? "down" : "up"} title={`Your ${mine === "sell" ? "sale" : "purchase"}`}>
              {mine === "sell" ? "S" : "B"}
            </abbr>
          )}
        </span>
      </div>
    );
  }
}
