import { computed, effect, signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals-core";
import type { MouseEventParams, Time } from "lightweight-charts";
import { decimals } from "../../ui/format";
import type { TapeOut } from "../../wire/answers";
import type { Desk } from "../desk-context";
import { fillMarks, type FillMark } from "./fillmarks";
import { INDICATORS, type Indicator } from "./indicators";
import { intervalOf } from "./intervals";
import { lookOf } from "./look";
import { PhaseBook } from "./phase-book";
import { Rules } from "./rules";
import { SecondsFeed } from "./seconds-feed";
import type { Bar } from "./studies";
import { ChartView } from "./view";

/** What the legend tells of: the candle under the pointer, or the last one. */
export interface Reading {
  readonly bar: Bar;
  /** Close of the candle before it. */
  readonly before: number | null;
  readonly values: ReadonlyMap<string, readonly (number | null)[]>;
}

/** Own fills under the pointer, and where it is. */
export interface Hovered {
  readonly mark: FillMark;
  readonly x: number;
  readonly y: number;
}

/** Gives the drawing what the store tells, for as long as the panel is there. */
export class ChartController {
  readonly view: ChartView;
  readonly rules: Rules;
  readonly last: Signal<Reading | null> = signal<Reading | null>(null);
  readonly under: Signal<Reading | null> = signal<Reading | null>(null);
  readonly hovered: Signal<Hovered | null> = signal<Hovered | null>(null);
  readonly live = signal(true);
  readonly auto = signal(true);
  readonly log = signal(false);
  readonly indicators: ReadonlySignal<readonly Indicator[]>;
  /** Counts candles that came or were drawn anew: what is pinned to candles then moves. */
  readonly #laid = signal(0);
  readonly #phases: PhaseBook;
  readonly #closers: (() => void)[] = [];
  /** Own fills that are marked on the candles. */
  readonly marks: Signal<readonly FillMark[]> = signal<readonly FillMark[]>([]);

  constructor(
    private readonly desk: Desk,
    host: HTMLElement,
  ) {
    const { store, ui } = desk;
    this.#phases = new PhaseBook(store);
    this.view = new ChartView(host, lookOf(host), this.#zone(), () => this.rules.place());
    this.rules = new Rules(desk, this.view);
    this.indicators = computed(() => {
      const day = intervalOf(ui.settings.interval.value).detail === "date";
      const wanted = ui.settings.indicators.value;
      return INDICATORS.filter((each) => wanted.includes(each.name) && (each.intraday || !day));
    });
    this.#dress(host);
    this.#keep(() => this.#setTick());
    this.#keep(() => this.view.indicate(this.indicators.value));
    this.#keep(() => this.view.showVolume(ui.settings.indicators.value.includes("volume")));
    this.#keep(() => this.#followCandles());
    this.#keep(() => this.#markFills());
    this.#keep(() => this.#shade());
    this.#keep(() => this.view.auto(this.auto.value));
    this.#keep(() => this.view.log(this.log.value));
    this.#keep(() => {
      // The legend follows indicators that were switched on, too.
      void this.indicators.value;
      untracked(() => this.#read());
    });
    this.#closers.push(() => this.rules.close(), () => this.#phases.close());
    this.view.chart.subscribeCrosshairMove((event) => this.#point(event));
    this.view.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      this.live.value = this.view.isLive();
      if (this.view.reach(range)) this.#laid.value++;
    });
  }

  goLive(): void {
    this.view.live();
    this.auto.value = true;
  }

  fit(): void {
    // All that is there, and then all that this brought in sight.
    for (let more = true; more; ) {
      this.view.fit();
      more = this.view.reach(this.view.chart.timeScale().getVisibleLogicalRange());
    }
    this.auto.value = true;
  }

  close(): void {
    for (const close of this.#closers.reverse()) close();
    this.view.remove();
  }

  #zone(): string {
    return this.desk.store.session.value?.zone || "UTC";
  }

  #keep(run: () => void | (() => void)): void {
    this.#closers.push(effect(run));
  }

  /** Takes the theme now and whenever the page changes it. */
  #dress(host: HTMLElement): void {
    const root = host.closest("[data-theme]");
    if (root === null) return;
    const observer = new MutationObserver(() => {
      const look = lookOf(host);
      this.view.dress(look);
      this.rules.dress(look);
      this.#laid.value++;
    });
    observer.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-colours"] });
    this.#closers.push(() => observer.disconnect());
    this.rules.dress(lookOf(host));
  }

  #setTick(): void {
    const { store } = this.desk;
    const terms = store.instrument(store.symbol.value);
    if (terms !== undefined) this.view.tick(terms.price_increment, decimals(terms.tick_size));
  }

  /** Draws the candles of the chosen instrument and interval. */
  #followCandles(): () => void {
    const { store, ui, rest, session } = this.desk;
    const symbol = store.symbol.value;
    const interval = intervalOf(ui.settings.interval.value);
    const zone = this.#zone();
    return untracked(() => {
      const minutes = interval.seconds === null || symbol === "" ? null : store.candles("1m");
      this.view.clear(zone, interval.detail, minutes && (() => minutes.peek()));
      this.last.value = this.under.value = null;
      this.#laid.value++;
      if (symbol === "") return () => undefined;
      if (interval.seconds === null) {
        const bars = store.candles(interval.name);
        return effect(() => this.#draw(bars.value));
      }
      const base = `/api/sessions/${encodeURIComponent(session)}/instruments/${encodeURIComponent(symbol)}/trades`;
      const feed = new SecondsFeed(
        {
          trades: store.trades,
          tape: (after) => rest.get<TapeOut>(`${base}?limit=10000${after > 0 ? `&after_seq=${after}` : ""}`),
        },
        interval.seconds,
      );
      const stop = effect(() => this.#draw(feed.bars.value));
      const reach = computed(() => minutes?.value[0]?.time);
      const restudy = effect(() => {
        void reach.value;
        this.view.study();
        untracked(() => this.#read());
      });
      return () => {
        restudy();
        stop();
        feed.stop();
      };
    });
  }

  #draw(bars: readonly Bar[]): void {
    untracked(() => {
      const before = this.view.bars;
      this.view.draw(bars);
      if (bars.length !== before.length || bars[0]?.time !== before[0]?.time) this.#laid.value++;
      this.#read();
    });
  }

  #read(): void {
    const { bars } = this.view;
    const bar = bars.at(-1);
    this.last.value = bar === undefined ? null : this.#reading(bar, bars.at(-2)?.close ?? null);
  }

  #reading(bar: Bar, before: number | null, time?: Time): Reading {
    const values = new Map(this.indicators.value.map(({ name }) => [name, this.view.values(name, time)]));
    return { bar, before, values };
  }

  #point({ time, point, hoveredInfo }: MouseEventParams): void {
    const found = point === undefined || time === undefined ? undefined : this.view.barUnder(time);
    this.under.value = found === undefined ? null : this.#reading(found.bar, found.before, time);
    const mark = hoveredInfo?.objectKind === "series-marker" ? this.marks.peek().find(({ id }) => id === String(hoveredInfo.objectId)) : undefined;
    this.hovered.value = mark === undefined || point === undefined ? null : { mark, x: point.x, y: point.y };
  }

  #markFills(): void {
    const { store } = this.desk;
    void this.#laid.value;
    const symbol = store.symbol.value;
    const own = store.fills.value
      .filter((fill) => fill.symbol === symbol && !fill.busted)
      .map(({ time, side, price, quantity }) => ({ time, side: side === "sell" ? "sell" : "buy", price, quantity }) as const);
    const marks = fillMarks(own, this.view.bars);
    this.view.mark(marks);
    const drawn = this.view.marked();
    this.marks.value = marks.filter(({ id }) => drawn.has(id));
  }

  #shade(): void {
    void this.#laid.value;
    this.view.shade(this.#phases.of(this.desk.store.symbol.value));
  }
}
