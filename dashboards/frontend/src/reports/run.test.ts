import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportRunOut } from "../wire/answers";
import { about, pageOf, told, waits } from "./run";

const run = {
  account: "seat-1",
  user: "ann",
  class_name: "",
  session: "monday",
  first_day: "",
  last_day: "",
  page: "/api/reports/1/html",
  state: "done",
} as ReportRunOut;

test("a run says whose it is, where and when", () => {
  assert.equal(about(run), "ann (seat-1) · monday");
  assert.equal(about({ ...run, user: "", first_day: "2025-03-18", last_day: "2025-03-18" }), "seat-1 · monday · 2025-03-18");
  assert.equal(about({ ...run, account: "", class_name: "everybody", session: "", first_day: "2025-03-18" }), "everybody · from 2025-03-18");
  assert.equal(about({ ...run, session: "", last_day: "2025-03-18" }), "ann (seat-1) · to 2025-03-18");
});

test("it opens or is saved once there is a page", () => {
  assert.equal(pageOf("", run), "/api/reports/1/html");
  assert.equal(pageOf("http://x", run, true), "http://x/api/reports/1/html?download=true");
  assert.equal(pageOf("", { ...run, page: null }), "");
  assert.deepEqual(["waiting", "running", "done", "failed", "skipped"].map((state) => waits({ state })), [true, true, false, false, false]);
});

test("a headline begins as the report has it, and a reason as a sentence", () => {
  assert.equal(told({ state: "done", sentence: "ann lost 20.00 USD." }), "ann lost 20.00 USD.");
  assert.equal(told({ state: "failed", sentence: "took longer than 300 s" }), "Took longer than 300 s");
});
