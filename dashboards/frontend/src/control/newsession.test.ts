import assert from "node:assert/strict";
import { test } from "node:test";
import type { House } from "./house";
import { NewSession } from "./newsession";

test("what was refused is no longer said once the name or a setting is another one", async () => {
  const rest = { post: () => Promise.reject(new Error("name is 'a b', expected letters")) };
  const plan = new NewSession({ rest } as unknown as House);
  for (const mend of [() => plan.rename("ab"), () => plan.edit("seats.count", "4")]) {
    plan.rename("a b");
    await plan.make();
    assert.equal(plan.problem.value, "name is 'a b', expected letters");
    mend();
    assert.equal(plan.problem.value, "");
  }
});
