/** Indicators of the chart, each fed bar by bar: a bar with the time of the last one replaces it. */

export interface Bar {
  /** When the bar begins, in milliseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** The value of each line of a study at a bar; null where it is not defined yet. */
export type Values = readonly (number | null)[];

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

/**
 * Average price of the session so far, from the typical price (H + L + C) / 3 of each bar and its volume;
 * it starts anew with each day of the exchange.
 */
export class Vwap implements Study {
  #time = Number.NaN;
  #day: string | number | null = null;
  #value = 0;
  #volume = 0;
  #valueBefore = 0;
  #volumeBefore = 0;

  constructor(private readonly dayOf: (time: number) => string | number) {}

  next(bar: Bar): Values {
    if (bar.time !== this.#time) {
      const day = this.dayOf(bar.time);
      const same = day === this.#day;
      this.#valueBefore = same ? this.#value : 0;
      this.#volumeBefore = same ? this.#volume : 0;
      this.#day = day;
      this.#time = bar.time;
    }
    this.#value = this.#valueBefore + ((bar.high + bar.low + bar.close) / 3) * bar.volume;
    this.#volume = this.#volumeBefore + bar.volume;
    return [this.#volume > 0 ? this.#value / this.#volume : null];
  }
}
