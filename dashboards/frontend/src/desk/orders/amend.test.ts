import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instrument } from "../../store/types";
import { fieldsOf, inSteps, numberOf, problemOf, requestOf, stepped, termsOf } from "./amend";
import { order } from "./an-order";

const terms = { quantity_increment: 10, price_increment: 0.05 } as Instrument;

test("numbers are read as people type them", () => {
  assert.deepEqual(["1,250.50", " 20 ", ".5", "", "-3", "1e5", "abc", "1.2.3", "46,50"].map(numberOf), [1250.5, 20, 0.5, null, -3, null, null, null, null]);
});

test("a step is a step in spite of what doubles make of it", () => {
  assert.ok(inSteps(0.3, 0.1) && inSteps(407.35, 0.05) && inSteps(7, 0));
  assert.ok(!inSteps(407.36, 0.05));
});

test("only what changed is sent, as it was typed", () => {
  const one = order({ id: 7, quantity: 100, limit_price: 20 });
  assert.equal(requestOf(one, termsOf(one)), null);
  assert.equal(requestOf(one, { ...termsOf(one), price: "20.00" }), null);
  assert.deepEqual(requestOf(one, { ...termsOf(one), price: "20.05" }), { order: 7, limit_price: "20.05" });
  assert.deepEqual(requestOf(one, { ...termsOf(one), quantity: "1,200" }), { order: 7, quantity: "1200" });
});

test("each type has its own terms", () => {
  assert.deepEqual(fieldsOf(order()), ["quantity", "price"]);
  assert.deepEqual(fieldsOf(order({ type: "stop_limit", stop_price: 19 })), ["quantity", "price", "stop"]);
  assert.deepEqual(fieldsOf(order({ type: "stop", limit_price: null, stop_price: 19 })), ["quantity", "stop"]);
  const trailing = order({ id: 3, type: "trailing_stop", limit_price: null, stop_price: 19, trail_percent: 1.5 });
  assert.deepEqual(fieldsOf(trailing), ["quantity", "trail"]);
  assert.deepEqual(requestOf(trailing, { ...termsOf(trailing), trail: "2" }), { order: 3, trail: "2" });
});

test("what cannot be is said before it is sent", () => {
  const partly = order({ executed: 40, quantity: 100 });
  const typed = termsOf(partly);
  assert.equal(problemOf(partly, typed, terms), "");
  assert.match(problemOf(partly, { ...typed, quantity: "45" }, terms), /multiple of 10/);
  assert.match(problemOf(partly, { ...typed, quantity: "40" }, terms), /more than the 40/);
  const busted = order({ executed: 10, busted: 30, quantity: 100 });
  assert.match(problemOf(busted, { ...termsOf(busted), quantity: "40" }, terms), /more than the 40/);
  assert.match(problemOf(partly, { ...typed, price: "20.01" }, terms), /multiple of 0.05/);
  assert.match(problemOf(partly, { ...typed, price: "" }, terms), /above zero/);
  assert.match(problemOf(partly, { ...typed, quantity: "-3" }, terms), /above zero/);
  assert.match(problemOf(partly, { ...typed, price: "20,05" }, terms), /price is not a number; write 1.5 with a point/);
});

test("the arrow keys go from step to step and stay above zero", () => {
  assert.equal(stepped("20.05", 0.05, true), "20.10");
  assert.equal(stepped("20.03", 0.05, false), "20.00");
  assert.equal(stepped("100", 10, true), "110");
  assert.equal(stepped("0.05", 0.05, false), "0.05");
  assert.equal(stepped("", 0.05, true), "");
});
