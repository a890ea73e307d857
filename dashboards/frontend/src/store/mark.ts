import type { MarketRow } from "../wire/frames";
import type { Instrument } from "./types";

/** The price that positions are valued at, where the instrument says that it comes from. */
export function markOf(market: MarketRow, terms: Instrument | undefined): number | null {
  const last = market.last ?? terms?.mark ?? null;
  if (terms?.marked_at === "close") return terms.mark ?? last;
  if (terms?.marked_at !== "mid") return last;
  const { bid, ask } = market;
  if (bid === null || bid === undefined || ask === null || ask === undefined) return last;
  // The middle in whole ticks, rounded down, as the exchange has it.
  const tick = terms.tick_size;
  return Math.floor((Math.round(bid / tick) + Math.round(ask / tick)) / 2) * tick;
}
