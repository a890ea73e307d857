import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { said, type House } from "./house";
import { atField, freeName, overridesOf, PARAMETERS, textOf, type Parameter } from "./parameters";
import type { CheckOut, ClassOut, ScenarioOut } from "./words";

const WAIT_MS = 400;

/** A new session from a scenario file or a draft; the server says at each field what is wrong with it. */
export function Create({ house }: { house: House }) {
  const files = useSignal<ScenarioOut[]>([]);
  const drafts = useSignal<string[]>([]);
  const classes = useSignal<ClassOut[]>([]);
  const source = useSignal("");
  const name = useSignal("");
  const named = useSignal(false);
  const edits = useSignal<Readonly<Record<string, string>>>({});
  const own = useSignal<CheckOut | null>(null);
  const checked = useSignal<CheckOut | null>(null);
  const chosen = useSignal<readonly string[]>([]);
  const problem = useSignal("");
  const busy = useSignal(false);
  const checking = useSignal(false);
  const overrides = useComputed(() => overridesOf(edits.value, own.value?.settings ?? {}));

  useEffect(() => {
    const { rest } = house;
    const read = async (): Promise<void> => {
      const [found, kept, mine] = await Promise.all([
        rest.get<{ scenarios: ScenarioOut[] }>("/api/scenarios"),
        rest.get<{ drafts: string[] }>("/api/drafts"),
        rest.get<{ classes: ClassOut[] }>("/api/classes"),
      ]);
      files.value = found.scenarios;
      drafts.value = kept.drafts;
      classes.value = mine.classes;
      const first = found.scenarios.find((each) => each.problem === "")?.file;
      if (source.value === "") source.value = first !== undefined ? `file:${first}` : kept.drafts[0] !== undefined ? `draft:${kept.drafts[0]}` : "";
    };
    read().catch((refusal: unknown) => (problem.value = said(refusal)));
  }, []);

  const sourceOf = (): { file?: string; draft?: string } => {
    const [kind, ...rest] = source.peek().split(":");
    return kind === "draft" ? { draft: rest.join(":") } : { file: rest.join(":") };
  };

  // The scenario's own settings, when another one is chosen.
  useSignalEffect(() => {
    if (source.value === "") return;
    const asked = source.value;
    edits.value = {};
    own.value = checked.value = null;
    problem.value = "";
    house.rest
      .post<CheckOut>("/api/scenarios/check", sourceOf())
      .then((found) => {
        if (asked !== source.peek()) return;
        own.value = checked.value = found;
        const taken = new Set([...(house.list.peek()?.sessions ?? []), ...(house.list.peek()?.stored ?? [])].map((each) => each.name));
        if (!named.peek()) name.value = freeName(asked.slice(asked.indexOf(":") + 1), taken);
      })
      .catch((refusal: unknown) => (problem.value = said(refusal)));
  });

  // What is wrong with the edits, a moment after the last one.
  useSignalEffect(() => {
    const wanted = overrides.value;
    if (own.value === null) return;
    checking.value = true;
    const timer = setTimeout(() => {
      house.rest
        .post<CheckOut>("/api/scenarios/check", { ...sourceOf(), overrides: wanted })
        .then((found) => {
          if (wanted !== overrides.peek()) return;
          checked.value = found;
          checking.value = false;
        })
        .catch((refusal: unknown) => {
          problem.value = said(refusal);
          checking.value = false;
        });
    }, WAIT_MS);
    return () => clearTimeout(timer);
  });

  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    busy.value = true;
    problem.value = "";
    try {
      await house.rest.post("/api/sessions", { name: name.value, ...sourceOf(), overrides: overrides.value, classes: chosen.value });
      const whom = chosen.value.length === 0 ? "everybody on this server" : classes.value.filter(({ class_id }) => chosen.value.includes(class_id)).map((each) => each.name).join(", ");
      house.ui.toast("good", `Session ${name.value} is made for ${whom}; it is in its lobby, where people can take seats.`);
      await house.refresh();
      house.choose(name.value);
      named.value = false;
      edits.value = {};
    } catch (refusal) {
      problem.value = said(refusal);
    } finally {
      busy.value = false;
    }
  };

  const problems = checked.value?.problems ?? {};
  const wrong = Object.keys(problems).length > 0 || (checked.value?.problem ?? "") !== "";
  const broken = files.value.filter((each) => each.problem !== "");
  return (
    <section class="panel c-create" data-testid="panel-create">
      <header>New session</header>
      <form class="body" onSubmit={(event) => void make(event)}>
        <label class="field">
          <span>Scenario</span>
          <select class="select" data-testid="create-source" value={source.value} onChange={({ currentTarget }) => (source.value = currentTarget.value)}>
            <optgroup label="Files">
              {files.value.map(({ file, title, problem: why }) => (
                <option key={file} value={`file:${file}`} disabled={why !== ""}>
                  {file} · {why === "" ? title : why}
                </option>
              ))}
            </optgroup>
            {drafts.value.length > 0 && (
              <optgroup label="Drafts">
                {drafts.value.map((draft) => (
                  <option key={draft} value={`draft:${draft}`}>
                    {draft}
                  </option>
                ))}
              </optgroup>
            )}
          </select>
        </label>
        {broken.length > 0 && <p class="dim">Cannot be read: {broken.map((each) => each.file).join(", ")}.</p>}
        {own.value !== null && (
          <p class="c-about">
            <b>{own.value.title}</b> {own.value.description} <span class="dim">Trades {checked.value?.symbols.join(", ")}; {checked.value?.seats ?? 0} seats.</span>
          </p>
        )}
        <div class="c-two">
          <label class="field">
            <span>Name</span>
            <input
              class="input"
              data-testid="create-name"
              value={name.value}
              onInput={({ currentTarget }) => {
                name.value = currentTarget.value;
                named.value = true;
              }}
            />
          </label>
          <div class="field">
            <span>For</span>
            <span class="c-chips">
              <button type="button" class="c-chip" aria-pressed={chosen.value.length === 0} onClick={() => (chosen.value = [])}>
                everybody
              </button>
              {classes.value.map(({ class_id, name: label }) => (
                <button
                  key={class_id}
                  type="button"
                  class="c-chip"
                  aria-pressed={chosen.value.includes(class_id)}
                  onClick={() => (chosen.value = chosen.value.includes(class_id) ? chosen.value.filter((each) => each !== class_id) : [...chosen.value, class_id])}
                >
                  {label}
                </button>
              ))}
            </span>
          </div>
          {PARAMETERS.map((parameter) => (
            <Setting
              key={parameter.path}
              parameter={parameter}
              own={textOf(own.value?.settings[parameter.path])}
              text={edits.value[parameter.path]}
              problem={problems[parameter.path]}
              edit={(text) => (edits.value = { ...edits.value, [parameter.path]: text })}
            />
          ))}
        </div>
        <p class="c-problem" role="alert" data-testid="create-problem">
          {problem.value || checked.value?.problem}
        </p>
        <button class="button primary" data-testid="create-send" disabled={busy.value || checking.value || wrong || own.value === null || name.value === ""}>
          {checking.value ? "Checking…" : `Make session ${name.value}`}
        </button>
      </form>
    </section>
  );
}

function Setting({ parameter, own, text, problem, edit }: { parameter: Parameter; own: string; text: string | undefined; problem: string | undefined; edit: (text: string) => void }) {
  const { path, label, hint, kind } = parameter;
  const shown = text ?? own;
  return (
    <label class={`field ${text !== undefined && text !== own ? "c-edited" : ""}`} title={path}>
      <span>
        {label} <em>{hint}</em>
      </span>
      {kind === "yes" ? (
        <select class="select" data-testid={`create-${path}`} value={shown} onChange={({ currentTarget }) => edit(currentTarget.value)}>
          <option value="">as the scenario has it</option>
          <option value="yes">yes</option>
          <option value="no">no</option>
        </select>
      ) : (
        <input
          class="input"
          data-testid={`create-${path}`}
          aria-invalid={problem !== undefined}
          placeholder="as the scenario has it"
          value={shown}
          onInput={({ currentTarget }) => edit(currentTarget.value)}
        />
      )}
      {problem !== undefined && (
        <span class="c-problem" role="alert">
          {atField(problem)}
        </span>
      )}
    </label>
  );
}
