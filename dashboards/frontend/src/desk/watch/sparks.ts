import { millis } from "../../ui/format";
import type { CandlesOut } from "../../wire/answers";
import type { Rest } from "../../wire/rest";
import { Spark } from "./spark";

/** Readings of history that are under way at the same time. */
const AT_ONCE = 3;
const MINUTE_MS = 60_000;
/** From this much of a session on, points are five minutes apart, so that a line has enough and not too many. */
const LONG_MS = 120 * MINUTE_MS;

/** The day's course of each instrument that was looked at; history is read when one is first in sight. */
export class Sparks {
  readonly #known = new Map<string, Spark>();
  readonly #queue: string[] = [];
  #busy = 0;

  constructor(
    private readonly rest: Rest,
    private readonly base: string,
    private readonly opens: () => number,
    private readonly loaded: (symbol: string) => void,
  ) {}

  /** The course of an instrument with its last price and when that was. */
  of(symbol: string, time: number, price: number | null): readonly number[] {
    let spark = this.#known.get(symbol);
    if (spark === undefined) {
      // Before the first trade there is no line, and nothing says how far apart its points are to be.
      if (time === 0) return [];
      spark = new Spark(time - this.opens() > LONG_MS ? 5 * MINUTE_MS : MINUTE_MS);
      this.#known.set(symbol, spark);
      this.#queue.push(symbol);
      void this.#work();
    }
    if (price !== null) spark.follow(time, price);
    return spark.values;
  }

  async #work(): Promise<void> {
    if (this.#busy >= AT_ONCE) return;
    const symbol = this.#queue.shift();
    if (symbol === undefined) return;
    this.#busy++;
    try {
      await this.#read(symbol);
    } catch {
      // The line then begins with what the stream tells.
    }
    this.#busy--;
    void this.#work();
  }

  async #read(symbol: string): Promise<void> {
    const spark = this.#known.get(symbol);
    if (spark === undefined) return;
    const opens = this.opens();
    const start = opens > 0 ? `&start=${encodeURIComponent(new Date(opens).toISOString())}` : "";
    const path = `${this.base}/instruments/${encodeURIComponent(symbol)}/candles`;
    const found = await this.rest.get<CandlesOut>(`${path}?timeframe=${spark.minutes}m&limit=400${start}`);
    spark.load(found.time.map((time, at) => ({ time: millis(time), price: found.close[at] ?? 0 })));
    this.loaded(symbol);
  }
}
