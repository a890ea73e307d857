import assert from "node:assert/strict";
import { test } from "node:test";
import { AlertHistory } from "./alerthistory";
import { isListed, ofMarket, ofParticipants, ofServer, ofSession, together, with_ } from "./alerts";
import type { AlertRow } from "./words";

const time = "2025-03-18T13:30:00.000000000Z";
const people = [{ account: 5, name: "seat-3", user: "ann" }];
const row = (seq: number, kind: string, more: Partial<AlertRow> = {}): AlertRow => ({
  seq,
  time,
  kind,
  account: "",
  name: "",
  symbol: "",
  value: null,
  limit: null,
  equity: null,
  requirement: null,
  deadline: null,
  reason: "",
  text: "",
  ...more,
});

test("calls, breaches, suspensions, liquidations and halts are sentences with who it is", () => {
  const call = ofServer(row(9, "margin_call", { account: "seat-3", name: "ann", equity: 1234.5, requirement: 2000 }), people);
  assert.deepEqual(call, { time, seq: 9, kind: "bad", account: 5, what: "ann (seat-3) has a margin call (equity 1,234.50, required 2,000.00)" });
  assert.equal(ofServer(row(1, "suspended", { account: "seat-3", name: "ann", reason: "max_drawdown_exceeded" }), people).what, "ann (seat-3) is suspended: max drawdown exceeded");
  assert.equal(ofServer(row(1, "limit_breached", { account: "seat-9" }), people).what, "seat-9 broke a limit");
  assert.equal(ofServer(row(1, "liquidation", { account: "seat-3", name: "ann", symbol: "X" }), people).what, "The exchange closes X of ann (seat-3)");
  assert.equal(ofServer(row(1, "halted", { symbol: "X" }), people).what, "X is halted");
  assert.equal(ofServer(row(1, "busted", { symbol: "X", value: 7, name: "eve", text: "a typo" }), people).what, "Trade 7 in X was busted by eve: a typo");
  assert.deepEqual(ofServer(row(1, "journal", { text: "the disk is full" }), people), { time, seq: 1, kind: "bad", what: "the disk is full" });
  assert.deepEqual(["margin_call", "account_suspended", "position_changed", undefined].map(isListed), [true, true, false, false]);
});

test("a phase is told when it changes, and halts are left to the server", () => {
  assert.equal(ofMarket(undefined, { symbol: "X", phase: "reopening_auction" }), null);
  assert.equal(ofMarket({ symbol: "X", phase: "continuous" }, { symbol: "X", phase: "halted" }), null);
  assert.equal(ofMarket({ symbol: "X", phase: "reopening_auction" }, { symbol: "X", phase: "continuous" })?.what, "X: continuous");
});

test("what the server lists and what was seen here stand in the order of their times", () => {
  const later = "2025-03-18T13:31:00.000000000Z";
  const all = together([{ time: later, kind: "bad", what: "c", seq: 4 }, { time, kind: "bad", what: "a", seq: 2 }], [{ time, kind: "info", what: "b" }]);
  assert.deepEqual(all.map(({ what }) => what), ["c", "a", "b"]);
});

test("the list grows at its head without a hole, and begins anew where one would be", async () => {
  const served: AlertRow[] = [];
  const history = new AlertHistory(async (query) => {
    const asked = new URLSearchParams(query);
    const before = Number(asked.get("before") ?? Infinity);
    const found = served.filter(({ seq }) => seq < before).reverse();
    const page = found.slice(0, Number(asked.get("limit")));
    return { alerts: page, next: found.length > page.length ? (page.at(-1)?.seq ?? null) : null };
  });
  const add = (from: number, to: number): void => {
    for (let seq = from; seq <= to; seq++) served.push(row(seq, "halted"));
  };
  const seqs = (): number[] => history.rows.value.map(({ seq }) => seq);
  add(1, 130);
  await history.refresh();
  assert.deepEqual([seqs().length, seqs()[0], history.next.value], [100, 130, 31]);
  await history.older();
  assert.deepEqual([seqs().length, seqs().at(-1), history.next.value], [130, 1, null]);
  add(131, 140);
  await history.refresh();
  assert.deepEqual([seqs().length, new Set(seqs()).size, seqs()[0], history.next.value], [140, 140, 140, null]);
  add(141, 300);
  await history.refresh();
  assert.deepEqual([seqs().length, seqs()[0], history.next.value], [100, 300, 201]);
});

test("a journal that fails, and a session that moves", () => {
  const failed = ofSession({ name: "m", state: "open", failed: "" }, { name: "m", state: "open", failed: "the disk is full" }, time);
  assert.deepEqual(failed.map(({ kind, what }) => [kind, what]), [["bad", "The session takes nothing: the disk is full"]]);
  assert.equal(ofSession(failed.length > 0 ? { name: "m", state: "open", failed: "x" } : null, { name: "m", state: "open", failed: "" }, time)[0]?.kind, "good");
  assert.deepEqual(ofSession(null, { name: "m", state: "open" }, time), []);
  assert.equal(ofSession({ name: "m", state: "open" }, { name: "m", state: "paused" }, time)[0]?.what, "The session: paused");
});

test("who goes, comes and sits down, but not who was there", () => {
  const person = (account: number, connected: boolean) => ({ account, name: `seat-${account}`, user: "bo", user_id: "u", connected, bot: false });
  assert.deepEqual(ofParticipants(null, [person(1, true)], time), []);
  const told = ofParticipants([person(1, true), person(2, false), person(3, true)], [person(1, false), person(2, true), person(3, true), person(4, true)], time);
  assert.deepEqual(told.map(({ kind, what }) => `${kind} ${what}`), [
    "warn bo (seat-1) is disconnected",
    "info bo (seat-2) is connected",
    "info bo (seat-4) took a seat",
  ]);
});

test("the newest is in front, and old ones are let go", () => {
  const one = (what: string) => ({ time, kind: "info" as const, what });
  assert.deepEqual(with_([one("a")], [one("b"), one("c")]).map(({ what }) => what), ["c", "b", "a"]);
  assert.equal(with_(Array.from({ length: 600 }, () => one("x")), [one("y")]).length, 500);
});
