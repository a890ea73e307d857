import assert from "node:assert/strict";
import { test } from "node:test";
import { movesOf, speedAct } from "./acts";
import { boardAct, delaySeconds, delayText } from "./board";
import { haltAct, liftAct } from "./marketacts";
import { equityTold, feeAct, fineAct, killAct, limitAct, suspendAct, transferAct } from "./peopleacts";

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

test("what an amount leaves somebody is told before it is moved", () => {
  assert.equal(equityTold(100_000, -0), "Equity now: 100,000.00.");
  assert.equal(equityTold(100_000, Number.NaN), "Equity now: 100,000.00.");
  assert.equal(equityTold(100_000, -25), "Equity now: 100,000.00, then 99,975.00.");
  assert.equal(equityTold(100_000, -99_999_999), "Equity now: 100,000.00, then \u221299,899,999.00, below zero.");
});

test("requests are those of the API, with names that are safe in an address", () => {
  const [, open] = movesOf("lobby", "lobby", 1);
  assert.deepEqual([open?.method, open?.path, open?.body], ["post", "/api/sessions/lobby/start", { to: "open" }]);
  assert.equal(haltAct("a/b", [], 1).path, "/api/sessions/a%2Fb/halt");
  assert.deepEqual(liftAct("m", ["X"], true).body, { symbols: ["X"], by_auction: true });
  assert.deepEqual(limitAct("m", null, "max_order_lots", "5").body, { account: "", limit: "max_order_lots", value: "5" });
  assert.deepEqual(fineAct("m", ann, "5", " no quotes ").body, { account: "seat-3", amount: "5", reason: "no quotes" });
  assert.deepEqual(transferAct("m", ann, "-5", "").body, { account: "seat-3", amount: "-5", reason: "" });
  assert.deepEqual(speedAct("m", "max").body, { speed: "max" });
  const late = boardAct("m", "delayed", 300);
  assert.deepEqual([late.method, late.path, late.body], ["put", "/api/sessions/m/leaderboard", { mode: "delayed", delay_seconds: 300 }]);
  assert.deepEqual(boardAct("m", "hidden", 300).body, { mode: "hidden" });
  assert.deepEqual(feeAct("m", null, "", "taker_bps", " 2.5 ").body, { fee: "taker_bps", value: "2.5" });
  assert.deepEqual(feeAct("m", ann, "X", "per_order", "1").body, { fee: "per_order", value: "1", account: "seat-3", symbol: "X" });
});

test("a delay is minutes, and nothing but a time above zero", () => {
  assert.deepEqual(["5", "0.5", " 10 ", "0", "-1", "", "soon", "Infinity"].map(delaySeconds), [300, 30, 600, null, null, null, null, null]);
  assert.deepEqual([300, 90, 60].map(delayText), ["5 min", "90 s", "1 min"]);
});

test("what was done is said as it was done", () => {
  assert.equal(feeAct("m", ann, "", "taker_bps", "-1").done, "Taker fee of ann (seat-3) in every instrument is -1 basis points from the next fill on.");
  assert.match(boardAct("m", "delayed", 300).done, /as it was 5 min before/);
  assert.equal(transferAct("m", ann, "-250", "").done, "250.00 was taken out of the account of ann (seat-3).");
  assert.equal(transferAct("m", ann, "250", "").done, "250.00 was paid into the account of ann (seat-3).");
  assert.equal(transferAct("m", ann, " -1e3 ", "").done, "1,000.00 was taken out of the account of ann (seat-3).");
  assert.equal(fineAct("m", ann, "1e3", "").done, "ann (seat-3) was fined 1,000.00.");
  assert.equal(fineAct("m", ann, "0.125", "").done, "ann (seat-3) was fined 0.125.");
  assert.equal(fineAct("m", ann, "0.000001", "").done, "ann (seat-3) was fined 0.000001.");
  assert.equal(fineAct("m", ann, "1234.1", "").done, "ann (seat-3) was fined 1,234.10.");
  assert.equal(limitAct("m", null, "max_open_orders", "0").done, "Open orders of every trader: no limit from now on.");
  assert.equal(limitAct("m", ann, "max_order_lots", " 10 ").done, "Largest order of ann (seat-3): 10 lots from now on.");
});
