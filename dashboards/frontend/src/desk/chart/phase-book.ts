import { computed, effect, signal, type Signal } from "@preact/signals-core";
import type { Store } from "../../store/store";
import type { Instrument } from "../../store/types";
import { millis } from "../../ui/format";
import { seen, type Band } from "./bands";

/** When each instrument did not trade continuously, as far as the page saw it. */
export class PhaseBook {
  readonly #bands = new Map<string, Signal<readonly Band[]>>();
  readonly #stops: (() => void)[] = [];

  constructor(private readonly store: Store) {
    this.#stops.push(
      effect(() => {
        for (const terms of store.instruments.value) if (!this.#bands.has(terms.symbol)) this.#watch(terms);
      }),
    );
  }

  of(symbol: string): readonly Band[] {
    return this.#bands.get(symbol)?.value ?? [];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** How a phase began that was there before the page, the terms of the instrument tell. */
  #watch(terms: Instrument): void {
    const market = this.store.market(terms.symbol);
    const bands = signal<readonly Band[]>([]);
    this.#bands.set(terms.symbol, bands);
    const phase = computed(() => (market.value.halted === true ? "halted" : market.value.phase));
    let first = true;
    this.#stops.push(
      effect(() => {
        const now = phase.value;
        if (now === undefined) return;
        const known = first && terms.phase === market.peek().phase ? millis(terms.phase_since) : 0;
        first = false;
        bands.value = seen(bands.peek(), now, millis(market.peek().time), known || undefined);
      }),
    );
  }
}
