import assert from "node:assert/strict";
import { test, type mock } from "node:test";
import { ApiProblem, type Rest } from "../wire/rest";
import { Settings } from "./settings";

const FOUND = {
  theme: "light",
  colour_blind: true,
  confirmations: "none",
  default_quantity: 30,
  default_order_type: "market",
  sounds: true,
  show_clock: "local",
  layout: { interval: "5m", symbol: "HARBOR" },
};

/** Settings whose server answers one thing after the other, and what the page was told. */
function made(...answers: readonly unknown[]): { settings: Settings; told: string[]; asked: () => number } {
  const told: string[] = [];
  let asked = 0;
  const get = (): Promise<unknown> => {
    const answer = answers[asked++];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const settings = new Settings({ get, patch: () => Promise.resolve() } as unknown as Rest, (sentence) => told.push(sentence));
  return { settings, told, asked: () => asked };
}

/** What waits for its time; what comes back lets it come, and everything happen that is promised then. */
function clockOf(tracker: typeof mock): () => Promise<void> {
  let waiting = new Map<unknown, () => void>();
  tracker.method(globalThis, "setTimeout", (act: () => void) => {
    const place = {};
    waiting.set(place, act);
    return place;
  });
  tracker.method(globalThis, "clearTimeout", (place: unknown) => waiting.delete(place));
  return async () => {
    const due = waiting;
    waiting = new Map();
    for (const act of due.values()) act();
    await new Promise((done) => setImmediate(done));
  };
}

test("settings that cannot be read are told once, and asked for until they can", async (context) => {
  const pass = clockOf(context.mock);
  const gone = new ApiProblem(0, "unreachable", "The server cannot be reached.");
  const { settings, told } = made(gone, gone, FOUND);
  await settings.follow();
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /could not be read.*cannot be reached/);
  await pass();
  await pass();
  assert.equal(settings.theme.value, "light");
  assert.equal(told.length, 1);
});

test("settings that are refused are not asked for again, nor are those of a page that has gone", async (context) => {
  const pass = clockOf(context.mock);
  const refused = made(new ApiProblem(403, "forbidden", "This is not yours."), FOUND);
  await refused.settings.follow();
  const left = made(new ApiProblem(503, "busy", "Later."), FOUND);
  await left.settings.follow();
  left.settings.close();
  await pass();
  assert.deepEqual([refused.asked(), left.asked()], [1, 1]);
  assert.deepEqual([refused.told.length, left.told.length], [1, 1]);
});

test("what was chosen meanwhile is newer than what the server answers late", async (context) => {
  const pass = clockOf(context.mock);
  const { settings } = made(FOUND);
  const reading = settings.load();
  settings.setTheme("system");
  settings.remember("tab", "news");
  await reading;
  assert.equal(settings.theme.value, "system");
  assert.deepEqual(settings.layout.value, { ...FOUND.layout, tab: "news" });
  assert.equal(settings.interval.value, "5m");
  assert.equal(settings.upDown.value, "blind");
  await pass();
});

test("what was chosen just before a page goes is kept, once", async (context) => {
  const pass = clockOf(context.mock);
  const sent: unknown[] = [];
  const rest = {
    patch: () => Promise.reject(new Error("the page has gone")),
    patchAtLast: (_path: string, changes: unknown) => Promise.resolve(sent.push(changes)),
  };
  const settings = new Settings(rest as unknown as Rest, () => undefined);
  settings.flush();
  settings.setTheme("light");
  settings.setSounds(true);
  settings.close();
  await pass();
  assert.deepEqual(sent, [{ theme: "light", sounds: true }]);
});
