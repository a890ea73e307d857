/** The chart's time axis in the exchange's zone. */

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
export function zoneOffset(time: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(time);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return local - Math.floor(time / 1000) * 1000;
}

const DAY_MS = 86_400_000;

/** Which day of the exchange a moment is on, as a number; its clocks are looked at once an hour, for speed. */
export function dayCounter(zone: string): (time: number) => number {
  const offsets = new Map<number, number>();
  return (time) => {
    const hour = Math.floor(time / 3_600_000);
    let offset = offsets.get(hour);
    if (offset === undefined) offsets.set(hour, (offset = zoneOffset(time, zone)));
    return Math.floor((time + offset) / DAY_MS);
  };
}

export type Mark = "year" | "month" | "day" | "minute" | "second";

/**
 * Times of the chart library, which knows only UTC: moved by the zone's offset at one moment, so that days begin where
 * the exchange's do, and written from the true time, so that labels are right on both sides of a change of the clocks.
 */
export class Axis {
  readonly #offset: number;
  readonly #marks: Record<Mark, Intl.DateTimeFormat>;
  readonly #full: Record<"date" | "minute" | "second", Intl.DateTimeFormat>;

  constructor(
    readonly zone: string,
    around: number,
  ) {
    this.#offset = Math.round(zoneOffset(around, zone) / 1000);
    const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
      new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    const clock = { hour: "2-digit", minute: "2-digit" } as const;
    const date = { weekday: "short", day: "2-digit", month: "short" } as const;
    this.#marks = {
      year: format({ year: "numeric" }),
      month: format({ month: "short" }),
      day: format({ day: "numeric", month: "short" }),
      minute: format(clock),
      second: format({ ...clock, second: "2-digit" }),
    };
    this.#full = {
      date: format({ ...date, year: "numeric" }),
      minute: format({ ...date, ...clock }),
      second: format({ ...date, ...clock, second: "2-digit" }),
    };
  }

  /** Seconds of the chart's axis. */
  of(time: number): number {
    return Math.floor(time / 1000) + this.#offset;
  }

  /** The true time of seconds of the axis, in milliseconds. */
  time(seconds: number): number {
    return (seconds - this.#offset) * 1000;
  }

  mark(seconds: number, mark: Mark): string {
    return this.#marks[mark].format(this.time(seconds));
  }

  full(seconds: number, detail: "date" | "minute" | "second"): string {
    return this.#full[detail].format(this.time(seconds));
  }
}
