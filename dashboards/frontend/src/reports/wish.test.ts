import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClassOut, ReviewAccountOut, ReviewSessionOut } from "../wire/answers";
import { asked, complete, moved, NO_WISH, ofDays, ofSession, within, type Wish } from "./wish";

const wish: Wish = { ...NO_WISH, report: "daily_pnl", session: "monday", first: "2025-03-17", last: "2025-03-18" };
const accounts = [
  { account: "seat-1", user: "zoe" },
  { account: "seat-2", user: "ann" },
  { account: "seat-1", user: "zoe" },
  { account: "spare", user: "" },
] as ReviewAccountOut[];

test("the server is asked of a session or of days, and of whom", () => {
  assert.deepEqual(asked(wish), { report: "daily_pnl", session: "monday" });
  assert.deepEqual(asked({ ...wish, whose: "account:a:b" }), { report: "daily_pnl", session: "monday", account: "a:b" });
  const days: Wish = { ...wish, of: "days", whose: "class:5d0c" };
  assert.deepEqual(asked(days), { report: "daily_pnl", first_day: "2025-03-17", last_day: "2025-03-18", class_id: "5d0c" });
  assert.deepEqual(asked({ ...days, first: "", whose: "" }), { report: "daily_pnl", last_day: "2025-03-18" });
  assert.ok(complete(wish) && complete(days) && complete({ ...days, last: "", session: "" }));
  assert.ok(!complete({ ...days, first: "", last: "" }) && !complete({ ...wish, session: "" }));
});

test("days stay in order whichever is changed", () => {
  const bounds = (change: Parameters<typeof moved>[1]) => [moved(wish, change).first, moved(wish, change).last];
  assert.deepEqual(bounds({ first: "2025-04-01" }), ["2025-04-01", "2025-04-01"]);
  assert.deepEqual(bounds({ last: "2025-03-01" }), ["2025-03-01", "2025-03-01"]);
  assert.deepEqual(bounds({ last: "2025-03-20" }), ["2025-03-17", "2025-03-20"]);
  assert.deepEqual(bounds({ first: "" }), ["", "2025-03-18"]);
});

test("sessions of days are those that have one of them", () => {
  const sessions = [
    { session: "long", first_day: "2025-03-01", last_day: "2025-03-17" },
    { session: "late", first_day: "2025-03-19", last_day: "2025-03-19" },
  ] as ReviewSessionOut[];
  const names = (bounds: Partial<Wish>) => within(sessions, { ...wish, ...bounds }).map(({ session }) => session);
  assert.deepEqual(names({}), ["long"]);
  assert.deepEqual(names({ last: "" }), ["long", "late"]);
  assert.deepEqual(names({ first: "2025-03-18" }), []);
});

test("of a session there are accounts, and of days people", () => {
  assert.deepEqual(
    ofSession(accounts.slice(1), "seat-2").map(({ text }) => text),
    ["Your own", "Everybody in the session", "zoe (seat-1)", "spare"],
  );
  const classes = [{ class_id: "5d0c", name: "Markets 101" }] as ClassOut[];
  const values = (me: string, own: boolean, administers: boolean) => ofDays(accounts, classes, me, own, administers).map(({ value }) => value);
  assert.deepEqual(values("tom", false, false), ["class:5d0c", "account:ann", "account:zoe"]);
  assert.deepEqual(values("ann", true, true), ["", "class:all", "class:5d0c", "account:zoe"]);
});
