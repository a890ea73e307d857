import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyFrame, OrderRow } from "./frames.ts";
import { ApiProblem } from "./rest.ts";
import { Refusal, Stream } from "./stream.ts";
import type { Change } from "./table.ts";

/** A WebSocket whose other end the test plays. */
class Line {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  say(...frames: AnyFrame[]): void {
    this.onmessage?.({ data: JSON.stringify(frames) });
  }

  end(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }

  asked(what: string): Record<string, unknown>[] {
    return this.sent.filter((each) => what in each);
  }
}

function hello(identity = "one", seq = 100): AnyFrame {
  return { type: "hello", session: "monday", identity, seq, time: "2025-03-18T13:30:00.000000000Z", account: 4 };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function until(holds: () => boolean): Promise<void> {
  for (let step = 0; step < 300 && !holds(); step++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(holds(), "it did not happen within three seconds");
}

function setUp(renew: () => Promise<unknown> = async () => null) {
  const lines: Line[] = [];
  const stream = new Stream("ws://test/stream", {
    open: () => {
      const line = new Line();
      lines.push(line);
      return line as unknown as WebSocket;
    },
    renew,
    now: () => performance.now(),
  });
  const changes: Change[] = [];
  stream.listen((change) => changes.push(change));
  const line = (at: number): Line => {
    const found = lines[at];
    if (found === undefined) throw new Error(`there is no connection ${at}`);
    return found;
  };
  return { lines, line, stream, changes };
}

test("topics are subscribed once however many follow, and left with the last", async () => {
  const { line, stream } = setUp();
  const first = stream.follow("market:ACME", "orders");
  const second = stream.follow("market:ACME");
  line(0).say(hello());
  assert.deepEqual(line(0).asked("subscribe").map((each) => each.subscribe), [["market:ACME", "orders"]]);
  first();
  first();
  assert.deepEqual(line(0).asked("unsubscribe").map((each) => each.unsubscribe), [["orders"]]);
  second();
  assert.deepEqual(line(0).asked("unsubscribe").map((each) => each.unsubscribe), [["orders"], ["market:ACME"]]);
  stream.close();
  await settled();
});

test("after a break only what was missed is asked for", async () => {
  const { line, lines, stream } = setUp();
  stream.follow("market:ACME", "news");
  line(0).say(hello(), { type: "snapshot", topic: "market:ACME", seq: 101, rows: [{ symbol: "ACME", bid: 20 }] });
  line(0).say({ type: "delta", topic: "market:ACME", prev: 101, seq: 107, rows: [{ symbol: "ACME", ask: 21 }] });
  line(0).end(1006);
  assert.equal(stream.link.value, "lost");
  await until(() => lines.length === 2);
  line(1).say(hello());
  assert.equal(stream.link.value, "open");
  assert.deepEqual(line(1).asked("subscribe")[0]?.from_seq, { "market:ACME": 107 });
  line(1).say({ type: "delta", topic: "market:ACME", prev: 107, seq: 120, rows: [{ symbol: "ACME", bid: 20.5 }] });
  assert.deepEqual(stream.table("market:ACME")?.values(), [{ symbol: "ACME", bid: 20.5, ask: 21 }]);
  stream.close();
});

test("a delta that does not follow has its topic asked for anew, and is not shown", () => {
  const { line, stream, changes } = setUp();
  stream.follow("trades:ACME");
  line(0).say(hello(), { type: "snapshot", topic: "trades:ACME", seq: 100, rows: [] });
  line(0).say({ type: "delta", topic: "trades:ACME", prev: 104, seq: 105, rows: [{ seq: 105, price: 20 }] });
  assert.equal(changes.length, 1);
  assert.equal(line(0).asked("unsubscribe").length, 1);
  assert.deepEqual(line(0).asked("subscribe").at(-1), { ...line(0).asked("subscribe").at(-1), subscribe: ["trades:ACME"] });
  assert.equal("from_seq" in (line(0).asked("subscribe").at(-1) ?? {}), false);
  stream.close();
});

test("another session under the same name drops all that was known", async () => {
  const { line, lines, stream } = setUp();
  let replaced = 0;
  stream.onReplaced(() => replaced++);
  stream.follow("news");
  line(0).say(hello("one"), { type: "snapshot", topic: "news", seq: 100, rows: [{ number: 1, headline: "old" }] });
  line(0).end(1012);
  await until(() => lines.length === 2);
  line(1).say(hello("two", 5));
  assert.equal(replaced, 1);
  assert.deepEqual(stream.table("news")?.values(), []);
  assert.equal("from_seq" in (line(1).asked("subscribe")[0] ?? {}), false);
  stream.close();
});

test("a placed order is answered by its own id, a refused one by the server's sentence", async () => {
  const { line, stream } = setUp();
  line(0).say(hello());
  const good = stream.place({ symbol: "ACME", side: "buy", quantity: 1 });
  const bad = stream.place({ symbol: "ACME", side: "buy", quantity: 1e9 });
  const [first, second] = line(0).asked("place");
  line(0).say({ type: "refused", id: Number(second?.id), code: "refused", message: "too large", reason: "too_large" });
  line(0).say({ type: "ack", id: Number(first?.id), seq: 102, orders: [{ id: 9, state: "new" }] });
  assert.equal((await good).orders?.[0]?.id, 9);
  await assert.rejects(bad, (problem: unknown) => problem instanceof Refusal && problem.reason === "too_large" && problem.message === "too large");
  stream.close();
});

test("orders under way when the line breaks fail with a sentence, and new ones are not sent", async () => {
  const { line, stream } = setUp();
  line(0).say(hello());
  const order = stream.place({ symbol: "ACME", side: "buy", quantity: 1 });
  line(0).end(1006);
  await assert.rejects(order, (problem: unknown) => problem instanceof ApiProblem && problem.code === "lost");
  await assert.rejects(stream.cancelAll(), (problem: unknown) => problem instanceof ApiProblem && problem.code === "unreachable");
  stream.close();
});

test("one topic that is refused does not take the others with it", async () => {
  const { line, stream } = setUp();
  stream.follow("news", "account");
  line(0).say(hello());
  line(0).say({ type: "refused", id: Number(line(0).asked("subscribe")[0]?.id), code: "no_seat", message: "no seat" });
  await settled();
  const [, news, account] = line(0).asked("subscribe");
  assert.deepEqual([news?.subscribe, account?.subscribe], [["news"], ["account"]]);
  line(0).say({ type: "ack", id: Number(news?.id) }, { type: "refused", id: Number(account?.id), code: "no_seat", message: "no seat" });
  await settled();
  assert.deepEqual([...stream.refusals.value.keys()], ["account"]);
  stream.retry("account");
  line(0).say({ type: "ack", id: Number(line(0).asked("subscribe").at(-1)?.id) });
  await settled();
  assert.equal(stream.refusals.value.size, 0);
  stream.close();
});

test("the log-in is renewed before coming back from a revoked one; a session that is gone ends it", async () => {
  let renewed = 0;
  const { line, lines, stream } = setUp(async () => void renewed++);
  line(0).say(hello());
  line(0).end(4401);
  await until(() => lines.length === 2);
  assert.equal(renewed, 1);
  line(1).say(hello());
  line(1).end(4404, "there is no session monday");
  assert.equal(stream.link.value, "ended");
  assert.equal(stream.ended.value, "there is no session monday");
  await settled();
  assert.equal(lines.length, 2);
});

test("fills carry their facts in the change, and the state keeps none of them", () => {
  const { line, stream, changes } = setUp();
  stream.follow("orders");
  const rows: OrderRow[] = [{ id: 9, symbol: "ACME", state: "new", leaves: 5 }];
  line(0).say(hello(), { type: "snapshot", topic: "orders", seq: 100, n: 3, rows });
  line(0).say({ type: "delta", topic: "orders", prev: 100, seq: 101, n: 4, rows: [{ id: 9, event: "filled", last_price: 20, last_quantity: 5, leaves: 0 }] });
  assert.deepEqual(changes.at(-1)?.rows, [{ id: 9, symbol: "ACME", state: "new", leaves: 0, event: "filled", last_price: 20, last_quantity: 5 }]);
  assert.deepEqual(stream.table("orders")?.values(), [{ id: 9, symbol: "ACME", state: "new", leaves: 0 }]);
  stream.close();
});
