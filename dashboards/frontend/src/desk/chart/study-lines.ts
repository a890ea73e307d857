import { LineSeries, LineStyle, type IChartApi, type ISeriesApi, type PriceFormat, type Time, type UTCTimestamp } from "lightweight-charts";
import type { Axis } from "./axis";
import type { Indicator } from "./indicators";
import type { Look } from "./look";
import type { Bar, History, Study, Values } from "./studies";

/** What lines are made of: the candles that are drawn, and how their times are told. */
export interface Feed {
  readonly bars: readonly Bar[];
  readonly axis: Axis;
  readonly dayOf: (time: number) => number;
  readonly history: History;
}

interface Drawn {
  readonly indicator: Indicator;
  readonly lines: readonly ISeriesApi<"Line">[];
  study: Study;
  last: Values;
}

/** The lines of the indicators that are switched on; a new candle adds one point to each. */
export class StudyLines {
  #drawn: Drawn[] = [];
  #format: PriceFormat = { type: "price", minMove: 0.01, precision: 2 };

  constructor(
    private readonly chart: IChartApi,
    private look: Look,
  ) {}

  choose(wanted: readonly Indicator[], feed: Feed): void {
    for (const { indicator, lines } of this.#drawn) {
      if (!wanted.includes(indicator)) for (const line of lines) this.chart.removeSeries(line);
    }
    this.#drawn = wanted.map((indicator) => {
      const known = this.#drawn.find((each) => each.indicator === indicator);
      if (known !== undefined) return known;
      const lines = indicator.lines.map((line, at) =>
        this.chart.addSeries(LineSeries, {
          color: this.#colour(indicator, at),
          lineWidth: line.width,
          lineStyle: line.dashed === true ? LineStyle.Dashed : LineStyle.Solid,
          priceFormat: this.#format,
          lastValueVisible: false,
          priceLineVisible: false,
          crosshairMarkerVisible: false,
          pointMarkersVisible: false,
        }),
      );
      const drawn: Drawn = { indicator, lines, study: indicator.study(feed.dayOf, feed.history), last: [] };
      whole(drawn, feed);
      return drawn;
    });
  }

  /** Values of an indicator's lines at a time of the axis, or the last ones. */
  values(name: string, time?: Time): Values {
    const drawn = this.#drawn.find((each) => each.indicator.name === name);
    if (drawn === undefined) return [];
    if (time === undefined) return drawn.last;
    const index = this.chart.timeScale().timeToIndex(time);
    return drawn.lines.map((line) => {
      const point = index === null ? null : line.dataByIndex(index);
      return point !== null && "value" in point ? (point.value as number) : null;
    });
  }

  dress(look: Look): void {
    this.look = look;
    for (const { indicator, lines } of this.#drawn) {
      lines.forEach((line, at) => line.applyOptions({ color: this.#colour(indicator, at) }));
    }
  }

  tick(format: PriceFormat): void {
    this.#format = format;
    for (const { lines } of this.#drawn) for (const line of lines) line.applyOptions({ priceFormat: format });
  }

  /** All points anew. */
  redraw(feed: Feed): void {
    for (const drawn of this.#drawn) whole(drawn, feed);
  }

  /** The point of a new candle, or of the last one that grew. */
  extend(bar: Bar, axis: Axis): void {
    const time = axis.of(bar.time) as UTCTimestamp;
    for (const drawn of this.#drawn) {
      drawn.last = drawn.study.next(bar);
      drawn.last.forEach((value, at) => drawn.lines[at]?.update(value === null ? { time } : { time, value }));
    }
  }

  #colour(indicator: Indicator, at: number): string {
    const line = indicator.lines[at];
    return line === undefined ? this.look.text : this.look.of(...line.colour);
  }
}

function whole(drawn: Drawn, { bars, axis, dayOf, history }: Feed): void {
  drawn.study = drawn.indicator.study(dayOf, history);
  drawn.last = [];
  const columns: { time: UTCTimestamp; value?: number }[][] = drawn.lines.map(() => []);
  for (const bar of bars) {
    drawn.last = drawn.study.next(bar);
    const time = axis.of(bar.time) as UTCTimestamp;
    drawn.last.forEach((value, at) => columns[at]?.push(value === null ? { time } : { time, value }));
  }
  drawn.lines.forEach((line, at) => line.setData(columns[at] ?? []));
}
