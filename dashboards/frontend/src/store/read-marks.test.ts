import assert from "node:assert/strict";
import { test } from "node:test";
import { isRead, keepMarks, loadMarks, marksKey, NOTHING_READ, withAllRead, withRead } from "./read-marks";

test("what is read one by one is remembered shortly", () => {
  let marks = withRead(withRead(NOTHING_READ, 3), 1);
  assert.deepEqual([1, 2, 3].map((number) => isRead(marks, number)), [true, false, true]);
  marks = withRead(marks, 2);
  assert.deepEqual([marks.upTo, marks.also.size], [3, 0]);
  assert.equal(withRead(marks, 2), marks);
});

test("all read is all that there is now", () => {
  const marks = withAllRead(withRead(NOTHING_READ, 9), 5);
  assert.deepEqual([isRead(marks, 5), isRead(marks, 6), isRead(marks, 9)], [true, false, true]);
});

test("marks are kept per user and session, and what cannot be read is nothing", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const marks = withRead(withAllRead(NOTHING_READ, 4), 7);
  keepMarks(storage, marksKey("ann", "one"), marks);
  assert.deepEqual(loadMarks(storage, marksKey("ann", "one")), marks);
  assert.deepEqual(loadMarks(storage, marksKey("ann", "two")), NOTHING_READ);
  assert.deepEqual(loadMarks(storage, marksKey("ben", "one")), NOTHING_READ);
  for (const text of ["{", "{}", '["x"]', "[-1]", "[1.5]"]) {
    kept.set("bad", text);
    assert.equal(loadMarks(storage, "bad").upTo, 0, text);
  }
  const broken = { getItem: () => { throw new Error("denied"); }, setItem: () => { throw new Error("denied"); } };
  keepMarks(broken, "any", marks);
  assert.equal(loadMarks(broken, "any"), NOTHING_READ);
});
