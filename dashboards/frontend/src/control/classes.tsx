import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { said } from "../wire/rest";
import type { House } from "./house";
import { Members } from "./members";
import type { ClassOut } from "./words";

/** Classes with their members: join codes, rosters as CSV, one-time passwords. */
export function ClassesPanel({ house }: { house: House }) {
  const classes = useSignal<ClassOut[] | null>(null);
  const chosen = useSignal<string | null>(null);
  const problem = useSignal("");
  const { rest } = house;
  const read = async (): Promise<void> => {
    try {
      const all = house.may.peek().has("administer") ? "?all=true" : "";
      const found = (await rest.get<{ classes: ClassOut[] }>(`/api/classes${all}`)).classes;
      classes.value = found;
      if (!found.some(({ class_id }) => class_id === chosen.peek())) chosen.value = found[0]?.class_id ?? null;
    } catch (refusal) {
      problem.value = said(refusal);
    }
  };
  useEffect(() => void read(), []);
  const manages = house.may.value.has("manage_classes");
  const make = (): void =>
    house.ask({
      title: "New class",
      text: "It gets a join code, and you run it.",
      fields: [{ name: "name", label: "Name", value: "" }],
      yes: "Make class",
      danger: false,
      act: async ({ name }) => {
        chosen.value = (await rest.post<ClassOut>("/api/classes", { name })).class_id;
        house.ui.toast("good", `Class ${name} is made.`);
        await read();
        return "";
      },
    });
  const found = classes.value?.find(({ class_id }) => class_id === chosen.value);
  return (
    <div class="c-classes">
      <section class="panel" data-testid="panel-classes">
        <header>
          Classes <span class="badge">{classes.value?.length ?? 0}</span>
          <span class="c-fill" />
          <button class="button small" disabled={!manages} onClick={make}>
            New class…
          </button>
        </header>
        <ul class="body c-list">
          {(classes.value ?? []).map((each) => (
            <li key={each.class_id}>
              <button aria-pressed={each.class_id === chosen.value} onClick={() => (chosen.value = each.class_id)}>
                <b>{each.name}</b>
                <span class="dim">
                  {each.members === 1 ? "1 member" : `${each.members} members`}{each.code === "" ? "" : ` · code ${each.code}`}
                </span>
              </button>
            </li>
          ))}
          {classes.value?.length === 0 && (
            <li class="empty">
              <strong>No class yet</strong>
              <span>A class has a join code and a roster, and sessions of its own.</span>
            </li>
          )}
        </ul>
        {problem.value !== "" && (
          <p class="c-problem" role="alert">
            {problem.value}
          </p>
        )}
      </section>
      {found === undefined ? (
        <section class="panel">
          <div class="empty">Members, their roster and one-time passwords are shown here.</div>
        </section>
      ) : (
        <Members key={found.class_id} house={house} of={found} changed={read} />
      )}
    </div>
  );
}
