import { signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { millis } from "../ui/format";
import type { CandlesOut } from "../wire/answers";
import type { CandleRow, LevelRow, MarketRow, TradeRow } from "../wire/frames";
import type { Rest } from "../wire/rest";
import type { Stream } from "../wire/stream";
import type { Change, Table } from "../wire/table";
import type { Candle, Depth, Level, Trade } from "./types";

const NO_DEPTH: Depth = { bids: [], asks: [], seq: 0 };
/** Intervals that stay subscribed: the one on the page, and one that was just left. */
const INTERVALS_KEPT = 2;
const HISTORY_MAX = 5_000;

interface Series {
  shown: Signal<Candle[]>;
  older: Candle[];
  leave: () => void;
}

/** Markets of all instruments, and book, tape and candles of the chosen one. */
export class Markets {
  readonly depth = signal<Depth>(NO_DEPTH);
  readonly trades = signal<Trade[]>([]);
  private readonly rows = new Map<string, Signal<MarketRow>>();
  private readonly series = new Map<string, Series>();
  private chosen = "";
  private leave: () => void = () => undefined;
  private readonly followed = new Set<string>();

  constructor(
    private readonly session: string,
    private readonly rest: Rest,
    private readonly stream: Stream,
  ) {}

  market(symbol: string): ReadonlySignal<MarketRow> {
    return this.row(symbol);
  }

  /** Follow the markets of these instruments. */
  watch(symbols: readonly string[]): void {
    const fresh = symbols.filter((symbol) => !this.followed.has(symbol));
    for (const symbol of fresh) this.followed.add(symbol);
    if (fresh.length > 0) this.stream.follow(...fresh.map((symbol) => `market:${symbol}`));
  }

  select(symbol: string): void {
    if (symbol === this.chosen) return;
    this.chosen = symbol;
    this.leave();
    this.depth.value = NO_DEPTH;
    this.trades.value = [];
    this.leave = symbol === "" ? () => undefined : this.stream.follow(`depth:${symbol}`, `trades:${symbol}`);
    for (const [interval, series] of this.series) {
      series.leave();
      series.older = [];
      series.shown.value = [];
      series.leave = this.followCandles(interval);
    }
  }

  candles(interval: string): ReadonlySignal<Candle[]> {
    let series = this.series.get(interval);
    if (series === undefined) {
      series = { shown: signal<Candle[]>([]), older: [], leave: () => undefined };
      this.series.set(interval, series);
      series.leave = this.followCandles(interval);
    } else {
      // To the end of the map: used last.
      this.series.delete(interval);
      this.series.set(interval, series);
    }
    for (const [name, old] of this.series) {
      if (this.series.size <= INTERVALS_KEPT) break;
      old.leave();
      this.series.delete(name);
    }
    return series.shown;
  }

  /** The signal that a change is for, set to what its table holds. */
  show({ topic, table }: Change): void {
    const [kind, symbol = "", interval = ""] = topic.split(":");
    if (kind === "market") {
      for (const row of table.values<MarketRow>()) this.row(row.symbol).value = row;
    } else if (symbol !== this.chosen) return;
    else if (kind === "depth") this.depth.value = book(table);
    else if (kind === "trades") this.trades.value = table.values<TradeRow>().map(tradeOf).reverse();
    else if (kind === "candles") {
      const series = this.series.get(interval);
      if (series !== undefined) series.shown.value = joined(series.older, table.values<CandleRow>().map(candleOf));
    }
  }

  reset(): void {
    this.depth.value = NO_DEPTH;
    this.trades.value = [];
    for (const [symbol, row] of this.rows) row.value = { symbol };
    for (const [interval, series] of this.series) {
      series.older = [];
      series.shown.value = [];
      void this.loadOlder(this.chosen, interval);
    }
  }

  private row(symbol: string): Signal<MarketRow> {
    let row = this.rows.get(symbol);
    if (row === undefined) {
      row = signal<MarketRow>({ symbol });
      this.rows.set(symbol, row);
    }
    return row;
  }

  private followCandles(interval: string): () => void {
    if (this.chosen === "") return () => undefined;
    void this.loadOlder(this.chosen, interval);
    return this.stream.follow(`candles:${this.chosen}:${interval}`);
  }

  /** Candles before those that the stream tells. */
  private async loadOlder(symbol: string, interval: string): Promise<void> {
    if (symbol === "") return;
    const path = `/api/sessions/${encodeURIComponent(this.session)}/instruments/${encodeURIComponent(symbol)}/candles`;
    try {
      const found = await this.rest.get<CandlesOut>(`${path}?timeframe=${interval}&limit=${HISTORY_MAX}`);
      const series = this.series.get(interval);
      if (series === undefined || symbol !== this.chosen) return;
      series.older = columns(found);
      series.shown.value = joined(series.older, series.shown.value);
    } catch {
      // The stream's own candles are shown; there is only less to scroll back to.
    }
  }
}

function book(table: Table): Depth {
  const bids: Level[] = [];
  const asks: Level[] = [];
  for (const [side, price, quantity, orders] of table.values<LevelRow>()) {
    (side === "buy" || side === "bid" ? bids : asks).push({ price, quantity, orders });
  }
  bids.sort((a, b) => b.price - a.price);
  asks.sort((a, b) => a.price - b.price);
  return { bids, asks, seq: table.seq };
}

function tradeOf(row: TradeRow & { busted?: boolean }): Trade {
  const { seq, id = 0, price = 0, quantity = 0, side = "", auction = false, busted = false } = row;
  return { seq, id, time: millis(row.time), price, quantity, side, auction, busted };
}

function candleOf(row: CandleRow): Candle {
  const { open = 0, high = 0, low = 0, close = 0, volume = 0, trades = 0, vwap = close } = row;
  return { time: millis(row.time), open, high, low, close, volume, trades, vwap };
}

function columns(found: CandlesOut): Candle[] {
  return found.time.map((time, at) => ({
    time: millis(time),
    open: found.open[at] ?? 0,
    high: found.high[at] ?? 0,
    low: found.low[at] ?? 0,
    close: found.close[at] ?? 0,
    volume: found.volume[at] ?? 0,
    trades: found.trades[at] ?? 0,
    vwap: found.vwap[at] ?? 0,
  }));
}

/** The older candles up to where the newer ones begin, then those. */
function joined(older: Candle[], newer: Candle[]): Candle[] {
  const first = newer[0];
  if (first === undefined) return older;
  const before = older.filter((candle) => candle.time < first.time);
  return before.length === 0 ? newer : [...before, ...newer];
}

/** The middle of the best bid and ask, where there are both. */
export function mid(row: MarketRow): number | null {
  return row.bid == null || row.ask == null ? null : (row.bid + row.ask) / 2;
}

