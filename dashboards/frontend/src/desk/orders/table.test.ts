import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fill } from "../../store/types";
import { order } from "./an-order";
import { joined as joinedFills } from "./fills";
import { joined } from "./history";
import { Pages } from "./pages";
import { nextSorting, sortedBy } from "./sort";
import { reveal, windowOf } from "./window";

test("of thousands of rows only those in sight and a few beside them are drawn", () => {
  assert.deepEqual(windowOf(5_000, 24, 0, 240), { first: 0, end: 18 });
  assert.deepEqual(windowOf(5_000, 24, 24_000, 240), { first: 992, end: 1_018 });
  assert.deepEqual(windowOf(3, 24, 0, 240), { first: 0, end: 3 });
  assert.deepEqual(windowOf(0, 24, 0, 240), { first: 0, end: 0 });
  // Rows went away while the table was scrolled to its end.
  const { first, end } = windowOf(5, 24, 9_999, 240);
  assert.ok(first >= 0 && first < end && end === 5);
});

test("walking through the rows scrolls only when the row is out of sight", () => {
  assert.equal(reveal(3, 24, 0, 240), 0);
  assert.equal(reveal(10, 24, 0, 240), 24);
  assert.equal(reveal(2, 24, 240, 240), 48);
});

test("a click on a head sorts down, then up, then not at all", () => {
  const down = nextSorting(null, "price");
  const up = nextSorting(down, "price");
  assert.deepEqual([down, up, nextSorting(up, "price")], [{ column: "price", down: true }, { column: "price", down: false }, null]);
  assert.deepEqual(nextSorting(up, "side"), { column: "side", down: true });
});

test("rows are sorted by value, and those without one are last both ways", () => {
  const rows = [3, Number.NaN, 1, 2];
  assert.deepEqual(sortedBy(rows, (row) => row, true), [3, 2, 1, Number.NaN]);
  assert.deepEqual(sortedBy(rows, (row) => row, false), [1, 2, 3, Number.NaN]);
  assert.deepEqual(sortedBy(["b", "a"], (row) => row, false), ["a", "b"]);
});

test("history has each order once; what the stream told of it counts, and what it does not know stays", () => {
  const read = [order({ id: 1, state: "filled", updated: 5, average_price: 20.02 }), order({ id: 2, state: "canceled", updated: 9 })];
  const live = [order({ id: 1, state: "filled", updated: 6, executed: 100 }), order({ id: 3, state: "rejected", updated: 7 })];
  const rows = joined(live, read);
  assert.deepEqual(rows.map(({ id }) => id), [2, 3, 1]);
  assert.deepEqual([rows[2]?.executed, rows[2]?.average_price], [100, 20.02]);
});

test("a fill that came by REST and by the stream is one", () => {
  const fill = (seq: number, trade: number): Fill => ({ seq, time: 0, order: 1, symbol: "ACME", side: "buy", price: 20, quantity: 1, fee: 0, trade, maker: true, busted: false, busted_reason: "", leaves: 0 });
  assert.deepEqual(joinedFills([fill(9, 2)], [fill(9, 2), fill(4, 1)]).map(({ seq }) => seq), [9, 4]);
});

test("pages follow on each other, one question at a time, to the end", async () => {
  const asked: number[] = [];
  const pages = new Pages<number>((before) => {
    asked.push(before);
    return Promise.resolve(before === 0 ? { rows: [9, 8], next: 8 } : { rows: [7], next: null });
  });
  await Promise.all([pages.more(0), pages.more(0)]);
  await pages.more(0);
  await pages.more(0);
  assert.deepEqual(asked, [0, 8]);
  assert.deepEqual(pages.rows.value, [9, 8, 7]);
  assert.equal(pages.done.value, true);
});

test("a page that fails says why and can be asked for again; an answer to an older question is dropped", async () => {
  let fails = true;
  const pages = new Pages<number>(() => (fails ? Promise.reject(new Error("gone")) : Promise.resolve({ rows: [1], next: null })));
  await pages.more(0);
  assert.deepEqual([pages.problem.value, pages.done.value], ["gone", false]);
  fails = false;
  const old = pages.more(0);
  pages.restart(() => Promise.resolve({ rows: [2], next: null }));
  await old;
  assert.deepEqual(pages.rows.value, []);
  await pages.more(0);
  assert.deepEqual(pages.rows.value, [2]);
});
