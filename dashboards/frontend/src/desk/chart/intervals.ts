/** The widths of candles to choose from. */
import type { Detail } from "./view";

export interface Interval {
  readonly name: string;
  /** Seconds, where the candles are made here from trades; the server makes those of minutes and more. */
  readonly seconds: number | null;
  readonly detail: Detail;
}

const short = (name: string, seconds: number): Interval => ({ name, seconds, detail: "second" });
const long = (name: string, detail: Detail = "minute"): Interval => ({ name, seconds: null, detail });

export const INTERVALS: readonly Interval[] = [
  short("1s", 1),
  short("5s", 5),
  short("15s", 15),
  long("1m"),
  long("5m"),
  long("15m"),
  long("1h"),
  long("1d", "date"),
];

const USUAL = long("1m");

export function intervalOf(name: string): Interval {
  return INTERVALS.find((each) => each.name === name) ?? USUAL;
}
