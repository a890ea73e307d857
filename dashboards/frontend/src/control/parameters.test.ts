import assert from "node:assert/strict";
import { test } from "node:test";
import { atField, freeName, overridesOf, PARAMETERS, textOf, valueOf, type Parameter } from "./parameters";

function of(path: string): Parameter {
  const found = PARAMETERS.find((each) => each.path === path);
  if (found === undefined) throw new Error(`there is no parameter ${path}`);
  return found;
}

test("texts become what TOML would have, and nonsense goes to the server as it is", () => {
  assert.equal(valueOf(of("seats.count"), " 40 "), 40);
  assert.equal(valueOf(of("seats.cash"), "50,000.5"), 50_000.5);
  assert.equal(valueOf(of("seats.cash"), "much"), "much");
  assert.equal(valueOf(of("seats.margin"), "no"), false);
  assert.equal(valueOf(of("live.pre_open"), "5min"), "5min");
  assert.equal(valueOf(of("live.speed"), "2"), 2);
  assert.equal(valueOf(of("live.speed"), "max"), "max");
  assert.equal(valueOf(of("seats.count"), "  "), null);
});

test("only what is another than the scenario's is sent", () => {
  const settings = { "seats.count": 30, "seats.margin": true, "live.pre_open": "5min" };
  assert.deepEqual(overridesOf({ "seats.count": "30", "seats.margin": "yes", "live.pre_open": "5min" }, settings), {});
  assert.deepEqual(overridesOf({ "seats.count": "31", "seats.margin": "no", "agents.seed": "7", "seats.cash": "" }, settings), {
    "seats.count": 31,
    "seats.margin": false,
    "agents.seed": 7,
  });
  assert.equal(textOf(undefined), "");
});

test("at its field a sentence needs no place", () => {
  assert.equal(atField("a.toml, [seats] (line 28): count is 0, expected a number"), "count is 0, expected a number");
  assert.equal(atField("scenario, [live]: speed is 'x'"), "speed is 'x'");
  assert.equal(atField("the market has no end"), "the market has no end");
});

test("a new session's name is its scenario's, and nobody else's", () => {
  assert.equal(freeName("week 1/first lesson.toml", new Set()), "first-lesson");
  assert.equal(freeName("classroom.toml", new Set(["classroom", "classroom-2"])), "classroom-3");
  assert.equal(freeName("..toml", new Set()), "session");
});
