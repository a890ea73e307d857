/** The drawing: candles, volume and indicator lines, made once and then only given what changed. */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  LineStyle,
  PriceScaleMode,
  TickMarkType,
  type AutoscaleInfo,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type LogicalRange,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { Axis, dayCounter, type Mark } from "./axis";
import type { Band } from "./bands";
import { changedFrom } from "./change";
import { barAt, type FillMark } from "./fillmarks";
import type { Indicator } from "./indicators";
import type { Look } from "./look";
import type { Bar } from "./studies";
import { StudyLines, type Feed } from "./study-lines";
import { Underlay } from "./underlay";

const MARKS: Readonly<Record<TickMarkType, Mark>> = {
  [TickMarkType.Year]: "year",
  [TickMarkType.Month]: "month",
  [TickMarkType.DayOfMonth]: "day",
  [TickMarkType.Time]: "minute",
  [TickMarkType.TimeWithSeconds]: "second",
};
/** Bars that are shown at first, even if there are not as many, and the free ones right of them. */
const SHOWN_MAX = 120;
const SHOWN_MIN = 72;
const FREE = 12;
/** The width that labels of own prices need right of the candles. */
const LABELS_PX = 125;
/** Candles that are drawn, and those added when somebody scrolls to their beginning: an update costs by how many there are. */
const CHUNK = 1_000;
/** Own prices are kept in sight while they stretch what is shown by no more than this. */
const STRETCH_MAX = 0.6;

/** How wide a candle is, which says how precise times are written. */
/** The legend's two lines, and how much of the chart's height stays free for them at least and at most. */
const LEGEND_PX = 40;
const LEGEND_LEAST = 0.12;
const LEGEND_MAX = 0.35;

export type Detail = "date" | "minute" | "second";

export class ChartView {
  readonly chart: IChartApi;
  readonly candles: ISeriesApi<"Candlestick">;
  readonly underlay: Underlay;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #sized: ResizeObserver;
  readonly #marks: ISeriesMarkersPluginApi<Time>;
  readonly #studies: StudyLines;
  /** What was given, and the end of it that is drawn. */
  #given: readonly Bar[] = [];
  #bars: readonly Bar[] = [];
  #limit = CHUNK;
  #near: readonly number[] = [];
  #axis: Axis;
  #dayOf: (time: number) => number;
  #minutes: (() => readonly Bar[]) | null = null;
  #detail: Detail = "minute";
  #look: Look;

  constructor(element: HTMLElement, look: Look, zone: string, painted: () => void) {
    this.#look = look;
    this.#axis = new Axis(zone, Date.now());
    this.#dayOf = dayCounter(zone);
    this.chart = createChart(element, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { scaleMargins: { top: LEGEND_LEAST, bottom: 0.2 }, minimumWidth: 66, entireTextOnly: true },
      timeScale: {
        rightOffset: FREE,
        minBarSpacing: 1,
        timeVisible: true,
        tickMarkFormatter: (time: Time, type: TickMarkType) => this.#axis.mark(time as number, MARKS[type]),
      },
      localization: { timeFormatter: (time: Time) => this.#axis.full(time as number, this.#detail) },
    });
    this.#volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      priceLineStyle: LineStyle.Dotted,
      autoscaleInfoProvider: (base: () => AutoscaleInfo | null) => this.#stretched(base()),
    });
    this.#studies = new StudyLines(this.chart, look);
    this.#marks = createSeriesMarkers<Time>(this.candles, [], { zOrder: "aboveSeries" });
    this.underlay = new Underlay(() => this.#look.font, painted);
    this.candles.attachPrimitive(this.underlay);
    this.dress(look);
    this.#sized = new ResizeObserver(() => this.#leaveRoom());
    this.#sized.observe(element);
  }

  get bars(): readonly Bar[] {
    return this.#bars;
  }

  /** The bar under a time of the axis, and the close of the one before it. */
  barUnder(time: Time): { bar: Bar; before: number | null } | undefined {
    const at = barAt(this.#bars, this.#axis.time(time as number) + 999);
    const bar = this.#bars[at];
    return bar === undefined ? undefined : { bar, before: this.#bars[at - 1]?.close ?? null };
  }

  /** Values of an indicator's lines at a time of the axis, or the last ones. */
  values(name: string, time?: Time): readonly (number | null)[] {
    return this.#studies.values(name, time);
  }

  /** Takes the colours of a theme. */
  dress(look: Look): void {
    this.#look = look;
    const crosshair = { color: look.dim, labelBackgroundColor: look.raised };
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: look.back },
        textColor: look.dim,
        fontFamily: look.font,
        fontSize: 11,
      },
      grid: { vertLines: { color: look.grid }, horzLines: { color: look.grid } },
      crosshair: { vertLine: crosshair, horzLine: crosshair },
      rightPriceScale: { borderColor: look.line },
      timeScale: { borderColor: look.line },
    });
    this.candles.applyOptions({
      upColor: look.up,
      downColor: look.down,
      borderVisible: false,
      wickUpColor: look.up,
      wickDownColor: look.down,
    });
    this.#studies.dress(look);
    this.#volume.setData(this.#bars.map((bar) => this.#volumeOf(bar)));
  }

  /** Prices in steps of the instrument's tick. */
  tick(size: number, precision: number): void {
    const format = { type: "price", minMove: size, precision } as const;
    this.candles.applyOptions({ priceFormat: format });
    this.#studies.tick(format);
  }

  /**
   * Another instrument or another interval: what was drawn goes, and the newest candles are shown. `minutes` are those of a
   * minute, where what is drawn is shorter.
   */
  clear(zone: string, detail: Detail, minutes: (() => readonly Bar[]) | null = null): void {
    this.#minutes = minutes;
    this.#limit = CHUNK;
    this.#given = [];
    this.#detail = detail;
    this.#dayOf = dayCounter(zone);
    this.#axis = new Axis(zone, Date.now());
    this.chart.timeScale().applyOptions({ timeVisible: detail !== "date", secondsVisible: detail === "second" });
    this.#marks.setMarkers([]);
    this.#all([]);
  }

  /** Draws candles; of those that are drawn already only what differs. */
  draw(given: readonly Bar[]): void {
    this.#given = given;
    const bars = given.length > this.#limit ? given.slice(-this.#limit) : given;
    const from = changedFrom(this.#bars, bars);
    const fresh = this.#bars.length === 0 && bars.length > 0;
    if (from === 0) {
      this.#all(bars);
      if (fresh) this.live();
      return;
    }
    this.#bars = bars;
    for (let at = from; at < bars.length; at++) {
      const bar = bars[at]!;
      this.candles.update(this.#candleOf(bar));
      this.#volume.update(this.#volumeOf(bar));
      this.#studies.extend(bar, this.#axis);
    }
  }

  /** Indicators anew: what was traded before the first candle has come to be known. */
  study(): void {
    this.#studies.redraw(this.#feed());
  }

  /** Which indicators are drawn. */
  indicate(wanted: readonly Indicator[]): void {
    this.#studies.choose(wanted, this.#feed());
  }

  /** Own prices, which the price scale shows as well when they are near. */
  near(prices: readonly number[]): void {
    if (prices.length === this.#near.length && prices.every((price, at) => price === this.#near[at])) return;
    this.#near = prices;
    this.underlay.refresh();
  }

  showVolume(visible: boolean): void {
    this.#volume.applyOptions({ visible });
    this.#leaveRoom();
  }

  /** Shades spans of time: between the last candle before one and the first that ended after it. */
  shade(bands: readonly Band[]): void {
    const scale = this.chart.timeScale();
    const index = (at: number): number =>
      scale.timeToIndex(this.#axis.of(this.#bars[at]?.time ?? 0) as UTCTimestamp, true) ?? 0;
    const shades = bands.map(({ kind, label, start, end }) => {
      const from = Math.max(0, barAt(this.#bars, start));
      const to = end === null ? null : index(Math.max(from, barAt(this.#bars, end) - 1)) + 1;
      const fill = kind === "halt" ? this.#look.halt : this.#look.auction;
      return { from: index(from), to, fill, ink: this.#look.warn, label };
    });
    this.underlay.set(this.#bars.length === 0 ? [] : shades);
  }

  /** The marks that the chart has, by their ids. */
  marked(): ReadonlySet<string> {
    return new Set(this.#marks.markers().map(({ id }) => id ?? ""));
  }

  mark(marks: readonly FillMark[]): void {
    this.#marks.setMarkers(
      marks.map(({ id, bar, side }) => ({
        id,
        time: this.#axis.of(bar) as UTCTimestamp,
        // Beside the candle rather than at the price, where it would vanish in a candle of its colour.
        position: side === "buy" ? "belowBar" : "aboveBar",
        shape: side === "buy" ? "arrowUp" : "arrowDown",
        color: side === "buy" ? this.#look.up : this.#look.down,
        size: 1,
      })),
    );
  }

  /** The newest candles, at the usual width. */
  live(): void {
    const last = this.#bars.at(-1);
    const index = last && this.chart.timeScale().timeToIndex(this.#axis.of(last.time) as UTCTimestamp);
    const shown = Math.max(SHOWN_MIN, Math.min(SHOWN_MAX, this.#bars.length + FREE));
    const width = this.chart.timeScale().width() || 1;
    const labels = this.#near.length > 0 ? Math.round((LABELS_PX / width) * shown) : 0;
    const to = (index ?? 0) + Math.max(FREE, Math.min(labels, shown / 3));
    this.chart.timeScale().setVisibleLogicalRange({ from: to - shown, to });
    this.auto(true);
  }

  fit(): void {
    this.chart.timeScale().fitContent();
    this.auto(true);
  }

  /** Whether the last candle is in sight. */
  isLive(): boolean {
    return this.#bars.length === 0 || this.chart.timeScale().scrollPosition() > -1;
  }

  /** Draws older candles when the beginning of those that are drawn comes in sight; says whether it did. */
  reach(range: LogicalRange | null): boolean {
    if (range === null || range.from > CHUNK / 20 || this.#given.length <= this.#limit) return false;
    this.#limit += CHUNK;
    this.draw(this.#given);
    return true;
  }

  auto(on: boolean): void {
    this.candles.priceScale().applyOptions({ autoScale: on });
  }

  log(on: boolean): void {
    this.candles.priceScale().applyOptions({ mode: on ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
  }

  remove(): void {
    this.#sized.disconnect();
    this.chart.remove();
  }

  /** Leaves room above the candles for two lines of the legend, and below for the volume. */
  #leaveRoom(): void {
    const height = this.chart.chartElement().clientHeight;
    const top = Math.min(LEGEND_MAX, Math.max(LEGEND_LEAST, height > 0 ? LEGEND_PX / height : 0));
    this.candles.priceScale().applyOptions({ scaleMargins: { top, bottom: this.#volume.options().visible ? 0.2 : 0.06 } });
  }

  #stretched(info: AutoscaleInfo | null): AutoscaleInfo | null {
    if (info?.priceRange == null) return info;
    const { minValue, maxValue } = info.priceRange;
    const reach = (maxValue - minValue) * STRETCH_MAX;
    const near = this.#near.filter((price) => price >= minValue - reach && price <= maxValue + reach);
    const priceRange = { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) };
    return { ...info, priceRange };
  }

  #all(bars: readonly Bar[]): void {
    const first = bars[0];
    if (first !== undefined && this.#bars.length === 0) this.#axis = new Axis(this.#axis.zone, bars.at(-1)!.time);
    this.#bars = bars;
    this.candles.setData(bars.map((bar) => this.#candleOf(bar)));
    this.#volume.setData(bars.map((bar) => this.#volumeOf(bar)));
    this.#studies.redraw(this.#feed());
  }

  #candleOf(bar: Bar): { time: UTCTimestamp; open: number; high: number; low: number; close: number } {
    const { open, high, low, close } = bar;
    return { time: this.#axis.of(bar.time) as UTCTimestamp, open, high, low, close };
  }

  #volumeOf(bar: Bar): { time: UTCTimestamp; value: number; color: string } {
    const color = bar.close >= bar.open ? this.#look.upFaint : this.#look.downFaint;
    return { time: this.#axis.of(bar.time) as UTCTimestamp, value: bar.volume, color };
  }

  #feed(): Feed {
    const history = { bars: this.#minutes ?? (() => this.#given), minutes: this.#minutes !== null };
    return { bars: this.#bars, axis: this.#axis, dayOf: this.#dayOf, history };
  }
}
