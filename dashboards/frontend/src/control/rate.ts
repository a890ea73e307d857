/** How fast a count grows, over the last so many milliseconds of the wall's clock. */
export class Rate {
  private readonly seen: { at: number; count: number }[] = [];

  constructor(private readonly spanMs: number) {}

  /** Take a count; a smaller one than before begins anew. */
  take(at: number, count: number): this {
    const last = this.seen.at(-1);
    if (last !== undefined && count < last.count) this.seen.length = 0;
    this.seen.push({ at, count });
    while (this.seen.length > 2 && (this.seen[1]?.at ?? at) < at - this.spanMs) this.seen.shift();
    return this;
  }

  /** Per second; null until two counts are known. */
  perSecond(): number | null {
    const first = this.seen[0];
    const last = this.seen.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return null;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }
}
