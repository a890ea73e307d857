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

test("a log-in that cannot be renewed at the moment has not ended: the page stays and says why", async (context) => {
  const full = { code: "full", message: "the disk of the users' database is full", details: {} };
  let status = 503;
  context.mock.method(globalThis, "fetch", (address: string) =>
    Promise.resolve(address === "/api/auth/refresh" ? Response.json(full, { status }) : Response.json({ ...full, code: "expired" }, { status: 401 })),
  );
  let left = 0;
  const rest = new Rest("", () => left++);
  for (status of [503, 429, 500]) {
    await assert.rejects(rest.get("/api/me"), (problem) => problem instanceof ApiProblem && problem.status === status && problem.message === full.message);
  }
  assert.equal(left, 0);
  status = 401;
  await assert.rejects(rest.get("/api/me"));
  assert.equal(left, 1);
});
