/** Own fills as marks on the candles they happened in. */
import type { Bar } from "./studies";

export interface OwnFill {
  readonly time: number;
  readonly side: "buy" | "sell";
  readonly price: number;
  readonly quantity: number;
}

/** What was bought, or sold, within one candle. */
export interface FillMark {
  readonly id: string;
  /** When its candle begins. */
  readonly bar: number;
  readonly side: "buy" | "sell";
  readonly quantity: number;
  /** Average price of a unit. */
  readonly price: number;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** The index of the last bar that begins at or before a time, or -1. */
export function barAt(bars: readonly Bar[], time: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bars[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** One mark per candle and side, in order of time; fills from before the first candle have none. */
export function fillMarks(fills: Iterable<OwnFill>, bars: readonly Bar[]): FillMark[] {
  const found = new Map<string, FillMark>();
  for (const { time, side, price, quantity } of fills) {
    const bar = bars[barAt(bars, time)];
    if (bar === undefined) continue;
    const id = `${side}-${bar.time}`;
    const known = found.get(id);
    if (known === undefined) {
      found.set(id, { id, bar: bar.time, side, quantity, price, count: 1, first: time, last: time });
      continue;
    }
    const total = known.quantity + quantity;
    found.set(id, {
      ...known,
      quantity: total,
      price: (known.price * known.quantity + price * quantity) / total,
      count: known.count + 1,
      first: Math.min(known.first, time),
      last: Math.max(known.last, time),
    });
  }
  return [...found.values()].sort((a, b) => a.bar - b.bar || a.side.localeCompare(b.side));
}
