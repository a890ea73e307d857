import { signal, type ReadonlySignal } from "@preact/signals-core";
import { millis } from "../ui/format";

const STEP_MS = 200;
const RUNNING: ReadonlySet<string> = new Set(["pre_open", "open"]);

/** The exchange's time between two words of the server: it goes on at the session's speed, and never back. */
export class ExchangeClock {
  private readonly shown = signal(0);
  private base = 0;
  private at = 0;
  private rate = 0;
  private readonly timer = setInterval(() => {
    if (typeof document === "undefined" || !document.hidden) this.tick();
  }, STEP_MS);

  get now(): ReadonlySignal<number> {
    return this.shown;
  }

  /** How fast it goes now: not at all while the session does not run. */
  setPace(state: string | undefined, speed: number | null | undefined): void {
    const rate = RUNNING.has(state ?? "") ? (speed ?? 0) : 0;
    if (rate === this.rate) return;
    this.base = this.current();
    this.at = performance.now();
    this.rate = rate;
  }

  /** What the server said last about its time. */
  hear(iso: string): void {
    const time = millis(iso);
    if (time === 0) return;
    const before = this.current();
    // A word that was under way is a little late; only a real difference (a pause, a jump) sets the clock back.
    const late = before > time && before - time < 1_500 * Math.max(1, this.rate);
    this.base = late ? before : time;
    this.at = performance.now();
    this.tick();
  }

  reset(): void {
    this.base = 0;
    this.rate = 0;
    this.shown.value = 0;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private current(): number {
    return this.base === 0 ? 0 : this.base + (performance.now() - this.at) * this.rate;
  }

  private tick(): void {
    if (this.base === 0) return;
    // Whole steps of the exchange's clock, so that what shows seconds is not drawn in between.
    const time = Math.floor(this.current() / 250) * 250;
    if (time !== this.shown.value) this.shown.value = time;
  }
}
