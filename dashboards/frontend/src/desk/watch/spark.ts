/** The course of a day as a small line: one point per span of time, the last one follows the price. */

export class Spark {
  readonly #span: number;
  #times: number[] = [];
  #values: number[] = [];

  /** `span` is in milliseconds. */
  constructor(span: number) {
    this.#span = span;
  }

  get minutes(): number {
    return this.#span / 60_000;
  }

  get values(): readonly number[] {
    return this.#values;
  }

  /** Takes in prices of the past in order of time; what was followed meanwhile stays behind them. */
  load(points: readonly { readonly time: number; readonly price: number }[]): void {
    const times = this.#times;
    const values = this.#values;
    this.#times = [];
    this.#values = [];
    for (const { time, price } of points) this.follow(time, price);
    times.forEach((time, at) => this.follow(time, values[at]!));
  }

  /** The price at a time; within the span of the last point it moves that point. */
  follow(time: number, price: number): void {
    const start = Math.floor(time / this.#span) * this.#span;
    const last = this.#times.at(-1);
    if (last !== undefined && start <= last) {
      if (start === last) this.#values[this.#values.length - 1] = price;
      return;
    }
    this.#times.push(start);
    this.#values.push(price);
  }
}

/** The path of a line through values in a box, which uses its whole height; "" where there is no line yet. */
export function pathOf(values: readonly number[], width: number, height: number): string {
  if (values.length < 2) return "";
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const step = Math.max(1, values.length / width);
  const spread = high - low;
  const points: string[] = [];
  for (let at = 0; at < values.length - 1; at += step) points.push(place(Math.floor(at)));
  points.push(place(values.length - 1));
  return `M${points.join("L")}`;

  function place(at: number): string {
    const x = (at / (values.length - 1)) * width;
    const y = spread > 0 ? (1 - (values[at]! - low) / spread) * height : height / 2;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  }
}
