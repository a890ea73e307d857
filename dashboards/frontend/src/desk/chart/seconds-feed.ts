import { effect, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Trade } from "../../store/types";
import { millis } from "../../ui/format";
import type { TapeOut } from "../../wire/answers";
import { SecondBars, type Print } from "./seconds";
import type { Bar } from "./studies";

/** What a feed reads trades from. */
export interface TradeSource {
  /** Newest first. */
  readonly trades: ReadonlySignal<readonly Trade[]>;
  /** A page of the tape in order: the latest trades, or those after an event. */
  tape(afterSeq: number): Promise<TapeOut & { busted?: boolean[] }>;
}

const PAGES_MAX = 20;

/** Candles of seconds of one instrument: the tape once, then the trades of the stream. */
export class SecondsFeed {
  readonly bars = signal<readonly Bar[]>([]);
  #made: SecondBars;
  readonly #stop: () => void;
  readonly #undone = new Set<number>();
  #reading = false;
  #stopped = false;

  constructor(
    private readonly source: TradeSource,
    private readonly seconds: number,
  ) {
    this.#made = new SecondBars(seconds);
    this.#stop = effect(() => this.#hear(source.trades.value));
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  #hear(trades: readonly Trade[]): void {
    const oldest = trades.at(-1);
    if (this.#reading || oldest === undefined) return;
    const undone = trades.filter(({ seq, busted }) => busted && !this.#undone.has(seq));
    // A candle cannot give a trade back, so what has been undone makes all of them anew.
    if (undone.length > 0) {
      for (const { seq } of undone) this.#undone.add(seq);
      if (undone.some(({ seq }) => seq <= this.#made.seq)) this.#made = new SecondBars(this.seconds);
    }
    // Where what came does not reach back to what is known, trades may lie between, and the tape has them.
    if (oldest.seq > this.#made.seq) void this.#read();
    else this.bars.value = this.#made.take(inOrder(trades));
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      for (let page = 0, more = true; more && page < PAGES_MAX && !this.#stopped; page++) {
        const found = await this.source.tape(this.#made.seq);
        const { busted } = found;
        const prints = found.seq.map((seq, at) => ({
          seq,
          time: millis(found.time[at]),
          price: found.price[at] ?? 0,
          quantity: busted?.[at] === true ? 0 : (found.quantity[at] ?? 0),
        }));
        this.#made.take(prints);
        more = found.next !== null;
      }
    } catch {
      // What the stream tells from now on is shown; there is only less to scroll back to.
    } finally {
      this.#reading = false;
    }
    if (!this.#stopped) this.bars.value = this.#made.take(inOrder(this.source.trades.peek()));
  }
}

/** Trades from the oldest on; of those that were undone only that they were there. */
function inOrder(trades: readonly Trade[]): Print[] {
  return trades.map(({ seq, time, price, quantity, busted }) => ({ seq, time, price, quantity: busted ? 0 : quantity })).reverse();
}
