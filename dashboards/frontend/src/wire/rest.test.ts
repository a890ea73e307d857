import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem, Rest } from "./rest";

test("a wrong password is told, and neither asked again nor taken for the end of the log-in", async (context) => {
  const asked: string[] = [];
  let left = 0;
  const answer = { code: "bad_credentials", message: "old password: is not the present one", details: {} };
  context.mock.method(globalThis, "fetch", (address: string) => {
    asked.push(address);
    return Promise.resolve(Response.json(answer, { status: 401 }));
  });
  const rest = new Rest("", () => left++);
  await assert.rejects(rest.post("/api/me/password", {}), (problem) => problem instanceof ApiProblem && problem.message === answer.message);
  assert.deepEqual([asked, left], [["/api/me/password"], 0]);
  answer.code = "unauthenticated";
  await assert.rejects(rest.post("/api/me/password", {}));
  assert.deepEqual([asked.slice(1), left], [["/api/me/password", "/api/auth/refresh"], 1]);
});
