import assert from "node:assert/strict";
import { test } from "node:test";
import { bustTold, movementTold } from "./money-told";

test("money that comes or goes without a trade is told with amount and kind", () => {
  assert.equal(movementTold("fine", -25, "USD"), "You were fined 25.00 USD.");
  assert.equal(movementTold("deposit", 1_000, "USD"), "1,000.00 USD was paid into your account: deposit.");
  assert.equal(movementTold("withdrawal", -10, "USD"), "10.00 USD was taken from your account: withdrawal.");
  assert.equal(movementTold("fine", -25, "USD", "", "no quotes"), "You were fined 25.00 USD. Reason: no quotes");
  assert.equal(
    movementTold("withdrawal", -10, "USD", "", "paid twice"),
    "10.00 USD was taken from your account: withdrawal. Reason: paid twice",
  );
  assert.equal(movementTold("dividend", 5, "", "ACME"), "5.00 was paid into your account: dividend of ACME.");
});

test("a bust is told with its reason, if there is one", () => {
  assert.equal(bustTold(7, "ACME", "a typo"), "The exchange has undone trade 7 in ACME: it counts no more. Reason: a typo");
  assert.equal(bustTold(7), "The exchange has undone trade 7: it counts no more.");
});
