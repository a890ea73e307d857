import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { hours, millis, price } from "../ui/format";
import type { CandleRow } from "../wire/frames";
import { AXIS, barsOf, drawingOf, FOOT, type Box } from "./chartpaths";

const CANDLES = 120;

/** An instrument's minutes as candles with their volume, prices at the right and times below. */
export function Chart({ symbol, rows, tick, zone }: { symbol: string; rows: readonly CandleRow[]; tick: number; zone: string }) {
  const box = useSignal<Box>({ width: 0, height: 0 });
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const seen = new ResizeObserver(([entry]) => {
      if (entry !== undefined) box.value = { width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) };
    });
    seen.observe(current);
    return () => seen.disconnect();
  }, []);
  const { width, height } = box.value;
  const drawing = drawingOf(barsOf(rows, CANDLES, millis), box.value, 8 * tick);
  const right = width - AXIS;
  return (
    <div class="c-chart" ref={frame}>
      {drawing === null ? (
        <div class="empty">{width === 0 ? "" : "Nothing was traded yet."}</div>
      ) : (
        <svg width={width} height={height} role="img" aria-label={`${symbol} by minutes, last ${price(drawing.last.value, tick)}`}>
          {drawing.prices.map(({ y, value }) => (
            <g key={value}>
              <path class="c-grid" d={`M0 ${y.toFixed(1)}H${right}`} />
              {Math.abs(y - drawing.last.y) > 13 && (
                <text x={right + 6} y={y + 3.5}>
                  {price(value, tick)}
                </text>
              )}
            </g>
          ))}
          {drawing.times.map(({ x, time }) => (
            <text key={time} x={x} y={height - 4} text-anchor="middle">
              {hours(time, zone)}
            </text>
          ))}
          <path class="c-volume" d={drawing.volume} />
          <path class="up" d={drawing.wicks.up} stroke="currentColor" />
          <path class="down" d={drawing.wicks.down} stroke="currentColor" />
          <path class="up" d={drawing.bodies.up} fill="currentColor" />
          <path class="down" d={drawing.bodies.down} fill="currentColor" />
          <path class="c-axis" d={`M${right} 0V${height - FOOT}`} />
          <g class={drawing.last.up ? "up" : "down"}>
            <path d={`M0 ${drawing.last.y.toFixed(1)}H${right}`} stroke="currentColor" stroke-dasharray="2 3" />
            <rect x={right} y={drawing.last.y - 8} width={AXIS} height={16} rx={2} />
            <text class="c-last" x={right + 6} y={drawing.last.y + 3.5}>
              {price(drawing.last.value, tick)}
            </text>
          </g>
        </svg>
      )}
    </div>
  );
}
