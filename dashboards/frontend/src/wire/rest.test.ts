import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiProblem, loginAddress, Rest } from "./rest";

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

test("who is sent to log in is told how their log-in ended, in the server's code", async (context) => {
  const ended = { code: "revoked", message: "your password was reset", details: { ended: "password_reset" } };
  const answers: Record<string, object> = {
    "/api/me": { code: "revoked", message: "this login has ended", details: {} },
    "/api/auth/refresh": ended,
  };
  context.mock.method(globalThis, "fetch", (address: string) => Promise.resolve(Response.json(answers[address], { status: 401 })));
  const left: string[] = [];
  const rest = new Rest("", (why) => left.push(why));
  await assert.rejects(rest.get("/api/me"));
  for (const details of [{}, { ended: 7 }, null]) {
    answers["/api/auth/refresh"] = { ...ended, details };
    await assert.rejects(rest.get("/api/me"));
  }
  assert.deepEqual(left, ["password_reset", "", "", ""]);
  const place = { href: "http://desk/desk?session=a", pathname: "/desk", search: "?session=a" };
  assert.equal(loginAddress("", place, "password_reset"), "/login?next=%2Fdesk%3Fsession%3Da&why=password_reset");
  assert.equal(loginAddress("", place), "/login?next=%2Fdesk%3Fsession%3Da");
});
