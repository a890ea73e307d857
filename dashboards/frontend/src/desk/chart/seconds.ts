/** Candles shorter than the server makes them, from the trades themselves. */
import type { Bar } from "./studies";

export interface Print {
  readonly seq: number;
  /** Milliseconds. */
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
}

const MOST_BARS = 3000;

/** Candles of so many seconds; trades that were taken in already are left out, so overlaps do no harm. */
export class SecondBars {
  readonly #length: number;
  #bars: readonly Bar[] = [];
  #seq = 0;

  constructor(seconds: number) {
    this.#length = seconds * 1000;
  }

  get bars(): readonly Bar[] {
    return this.#bars;
  }

  /** The newest trade that is in the candles. */
  get seq(): number {
    return this.#seq;
  }

  /** Takes in trades in order of time. */
  take(prints: readonly Print[]): readonly Bar[] {
    let bars: Bar[] | null = null;
    for (const { seq, time, price, quantity } of prints) {
      if (seq <= this.#seq) continue;
      this.#seq = seq;
      // One that was undone has no quantity, and no candle.
      if (quantity === 0) continue;
      bars ??= [...this.#bars];
      const start = Math.floor(time / this.#length) * this.#length;
      const last = bars.at(-1);
      if (last === undefined || start > last.time) {
        bars.push({ time: start, open: price, high: price, low: price, close: price, volume: quantity, vwap: price });
      } else {
        bars[bars.length - 1] = {
          time: last.time,
          open: last.open,
          high: Math.max(last.high, price),
          low: Math.min(last.low, price),
          close: price,
          volume: last.volume + quantity,
          vwap: (last.vwap * last.volume + price * quantity) / (last.volume + quantity),
        };
      }
    }
    if (bars !== null) this.#bars = bars.length > MOST_BARS ? bars.slice(-MOST_BARS) : bars;
    return this.#bars;
  }
}
