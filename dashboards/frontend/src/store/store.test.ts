import assert from "node:assert/strict";
import { test } from "node:test";
import { effect, signal } from "@preact/signals-core";
import type { FillsOut, SessionOut } from "../wire/answers";
import type { MarketRow } from "../wire/frames";
import type { Rest } from "../wire/rest";
import type { Stream } from "../wire/stream";
import { Table, type Change } from "../wire/table";
import { ExchangeClock } from "./clock";
import { Orders } from "./orders";
import { Painter } from "./paint";
import { Standing } from "./standing";
import { Store } from "./store";
import type { Instrument } from "./types";

const TIME = "2025-03-18T13:30:00.000000000Z";

test("changes wait for one frame, are done once, and cost nothing while there is none", () => {
  const frames: (() => void)[] = [];
  const painter = new Painter((run) => frames.push(run));
  const shown = signal(0);
  const other = signal(0);
  let drawn = 0;
  effect(() => {
    void (shown.value + other.value);
    drawn++;
  });
  let done = 0;
  const task = (): void => void (shown.value = ++done);
  for (let frame = 0; frame < 100; frame++) painter.soon(task);
  painter.soon(() => void (other.value = 1));
  assert.deepEqual([frames.length, done, drawn], [1, 0, 1]);
  frames.shift()?.();
  assert.deepEqual([done, drawn], [1, 2]);
});

test("a fill that comes by REST and by the stream is one, and averages are of all fills", async () => {
  const orders = new Orders();
  const table = new Table("orders");
  const row = { id: 9, symbol: "ACME", side: "buy", state: "new", quantity: 10, leaves: 10 };
  table.take({ type: "snapshot", topic: "orders", seq: 1, rows: [row] });
  const fill = { id: 9, event: "filled", time: TIME, seq: 2, last_price: 20, last_quantity: 4, trade_id: 1, fee: 0.5, leaves: 6 };
  const change = table.take({ type: "delta", topic: "orders", prev: 1, seq: 2, n: 1, rows: [fill] });
  assert.ok(change);
  assert.equal(orders.hear(change).length, 1);
  const both: FillsOut["fills"] = [
    { seq: 2, time: TIME, order: 9, symbol: "ACME", side: "buy", price: 20, quantity: 4, fee: 0.5, trade: 1, maker: false, leaves: 6, position: 4, busted: false, busted_reason: "" },
    { seq: 3, time: TIME, order: 9, symbol: "ACME", side: "buy", price: 23, quantity: 2, fee: 0.25, trade: 2, maker: false, leaves: 4, position: 6, busted: false, busted_reason: "" },
  ];
  await orders.load({ get: async () => ({ fills: both, next: null }) } as unknown as Rest, "/api/sessions/monday");
  orders.show(table);
  const [order] = orders.working.value;
  assert.equal(orders.fills.value.length, 2);
  assert.deepEqual([order?.average_price, order?.fees], [21, 0.75]);
  assert.deepEqual(orders.fills.value.map((each) => each.seq), [3, 2]);
});

test("a fill that was undone stays to be seen and counts no more, and comes back by no older word", async () => {
  const orders = new Orders();
  const table = new Table("orders");
  table.take({ type: "snapshot", topic: "orders", seq: 1, rows: [{ id: 9, symbol: "ACME", side: "buy", state: "partially_filled", quantity: 10, leaves: 4, executed: 0, busted: 6 }] });
  const fill = (trade: number, price: number, busted: boolean) => ({ seq: trade, time: TIME, order: 9, symbol: "ACME", side: "buy", price, quantity: 3, fee: 0.5, trade, maker: false, leaves: 4, position: 3, busted, busted_reason: "" });
  const say = (...fills: ReturnType<typeof fill>[]) => orders.load({ get: async () => ({ fills, next: null }) } as unknown as Rest, "");
  await say(fill(1, 20, false), fill(2, 30, false));
  await say(fill(1, 20, false), fill(2, 30, true), fill(3, 90, true));
  await say(fill(2, 30, false));
  orders.show(table);
  assert.deepEqual(orders.fills.value.map(({ trade, busted }) => [trade, busted]), [[3, true], [2, true], [1, false]]);
  assert.deepEqual([orders.working.value[0]?.average_price, orders.working.value[0]?.fees], [20, 0.5]);
  assert.deepEqual([orders.working.value[0]?.executed, orders.working.value[0]?.busted], [0, 6]);
});

test("positions and equity follow the market between two words of the server", () => {
  const terms = { symbol: "ACME", multiplier: 1, mark: 20 } as Instrument;
  const market = signal<MarketRow>({ symbol: "ACME", last: 21, bid: 20, ask: 22, phase: "continuous" });
  const standing = new Standing({} as Rest, "", () => market, signal([terms]));
  standing.rows.value = [{ account: 4, symbol: "ACME", quantity: -10, cost: -200 }];
  standing.row.value = { account: 4, cash: 1_200, state: "active" };
  assert.equal(standing.positions.value[0]?.average_price, 20);
  assert.equal(standing.positions.value[0]?.unrealised, -10);
  assert.equal(standing.account.value.equity, 990);
  market.value = { ...market.value, last: 19 };
  assert.equal(standing.positions.value[0]?.unrealised, 10);
  assert.equal(standing.account.value.equity, 1_010);
});

test("the clock stands while the session does, goes at its speed, and is set by a jump alone", async () => {
  const clock = new ExchangeClock();
  clock.hear(TIME);
  const start = clock.now.value;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(clock.now.value, start);
  clock.setPace("open", 100);
  await new Promise((resolve) => setTimeout(resolve, 450));
  const later = clock.now.value;
  assert.ok(later - start >= 20_000 && later - start <= 120_000, `${later - start} ms went by`);
  // A word that was under way for a moment does not set it back; one from long before does.
  clock.hear(new Date(later - 1_000).toISOString());
  assert.ok(clock.now.value >= later);
  clock.hear(new Date(start - 3_600_000).toISOString());
  assert.ok(clock.now.value < start);
  clock.close();
});

test("an order that only rests or ends has the account read again, for its buying power; a first list has not", (context) => {
  // Node's types are older than Node.
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] } as never);
  globalThis.requestAnimationFrame ??= () => 0;
  const asked: string[] = [];
  const rest = { get: (path: string) => (asked.push(path), new Promise(() => undefined)) } as unknown as Rest;
  let say: (change: Change) => void = () => undefined;
  const stream = {
    refusals: signal(new Set<string>()),
    listen: (listener: typeof say) => ((say = listener), () => undefined),
    onReplaced: () => () => undefined,
    follow: () => undefined,
    table: () => undefined,
    time: signal(""),
    close: () => undefined,
  } as unknown as Stream;
  const store = new Store({ name: "monday", state: "paused", speed: 1, time: TIME, symbols: [] } as unknown as SessionOut, rest, stream);
  const accounts = (): number => asked.filter((path) => path.endsWith("/account")).length;
  const table = new Table("orders");
  const hear = (whole: boolean): void => say({ topic: "orders", whole, rows: [], table } as unknown as Change);
  hear(true);
  context.mock.timers.tick(2_000);
  const before = accounts();
  for (let order = 0; order < 300; order++) hear(false);
  context.mock.timers.tick(900);
  assert.equal(accounts() - before, 1);
  store.close();
});
