import { signal } from "@preact/signals-core";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trade } from "../../store/types";
import type { TapeOut } from "../../wire/answers";
import { SecondsFeed } from "./seconds-feed";

const PAGE = 3;

/** The n-th trade of the tape: one per second, at a price of its number. */
function trade(seq: number): Trade {
  return { seq, id: seq, time: seq * 1_000, price: seq, quantity: 1, side: "buy", auction: false, busted: false };
}

/** A server with so many trades on its tape, which gives a few at a time and counts what it was asked. */
function exchange(count: { trades: number }) {
  const asked: number[] = [];
  const tape = async (after: number): Promise<TapeOut> => {
    asked.push(after);
    const seqs = Array.from({ length: count.trades }, (_, at) => at + 1).filter((seq) => seq > after);
    const page = seqs.slice(0, PAGE);
    return {
      symbol: "ACME",
      seq: page,
      time: page.map((seq) => new Date(seq * 1_000).toISOString()),
      price: page,
      quantity: page.map(() => 1),
      side: page.map(() => "buy"),
      next: seqs.length > PAGE ? page.at(-1) : null,
    } as unknown as TapeOut;
  };
  return { asked, tape };
}

/** The stream's last trades, the newest first. */
function latest(last: number, count = 2): Trade[] {
  return Array.from({ length: Math.min(count, last) }, (_, at) => trade(last - at));
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the tape is read page by page, and then the stream goes on alone", async () => {
  const count = { trades: 7 };
  const { asked, tape } = exchange(count);
  const trades = signal<readonly Trade[]>(latest(7));
  const feed = new SecondsFeed({ trades, tape }, 1);
  await settled();
  assert.deepEqual(feed.bars.value.map(({ close }) => close), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(asked, [0, 3, 6]);
  trades.value = latest(8);
  assert.equal(feed.bars.value.at(-1)?.close, 8);
  assert.equal(asked.length, 3);
  feed.stop();
});

test("after a gap the tape is read again from what is known, and no trade is missing or twice", async () => {
  const count = { trades: 4 };
  const { asked, tape } = exchange(count);
  const trades = signal<readonly Trade[]>(latest(4));
  const feed = new SecondsFeed({ trades, tape }, 10);
  await settled();
  count.trades = 9;
  trades.value = latest(9);
  await settled();
  assert.equal(asked.at(-2), 4);
  assert.deepEqual(feed.bars.value.map(({ close, volume }) => [close, volume]), [[9, 9]]);
  feed.stop();
});

test("a tape that cannot be read leaves the stream's own candles", async () => {
  const trades = signal<readonly Trade[]>(latest(5));
  const feed = new SecondsFeed({ trades, tape: () => Promise.reject(new Error("away")) }, 1);
  await settled();
  assert.deepEqual(feed.bars.value.map(({ close }) => close), [4, 5]);
  feed.stop();
});

test("a trade that is undone leaves its candle", async () => {
  const count = { trades: 6 };
  const { tape } = exchange(count);
  const undone = new Set<number>();
  const told = async (after: number) => {
    const found = await tape(after);
    return { ...found, busted: found.seq.map((seq) => undone.has(seq)) };
  };
  const trades = signal<readonly Trade[]>(latest(6));
  const feed = new SecondsFeed({ trades, tape: told }, 10);
  await settled();
  assert.deepEqual(feed.bars.value.map(({ high, close, volume }) => [high, close, volume]), [[6, 6, 6]]);
  undone.add(6);
  trades.value = latest(6).map((each) => ({ ...each, busted: undone.has(each.seq) }));
  await settled();
  assert.deepEqual(feed.bars.value.map(({ high, close, volume }) => [high, close, volume]), [[5, 5, 5]]);
  feed.stop();
});

test("what is answered after the chart went elsewhere is dropped", async () => {
  const { tape } = exchange({ trades: 3 });
  const feed = new SecondsFeed({ trades: signal<readonly Trade[]>(latest(3)), tape }, 1);
  feed.stop();
  await settled();
  assert.deepEqual(feed.bars.value, []);
});
