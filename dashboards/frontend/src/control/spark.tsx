import type { CandleRow } from "../wire/frames";
import { line } from "./path";

/** A price's way through the last candles, without axes: its numbers stand beside it. */
export function Spark({ candles, width, height }: { candles: readonly CandleRow[]; width: number; height: number }) {
  const closes = candles.slice(-120).flatMap(({ close }) => (close === undefined ? [] : [close]));
  const first = closes[0];
  const last = closes.at(-1);
  if (first === undefined || last === undefined || closes.length < 2) return <svg class="c-spark" width={width} height={height} aria-hidden="true" />;
  return (
    <svg class={`c-spark ${last >= first ? "up" : "down"}`} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={line(closes, width, height)} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
