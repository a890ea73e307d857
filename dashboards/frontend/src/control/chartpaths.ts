// Candles as SVG paths: a few long paths are drawn faster than hundreds of elements.

import type { CandleRow } from "../wire/frames";

export interface Bar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export interface Box {
  width: number;
  height: number;
}

export interface Drawing {
  wicks: { up: string; down: string };
  bodies: { up: string; down: string };
  volume: string;
  prices: { y: number; value: number }[];
  times: { x: number; time: number }[];
  last: { y: number; value: number; up: boolean };
}

export const AXIS = 58;
export const FOOT = 16;
const TOP = 6;
const VOLUME = 0.16;

/** Candles that have traded, in order of time, the last so many. */
export function barsOf(rows: readonly CandleRow[], count: number, millis: (time: string) => number): Bar[] {
  const bars = rows.flatMap(({ time, open, high, low, close, volume }) =>
    open === undefined || high === undefined || low === undefined || close === undefined ? [] : [{ time: millis(time), open, high, low, close, volume: volume ?? 0 }],
  );
  return bars.sort((a, b) => a.time - b.time).slice(-count);
}

/** Round values between two, about so many: 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, about: number): number[] {
  const raw = (high - low) / Math.max(1, about);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((each) => each * power >= raw) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => (first + place) * step);
}

/** Where everything of a chart stands in a box of so many pixels; null without anything to draw. */
export function drawingOf(bars: readonly Bar[], { width, height }: Box, minimumSpan: number): Drawing | null {
  const last = bars.at(-1);
  const room = width - AXIS;
  if (last === undefined || room < 40 || height < 60) return null;
  const low = Math.min(...bars.map((bar) => bar.low));
  const high = Math.max(...bars.map((bar) => bar.high));
  const middle = (low + high) / 2;
  const half = (Math.max(high - low, minimumSpan) / 2) * 1.06;
  const deep = (height - FOOT - TOP) * (1 - VOLUME);
  const y = (value: number): number => TOP + ((middle + half - value) / (2 * half)) * deep;
  // A young session does not stretch three candles over the whole width.
  const step = room / Math.max(bars.length, 30);
  const x = (place: number): number => (place + 0.5) * step;
  const wide = Math.max(1, step * 0.68);
  const most = Math.max(1, ...bars.map(({ volume }) => volume));
  const floor = height - FOOT;
  const wicks = { up: "", down: "" };
  const bodies = { up: "", down: "" };
  let volume = "";
  bars.forEach((bar, place) => {
    const side = bar.close >= bar.open ? "up" : "down";
    const [top, bottom] = [y(Math.max(bar.open, bar.close)), y(Math.min(bar.open, bar.close))];
    const left = (x(place) - wide / 2).toFixed(1);
    wicks[side] += `M${x(place).toFixed(1)} ${y(bar.high).toFixed(1)}V${y(bar.low).toFixed(1)}`;
    bodies[side] += `M${left} ${top.toFixed(1)}h${wide.toFixed(1)}v${Math.max(1, bottom - top).toFixed(1)}h-${wide.toFixed(1)}z`;
    const tall = (bar.volume / most) * (height - FOOT - TOP) * VOLUME;
    volume += `M${left} ${floor.toFixed(1)}h${wide.toFixed(1)}v-${tall.toFixed(1)}h-${wide.toFixed(1)}z`;
  });
  const every = Math.max(1, Math.ceil(64 / step));
  return {
    wicks,
    bodies,
    volume,
    prices: ticks(middle - half, middle + half, deep / 44).map((value) => ({ y: y(value), value })),
    times: bars.flatMap(({ time }, place) => (place % every === 0 && x(place) > 18 && x(place) < room - 18 ? [{ x: x(place), time }] : [])),
    last: { y: y(last.close), value: last.close, up: last.close >= last.open },
  };
}
