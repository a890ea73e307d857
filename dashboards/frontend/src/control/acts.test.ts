import assert from "node:assert/strict";
import { test } from "node:test";
import { boardAct, haltAct, killAct, liftAct, limitAct, movesOf, speedAct, suspendAct, transferAct } from "./acts";

const ann = { account: "seat-3", user: "ann", openOrders: 4 };

test("each state offers exactly the moves that the exchange takes from it", () => {
  const labels = (state: string) => movesOf("monday", state, 5).map(({ label }) => label);
  assert.deepEqual(labels("lobby"), ["Start pre-open", "Open now", "Close"]);
  assert.deepEqual(labels("pre_open"), ["Open", "Pause", "Close"]);
  assert.deepEqual(labels("open"), ["Pause", "Close"]);
  assert.deepEqual(labels("paused"), ["Resume", "Resume by auction", "Close"]);
  assert.deepEqual(labels("closed"), ["Debrief"]);
  assert.deepEqual(labels("debrief"), []);
});

test("what cannot be undone, or stops people, is asked first with what will happen", () => {
  for (const state of ["lobby", "pre_open", "open", "paused"]) {
    const close = movesOf("monday", state, 12).find(({ label }) => label === "Close");
    assert.match(close?.question ?? "", /for good\?.*all 12 participants.*cannot be opened again/);
    assert.equal(close?.danger, true);
  }
  assert.match(haltAct("monday", [], 12).question, /all instruments/);
  assert.match(haltAct("monday", ["HARBOR"], 12).question, /^Halt HARBOR\?/);
  assert.match(killAct("monday", ann).question, /4 open orders of ann \(seat-3\)/);
  assert.match(suspendAct("monday", ann, false).question, /4 open orders stay in the book/);
  assert.match(suspendAct("monday", { ...ann, openOrders: 1 }, true).question, /cancel 1 open order\?/);
  assert.notEqual(speedAct("monday", "max").question, "");
  assert.equal(speedAct("monday", 2).question, "");
});

test("requests are those of the API, with names that are safe in an address", () => {
  const [, open] = movesOf("lobby", "lobby", 1);
  assert.deepEqual([open?.method, open?.path, open?.body], ["post", "/api/sessions/lobby/start", { to: "open" }]);
  assert.equal(haltAct("a/b", [], 1).path, "/api/sessions/a%2Fb/halt");
  assert.deepEqual(liftAct("m", ["X"], true).body, { symbols: ["X"], by_auction: true });
  assert.deepEqual(limitAct("m", null, "max_order_lots", "5").body, { account: "", limit: "max_order_lots", value: "5" });
  assert.deepEqual(speedAct("m", "max").body, { speed: "max" });
  assert.deepEqual([boardAct("m", true).method, boardAct("m", true).body], ["put", { hidden: true }]);
});

test("what was done is said as it was done", () => {
  assert.equal(transferAct("m", ann, "-250").done, "250 was taken out of the account of ann (seat-3).");
  assert.equal(transferAct("m", ann, "250").done, "250 was paid into the account of ann (seat-3).");
  assert.equal(limitAct("m", null, "max_open_orders", "0").done, "max open orders of every trader is no longer limited from now on.");
});
