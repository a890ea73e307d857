// The points of the equity curve as the chart wants them.

import type { Worth } from "../../store/types";

export interface Point {
  /** Seconds since 1970. */
  time: number;
  value: number;
}

/** Below this the steps of the axis may be less than one, and whole numbers would stand there twice. */
const FINE = 20;

/** Decimals that tell the labels of the axis apart. */
export function decimalsOf(points: readonly Point[]): number {
  let [least, most] = [Infinity, -Infinity];
  for (const { value } of points) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return points.length === 0 || most - least >= FINE ? 0 : 2;
}

/**
 * The curve at equal steps of whole seconds, each with what was known then.
 *
 * The chart gives every point the same room, and the curve has a point a minute from before the page came and one a
 * second since: only equal steps make its axis an axis of time.
 */
export function pointsOf(curve: readonly Worth[], most: number): Point[] {
  const first = curve[0];
  const last = curve.at(-1);
  if (first === undefined || last === undefined) return [];
  const begin = Math.floor(first.time / 1_000);
  const end = Math.max(begin, Math.floor(last.time / 1_000));
  const step = Math.max(1, Math.ceil((end - begin) / Math.max(1, most - 1)));
  const points: Point[] = [];
  let place = 0;
  let value = first.value;
  for (let time = begin; time < end + step; time += step) {
    const until = Math.min(time, end);
    for (let next = curve[place]; next !== undefined && Math.floor(next.time / 1_000) <= until; next = curve[++place]) value = next.value;
    points.push({ time: until, value });
  }
  return points;
}
