import { signal, type ReadonlySignal } from "@preact/signals-core";
import { said } from "../../wire/rest";

export interface Page<R> {
  rows: R[];
  /** What the page after it begins before; null for none. */
  next: number | null;
}

/** Rows that only the server has, read page by page from newer to older. */
export class Pages<R> {
  private readonly read_ = signal<R[]>([]);
  private readonly busy = signal(false);
  private readonly failed = signal("");
  private readonly finished = signal(false);
  private before: number | null = null;
  /** Counts what was begun anew, so that an answer to an older question is dropped. */
  private round = 0;

  /** `ask` reads the rows before a number. */
  constructor(private ask: (before: number) => Promise<Page<R>>) {}

  get rows(): ReadonlySignal<R[]> {
    return this.read_;
  }

  get loading(): ReadonlySignal<boolean> {
    return this.busy;
  }

  get problem(): ReadonlySignal<string> {
    return this.failed;
  }

  get done(): ReadonlySignal<boolean> {
    return this.finished;
  }

  /** Forget what was read and ask another way. */
  restart(ask: (before: number) => Promise<Page<R>>): void {
    this.round += 1;
    this.ask = ask;
    this.before = null;
    this.read_.value = [];
    this.failed.value = "";
    this.busy.value = false;
    this.finished.value = false;
  }

  /** Read the next page; `from` is where the first one begins. */
  async more(from: number): Promise<void> {
    if (this.busy.peek() || this.finished.peek()) return;
    const round = this.round;
    this.busy.value = true;
    this.failed.value = "";
    try {
      const page = await this.ask(this.before ?? from);
      if (round !== this.round) return;
      this.read_.value = [...this.read_.peek(), ...page.rows];
      this.before = page.next;
      this.finished.value = page.next === null;
    } catch (problem) {
      if (round === this.round) this.failed.value = said(problem);
    } finally {
      if (round === this.round) this.busy.value = false;
    }
  }
}
