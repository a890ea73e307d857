import assert from "node:assert/strict";
import { test } from "node:test";
import { ofAccount, ofMarket, ofParticipants, ofSession, standing, with_ } from "./alerts";

const named = (account: number): string => `ann (seat-${account})`;
const time = "2025-03-18T13:30:00.000000000Z";

test("calls, breaches, suspensions and liquidations are told, daily life is not", () => {
  const call = ofAccount({ account: 3, event: "margin_call", time, equity: 1234.5, requirement: 2000 }, named);
  assert.deepEqual(call, { time, kind: "bad", account: 3, what: "ann (seat-3) has a margin call (equity 1,234.50, required 2,000.00)" });
  assert.equal(ofAccount({ account: 3, event: "account_suspended", reason: "max_drawdown_exceeded" }, named)?.what, "ann (seat-3) is suspended: max drawdown exceeded");
  assert.equal(ofAccount({ account: 3, event: "limit_breached" }, named)?.kind, "warn");
  assert.equal(ofAccount({ account: 3, event: "liquidation", symbol: "X" }, named)?.what, "The exchange closes X of ann (seat-3)");
  assert.equal(ofAccount({ account: 3, event: "margin_call_met" }, named)?.kind, "good");
  for (const event of ["position_changed", "cash_changed", undefined]) assert.equal(ofAccount(event === undefined ? { account: 3 } : { account: 3, event }, named), null);
});

test("what stood before the page was opened is told as such", () => {
  assert.match(standing({ account: 3, state: "suspended" }, named, time)?.what ?? "", /before this page/);
  assert.match(standing({ account: 3, margin_call: true }, named, time)?.what ?? "", /margin call/);
  assert.equal(standing({ account: 3, state: "active", margin_call: false }, named, time), null);
});

test("a phase is told when it changes, and not when it is first seen", () => {
  assert.equal(ofMarket(undefined, { symbol: "X", phase: "halted" }), null);
  assert.equal(ofMarket({ symbol: "X", phase: "halted" }, { symbol: "X", phase: "halted" }), null);
  assert.equal(ofMarket({ symbol: "X", phase: "continuous" }, { symbol: "X", phase: "halted" })?.what, "X is halted");
  assert.equal(ofMarket({ symbol: "X", phase: "halted" }, { symbol: "X", phase: "reopening_auction" })?.kind, "good");
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
