import assert from "node:assert/strict";
import { test } from "node:test";
import { Axis, dayCounter, zoneOffset } from "./axis";

const ZONE = "America/New_York";
const HOUR = 3_600_000;

test("offsets of a zone in winter and summer", () => {
  assert.equal(zoneOffset(Date.UTC(2025, 0, 15, 12), ZONE), -5 * HOUR);
  assert.equal(zoneOffset(Date.UTC(2025, 6, 15, 12), ZONE), -4 * HOUR);
  assert.equal(zoneOffset(Date.UTC(2025, 6, 15, 12), "Asia/Kolkata"), 5.5 * HOUR);
});

test("times are moved to the zone, and written from the true time", () => {
  const time = Date.UTC(2025, 2, 18, 13, 30);
  const axis = new Axis(ZONE, time);
  assert.equal(axis.of(time), Date.UTC(2025, 2, 18, 9, 30) / 1000);
  assert.equal(axis.time(axis.of(time)), time);
  assert.equal(axis.mark(axis.of(time), "minute"), "09:30");
  assert.equal(axis.mark(axis.of(time + 5000), "second"), "09:30:05");
});

test("labels are right on both sides of a change of the clocks, and the axis never runs backwards", () => {
  const before = Date.UTC(2025, 10, 2, 5, 30);
  const axis = new Axis(ZONE, before);
  assert.equal(axis.mark(axis.of(before), "minute"), "01:30");
  assert.equal(axis.mark(axis.of(before + HOUR), "minute"), "01:30");
  assert.equal(axis.of(before + HOUR) - axis.of(before), 3600);
});

test("days are the exchange's", () => {
  const dayOf = dayCounter(ZONE);
  const midnight = Date.UTC(2025, 2, 18, 4);
  assert.equal(dayOf(midnight), dayOf(midnight - 1) + 1);
  assert.equal(dayOf(midnight), dayOf(midnight + 24 * HOUR - 1));
});
