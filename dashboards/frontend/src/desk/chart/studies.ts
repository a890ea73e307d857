/** Indicators of the chart, each fed bar by bar: a bar with the time of the last one replaces it. */

export interface Bar {
  /** When the bar begins, in milliseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Average price of its trades by quantity. */
  readonly vwap: number;
}

/** The value of each line of a study at a bar; null where it is not defined yet. */
export type Values = readonly (number | null)[];

const MINUTE_MS = 60_000;

export interface Study {
  next(bar: Bar): Values;
}

/** The last `length` closes, of which the newest may still change; what a study costs does not grow with history. */
class Window {
  readonly #closes: number[] = [];
  #time = Number.NaN;

  constructor(private readonly length: number) {}

  /** Takes in a bar, and gives the closes when there are enough of them. */
  take(bar: Bar): readonly number[] | null {
    if (bar.time === this.#time) this.#closes.pop();
    else if (this.#closes.length === this.length) this.#closes.shift();
    this.#time = bar.time;
    this.#closes.push(bar.close);
    return this.#closes.length === this.length ? this.#closes : null;
  }
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Mean of the last closes. */
export class Sma implements Study {
  readonly #window: Window;

  constructor(length: number) {
    this.#window = new Window(length);
  }

  next(bar: Bar): Values {
    const closes = this.#window.take(bar);
    return [closes && mean(closes)];
  }
}

/** Exponential mean with weight 2 / (length + 1), which begins with the mean of the first `length` closes. */
export class Ema implements Study {
  readonly #window: Window;
  readonly #weight: number;
  #time = Number.NaN;
  #before: number | null = null;
  #value: number | null = null;

  constructor(length: number) {
    this.#window = new Window(length);
    this.#weight = 2 / (length + 1);
  }

  next(bar: Bar): Values {
    if (bar.time !== this.#time) this.#before = this.#value;
    this.#time = bar.time;
    const closes = this.#window.take(bar);
    if (this.#before !== null) this.#value = this.#before + this.#weight * (bar.close - this.#before);
    else this.#value = closes && mean(closes);
    return [this.#value];
  }
}

/** Upper, middle and lower band: the mean of the last closes, and it plus and minus so many population deviations. */
export class Bollinger implements Study {
  readonly #window: Window;

  constructor(
    length: number,
    private readonly width: number,
  ) {
    this.#window = new Window(length);
  }

  next(bar: Bar): Values {
    const closes = this.#window.take(bar);
    if (closes === null) return [null, null, null];
    const middle = mean(closes);
    let squares = 0;
    for (const close of closes) squares += (close - middle) ** 2;
    const reach = this.width * Math.sqrt(squares / closes.length);
    return [middle + reach, middle, middle - reach];
  }
}

/** What is added up for an average price: prices times quantities, and quantities. */
interface Sums {
  readonly value: number;
  readonly volume: number;
}

const NOTHING: Sums = { value: 0, volume: 0 };

/** What was traded before the first bar that is drawn. */
export interface History {
  readonly bars: () => readonly Bar[];
  /** Whether they are of a minute, where those that are drawn are shorter. */
  readonly minutes: boolean;
}

/**
 * Average price by quantity of all trades of the session so far; it starts anew with each day of the exchange. A bar's
 * trades come in by their own average, so it is the same number at one moment whatever the bars' length.
 *
 * What is drawn may not reach back to the open, and the tape that bars of seconds are made of never does: what was traded
 * before is taken from `history`.
 */
export class Vwap implements Study {
  #time = Number.NaN;
  #day: string | number | null = null;
  #minute = Number.NaN;
  #now: Sums = NOTHING;
  #before: Sums = NOTHING;

  constructor(
    private readonly dayOf: (time: number) => string | number,
    private readonly history: History | null = null,
  ) {}

  next(bar: Bar): Values {
    if (bar.time !== this.#time) {
      const day = this.dayOf(bar.time);
      const minute = Math.floor(bar.time / MINUTE_MS) * MINUTE_MS;
      this.#before = day === this.#day ? this.#now : NOTHING;
      const minutes = this.history?.minutes === true;
      if (Number.isNaN(this.#time) || (minutes && minute !== this.#minute)) {
        // Whichever knows of more: a first minute may be there in part, and bars of minutes may be late by a moment.
        const known = this.#until(minutes ? minute : bar.time, day);
        if (known.volume > this.#before.volume) this.#before = known;
      }
      this.#minute = minute;
      this.#day = day;
      this.#time = bar.time;
    }
    this.#now = { value: this.#before.value + bar.vwap * bar.volume, volume: this.#before.volume + bar.volume };
    return [this.#now.volume > 0 ? this.#now.value / this.#now.volume : null];
  }

  /** What was traded of a day before a time. */
  #until(time: number, day: string | number): Sums {
    const sums = { value: 0, volume: 0 };
    for (const bar of this.history?.bars() ?? []) {
      if (bar.time >= time) break;
      if (this.dayOf(bar.time) !== day) continue;
      sums.value += bar.vwap * bar.volume;
      sums.volume += bar.volume;
    }
    return sums;
  }
}
