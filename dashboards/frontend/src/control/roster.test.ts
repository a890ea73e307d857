import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTERS, markOf, mentions, openInterest, passes, rosterRows, sorted, stateOf, type RosterRow } from "./roster";

const person = (account: number, user: string, connected = true, bot = false) => ({
  account,
  name: `seat-${account}`,
  user,
  user_id: `id-${user}`,
  connected,
  bot,
});
const standing = (account: number, name: string, pnl: number, breaches = 0) => ({
  rank: 1,
  account,
  name,
  equity: 100 + pnl,
  pnl,
  drawdown: -0.01,
  breaches,
  fills: 3,
  open_orders: 2,
  state: "active",
});

function rows(): RosterRow[] {
  return rosterRows(
    [person(2, "ann"), person(3, "bob", false), person(10, "cleo", true, true), person(4, "dan")],
    [standing(2, "ann", 5), standing(3, "bob", -7, 2), standing(10, "cleo", 5)],
    [
      { account: 2, symbol: "X", quantity: 10 },
      { account: 2, symbol: "A", quantity: -3 },
      { account: 3, symbol: "X", quantity: 0 },
      { account: 10, symbol: "X", quantity: -4 },
      // The street holds what the class does not, and has no seat.
      { account: 0, symbol: "X", quantity: -6 },
    ],
    new Map([[4, { account: 4, state: "suspended" }], [10, { account: 10, margin_call: true }]]),
    new Map([["X", { symbol: "X", last: 20 }], ["A", { symbol: "A", last: null, bid: 9, ask: 11 }]]),
  );
}

test("a row is made of who sits there, how they stand and what they hold", () => {
  const [ann, bob, cleo, dan] = rows();
  assert.deepEqual(ann?.holdings, [{ symbol: "A", quantity: -3 }, { symbol: "X", quantity: 10 }]);
  assert.equal(ann?.exposure, 3 * 10 + 10 * 20);
  assert.deepEqual(bob?.holdings, []);
  assert.deepEqual([ann, bob, cleo, dan].map((row) => row && stateOf(row)), ["online", "breach", "margin call", "suspended"]);
  assert.equal(dan?.equity, 0);
  assert.equal(markOf(undefined), null);
});

test("filters and the search find whom they say", () => {
  const found = Object.fromEntries(FILTERS.map((filter) => [filter, rows().filter((row) => passes(row, filter)).map(({ user }) => user).join(" ")]));
  assert.deepEqual(found, {
    all: "ann bob cleo dan",
    online: "ann cleo dan",
    offline: "bob",
    flat: "bob dan",
    breach: "bob cleo",
    bots: "cleo",
    suspended: "dan",
  });
  assert.deepEqual(rows().filter((row) => mentions(row, " x ")).map(({ user }) => user), ["ann", "cleo"]);
  assert.deepEqual(rows().filter((row) => mentions(row, "SEAT-1")).map(({ user }) => user), ["cleo"]);
});

test("the order is that of the column; equals keep the order of their seats both ways", () => {
  const by = (sort: "seat" | "pnl" | "state", down: boolean) => sorted(rows(), sort, down).map(({ account }) => account);
  assert.deepEqual(by("seat", false), [2, 3, 4, 10]);
  assert.deepEqual(by("pnl", true), [2, 10, 4, 3]);
  assert.deepEqual(by("pnl", false), [3, 4, 2, 10]);
  assert.deepEqual(by("state", false), [4, 10, 3, 2]);
});

test("open interest adds up the class alone", () => {
  assert.deepEqual(Object.fromEntries(openInterest(rows())), {
    A: { long: 0, short: 3, net: -3, holders: 1 },
    X: { long: 10, short: 4, net: 6, holders: 2 },
  });
});
