import { signal, type Signal } from "@preact/signals-core";
import type { AlertRow, AlertsPage } from "./words";

const PAGE = 100;
const SOON_MS = 300;

/** The server's list of alerts from the session's beginning on, read a page at a time from its end. */
export class AlertHistory {
  readonly rows: Signal<readonly AlertRow[]> = signal<readonly AlertRow[]>([]);
  /** Where older ones begin; null when there are none. */
  readonly next: Signal<number | null> = signal<number | null>(null);
  readonly problem: Signal<string> = signal("");
  private timer: ReturnType<typeof setTimeout> | undefined;
  private read_ = false;

  /** `ask` reads a page by its query. */
  constructor(private readonly ask: (query: string) => Promise<AlertsPage>) {}

  /** Read the newest ones; what is known already stays. */
  async refresh(): Promise<void> {
    try {
      const { alerts, next } = await this.ask(`?limit=${PAGE}`);
      const known = this.rows.peek();
      const oldest = alerts.at(-1)?.seq ?? Number.NEGATIVE_INFINITY;
      const newest = known[0]?.seq ?? Number.NEGATIVE_INFINITY;
      // Without a page's overlap some between would be missing: then the list begins anew.
      const whole = this.read_ && (next === null || oldest <= newest);
      this.rows.value = whole ? [...alerts, ...known.filter(({ seq }) => seq < oldest)] : alerts;
      if (!whole) this.next.value = next;
      this.read_ = true;
      this.problem.value = "";
    } catch (refusal) {
      this.problem.value = refusal instanceof Error ? refusal.message : String(refusal);
    }
  }

  /** Read them a moment later, once for all that happens until then. */
  soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, SOON_MS);
  }

  /** Read the page before the oldest that is known. */
  async older(): Promise<void> {
    const before = this.next.peek();
    if (before === null) return;
    const { alerts, next } = await this.ask(`?limit=${PAGE}&before=${before}`);
    this.rows.value = [...this.rows.peek(), ...alerts];
    this.next.value = next;
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
