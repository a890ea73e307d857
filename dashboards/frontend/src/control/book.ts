import type { LevelRow } from "../wire/frames";

/** The best levels of both sides, and what they add up to. */
export interface BookSummary {
  bids: LevelRow[];
  asks: LevelRow[];
  bidQuantity: number;
  askQuantity: number;
  spread: number | null;
}

const total = (levels: readonly LevelRow[]): number => levels.reduce((sum, [, , quantity]) => sum + quantity, 0);

/** The book of a stream's levels, which come in no order. */
export function summary(levels: readonly LevelRow[], count: number): BookSummary {
  const bids = levels.filter(([side]) => side === "bid").sort((a, b) => b[1] - a[1]).slice(0, count);
  const asks = levels.filter(([side]) => side === "ask").sort((a, b) => a[1] - b[1]).slice(0, count);
  const bid = bids[0];
  const ask = asks[0];
  return { bids, asks, bidQuantity: total(bids), askQuantity: total(asks), spread: bid === undefined || ask === undefined ? null : ask[1] - bid[1] };
}
