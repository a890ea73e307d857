import { effect } from "@preact/signals";
import { AreaSeries, createChart, CrosshairMode, type IChartApi, type ISeriesApi, type Time, type UTCTimestamp } from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";
import { shade } from "../../theme/system";
import * as format from "../../ui/format";
import type { Desk } from "../desk-context";
import { zoneOf } from "../orders/zone";
import { decimalsOf, pointsOf } from "./curve";

/** As many as the drawing has pixels for. */
const POINTS_MAX = 300;
/** The least height at which there is room for a time axis. */
const AXIS_PX = 76;

function paint(box: HTMLElement, chart: IChartApi, series: ISeriesApi<"Area">, zone: string, digits: () => number): void {
  const css = getComputedStyle(box);
  const of = (name: string): string => css.getPropertyValue(name).trim();
  const line = of("--accent");
  chart.applyOptions({
    layout: { textColor: of("--text-dim"), fontFamily: css.fontFamily },
    grid: { horzLines: { color: of("--line") } },
    crosshair: { vertLine: { color: of("--text-dim"), labelBackgroundColor: of("--bg-3") }, horzLine: { labelBackgroundColor: of("--bg-3") } },
    localization: {
      priceFormatter: (value: number) => format.money(value, "", digits()),
      timeFormatter: (time: Time) => format.clock(Number(time) * 1_000, zone),
    },
    timeScale: { tickMarkFormatter: (time: Time) => format.hours(Number(time) * 1_000, zone) },
  });
  series.applyOptions({ lineColor: line, topColor: `color-mix(in srgb, ${line} 30%, transparent)`, bottomColor: `color-mix(in srgb, ${line} 1%, transparent)` });
}

/** What the account was worth since the session began, to this moment. */
export function EquityCurve({ desk, currency }: { desk: Desk; currency: string }) {
  const box = useRef<HTMLDivElement>(null);
  const { store, ui } = desk;
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    const chart = createChart(place, {
      autoSize: true,
      layout: { background: { color: "transparent" }, fontSize: 10, attributionLogo: false },
      grid: { vertLines: { visible: false } },
      rightPriceScale: { borderVisible: false, minimumWidth: 54, entireTextOnly: true, scaleMargins: { top: 0.12, bottom: 0.06 } },
      timeScale: { borderVisible: false, timeVisible: true, fixLeftEdge: true, fixRightEdge: true, lockVisibleTimeRangeOnResize: true },
      crosshair: { mode: CrosshairMode.Magnet },
      handleScroll: false,
      handleScale: false,
    });
    const series = chart.addSeries(AreaSeries, { lineWidth: 1, priceLineVisible: false, lastValueVisible: false });
    // Where there is little room the line matters more than its axis.
    const watch = new ResizeObserver(() => chart.timeScale().applyOptions({ visible: place.clientHeight >= AXIS_PX }));
    watch.observe(place);
    let digits = 0;
    const gone = [
      () => watch.disconnect(),
      effect(() => {
        const points = pointsOf(store.equity.value, POINTS_MAX);
        digits = decimalsOf(points);
        series.setData(points.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
        chart.timeScale().fitContent();
      }),
      effect(() => {
        // What it depends on; the colours themselves are the page's, once it has drawn the change.
        void [shade(ui.settings.theme.value), ui.settings.upDown.value];
        const zone = zoneOf(desk);
        requestAnimationFrame(() => place.isConnected && paint(place, chart, series, zone, () => digits));
      }),
    ];
    return () => {
      for (const each of gone) each();
      chart.remove();
    };
  }, [desk]);
  const points = store.equity.value.length;
  return (
    <figure class="curve" data-testid="equity-curve" aria-label={`Equity since the session began${currency === "" ? "" : `, in ${currency}`}`}>
      <figcaption>Equity since the session began{currency === "" ? "" : `, ${currency}`}</figcaption>
      <div class="curve-box" ref={box} />
      {points < 2 && <span class="curve-none dim">The curve begins with the first trade.</span>}
    </figure>
  );
}
