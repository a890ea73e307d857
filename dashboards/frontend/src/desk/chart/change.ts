/** What to draw when candles arrive: only the end, where the rest is what is drawn already. */
import type { Bar } from "./studies";

function same(a: Bar, b: Bar): boolean {
  return (
    a === b ||
    (a.time === b.time &&
      a.open === b.open &&
      a.high === b.high &&
      a.low === b.low &&
      a.close === b.close &&
      a.volume === b.volume)
  );
}

/**
 * The index from which `now` differs from what was drawn (its last bar may have grown, the oldest may have been let
 * go); 0 when all must be drawn anew. `now.length` says that nothing changed.
 */
export function changedFrom(before: readonly Bar[], now: readonly Bar[]): number {
  const first = now[0];
  const last = before.at(-1);
  if (first === undefined || last === undefined) return 0;
  let at = now.length - 1;
  while (at >= 0 && now[at]!.time > last.time) at--;
  if (at < 0 || now[at]!.time !== last.time) return 0;
  const shift = before.length - 1 - at;
  if (shift < 0) return 0;
  for (let i = 0; i < at; i++) if (!same(before[i + shift]!, now[i]!)) return 0;
  return same(last, now[at]!) ? at + 1 : at;
}
