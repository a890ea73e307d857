import assert from "node:assert/strict";
import { test } from "node:test";
import { SecondBars } from "./seconds";
import { Bollinger, Ema, Sma, Vwap, type Bar, type History, type Study, type Values } from "./studies";

/** Bars of a random walk on ticks of 0.01, the same every time. */
function walk(count: number, seed = 7): Bar[] {
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  let price = 4500;
  return Array.from({ length: count }, (_, at) => {
    const open = price;
    price += Math.round((random() - 0.5) * 20);
    const high = Math.max(open, price) + Math.round(random() * 5);
    const low = Math.min(open, price) - Math.round(random() * 5);
    const volume = Math.floor(random() * 900);
    return { time: at * 60_000, open: open / 100, high: high / 100, low: low / 100, close: price / 100, volume, vwap: (high + low + price) / 300 };
  });
}

/** Feeds each bar as it would arrive: first with only its open, then half grown, then whole. */
function grown(study: Study, bars: readonly Bar[]): Values[] {
  return bars.map((bar) => {
    study.next({ ...bar, high: bar.open, low: bar.open, close: bar.open, volume: 0 });
    study.next({ ...bar, close: bar.high, volume: bar.volume / 2 });
    return study.next(bar);
  });
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const mean = (values: readonly number[]): number => total(values) / values.length;

// The plain implementations look at the whole history for every bar.
const plain = {
  sma: (bars: readonly Bar[], at: number, length: number): number | null =>
    at + 1 < length ? null : mean(bars.slice(at + 1 - length, at + 1).map((bar) => bar.close)),
  ema: (bars: readonly Bar[], at: number, length: number): number | null => {
    if (at + 1 < length) return null;
    const weight = 2 / (length + 1);
    let value = mean(bars.slice(0, length).map((bar) => bar.close));
    for (let i = length; i <= at; i++) value += weight * (bars[i]!.close - value);
    return value;
  },
  bands: (bars: readonly Bar[], at: number, length: number, width: number): Values => {
    if (at + 1 < length) return [null, null, null];
    const closes = bars.slice(at + 1 - length, at + 1).map((bar) => bar.close);
    const middle = mean(closes);
    const reach = width * Math.sqrt(mean(closes.map((close) => (close - middle) ** 2)));
    return [middle + reach, middle, middle - reach];
  },
  vwap: (bars: readonly Bar[], at: number, dayOf: (time: number) => number): number | null => {
    const day = bars.slice(0, at + 1).filter((bar) => dayOf(bar.time) === dayOf(bars[at]!.time));
    const volume = total(day.map((bar) => bar.volume));
    return volume > 0 ? total(day.map((bar) => bar.vwap * bar.volume)) / volume : null;
  },
};

const bars = walk(400);

for (const length of [1, 20, 50]) {
  test(`SMA ${length} is the mean of the last closes at every bar`, () => {
    const got = grown(new Sma(length), bars);
    assert.deepEqual(got, bars.map((_, at) => [plain.sma(bars, at, length)]));
  });
}

test("EMA 20 is the plain one at every bar", () => {
  assert.deepEqual(grown(new Ema(20), bars), bars.map((_, at) => [plain.ema(bars, at, 20)]));
});

test("Bollinger 20×2 is the plain one at every bar", () => {
  assert.deepEqual(grown(new Bollinger(20, 2), bars), bars.map((_, at) => plain.bands(bars, at, 20, 2)));
});

test("VWAP is the plain one at every bar, and starts anew each day", () => {
  const dayOf = (time: number): number => Math.floor(time / (90 * 60_000));
  assert.deepEqual(grown(new Vwap(dayOf), bars), bars.map((_, at) => [plain.vwap(bars, at, dayOf)]));
});

test("a hand-made case", () => {
  const closes = [1, 2, 3, 6].map((close, time) => ({ time, open: close, high: close, low: close, close, volume: 10, vwap: close }));
  const all = (study: Study): (number | null)[] => closes.map((bar) => study.next(bar)[0] ?? null);
  assert.deepEqual(all(new Sma(2)), [null, 1.5, 2.5, 4.5]);
  assert.deepEqual(all(new Ema(3)), [null, null, 2, 4]);
  assert.deepEqual(all(new Vwap(() => 0)), [1, 1.5, 2, 3]);
});

test("VWAP is one number at one moment, whatever the interval and however little of the tape is there", () => {
  const trades = Array.from({ length: 4000 }, (_, at) => ({ seq: at + 1, time: at * 1700, price: 40 + Math.sin(at / 90), quantity: 1 + (at % 7) }));
  const made = (seconds: number, from = 0): readonly Bar[] => new SecondBars(seconds).take(trades.slice(from));
  const plainly = total(trades.map(({ price, quantity }) => price * quantity)) / total(trades.map(({ quantity }) => quantity));
  const last = (bars: readonly Bar[], history: History | null): number => {
    const study = new Vwap(() => 0, history);
    return bars.map((bar) => study.next(bar)[0] ?? Number.NaN).at(-1)!;
  };
  const minutes = made(60);
  const close = (got: number, what: string): void => assert.ok(Math.abs(got - plainly) < 1e-9, `${what}: ${got} is not ${plainly}`);
  for (const seconds of [60, 300, 3600, 86_400]) close(last(made(seconds), null), `${seconds} s`);
  // The tape begins in the middle of a minute, and not all bars of minutes are drawn.
  for (const seconds of [1, 5, 15]) close(last(made(seconds, 3000), { bars: () => minutes, minutes: true }), `${seconds} s of a part`);
  close(last(minutes.slice(-20), { bars: () => minutes, minutes: false }), "the last minutes");
  assert.ok(Math.abs(last(made(1, 3000), null) - plainly) > 1e-3, "without what was before it is another number");
});

test("VWAP is undefined before anything traded", () => {
  assert.deepEqual(new Vwap(() => 0).next({ time: 0, open: 1, high: 1, low: 1, close: 1, volume: 0, vwap: 1 }), [null]);
});
