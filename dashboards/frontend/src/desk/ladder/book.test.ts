import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../../store/types";
import { followed, middleOf, ownByPrice, rowsOf, ticksOf, type Shown } from "./book";

const level = (price: number, quantity: number) => ({ price, quantity, orders: 1 });
const book: Shown = {
  depth: { bids: [level(45.98, 300), level(45.97, 100)], asks: [level(46.01, 600)], seq: 1 },
  orders: [],
  last: 46.01,
  indicative: null,
};
const order = (fields: Partial<Order>): Order =>
  ({ side: "buy", state: "new", limit_price: 45.97, leaves: 50, ahead: 20, ...fields }) as Order;

test("there is a row for every step, whether or not anything is there", () => {
  const rows = rowsOf(book, 4603, 8, 0.01);
  assert.deepEqual(rows.map((row) => row.ticks), [4603, 4602, 4601, 4600, 4599, 4598, 4597, 4596]);
  assert.deepEqual(rows.map((row) => row.mark), ["", "", "best-ask", "inside", "inside", "best-bid", "", ""]);
  assert.deepEqual(rows.map((row) => row.ask), [0, 0, 600, 0, 0, 0, 0, 0]);
  assert.deepEqual(rows.map((row) => row.bid), [0, 0, 0, 0, 0, 300, 100, 0]);
  assert.deepEqual(rows.map((row) => row.bar), [0, 0, 100, 0, 0, 50, 17, 0]);
  assert.deepEqual(rows.map((row) => row.last), [false, false, true, false, false, false, false, false]);
});

test("prices are steps however doubles write them", () => {
  assert.equal(ticksOf(0.1 + 0.2, 0.1), 3);
  assert.equal(ticksOf(411.85, 0.05), 8237);
  assert.equal(ticksOf(20_000.5, 0.5), 40_001);
});

test("own orders at a price are one mark, with the best place in the queue", () => {
  const orders = [
    order({}),
    order({ leaves: 30, ahead: 5 }),
    order({ side: "sell", limit_price: 46.05, ahead: null }),
    order({ state: "held" }),
    order({ limit_price: null }),
  ];
  const own = ownByPrice(orders, 0.01);
  assert.deepEqual(own.get(4597), { buy: 80, sell: 0, ahead: 5 });
  assert.deepEqual(own.get(4605), { buy: 0, sell: 50, ahead: null });
  assert.equal(own.size, 2);
});

test("the middle is that of the book, else the auction's, one side's, the last trade's, or what is given", () => {
  const nothing: Shown = { depth: { bids: [], asks: [], seq: 0 }, orders: [], last: null, indicative: null };
  assert.equal(middleOf(book, null, 0.01), 4600);
  assert.equal(middleOf({ ...nothing, indicative: 46 }, null, 0.01), 4600);
  assert.equal(middleOf({ ...nothing, last: 45 }, 44, 0.01), 4500);
  assert.equal(middleOf(nothing, 44, 0.01), 4400);
  assert.equal(middleOf(nothing, null, 0.01), null);
});

test("it stays where it is until the middle comes near an edge, and is then centred", () => {
  for (let middle = 4596; middle <= 4604; middle++) assert.equal(followed(4612, 25, middle), 4612);
  assert.equal(followed(4612, 25, 4609), 4609 + 12);
  assert.equal(followed(4612, 25, 4591), 4591 + 12);
  const top = followed(4612, 25, 5000);
  assert.equal(followed(top, 25, 5000), top, "centred once is centred");
});
