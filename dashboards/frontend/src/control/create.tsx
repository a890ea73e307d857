import { useEffect, useMemo } from "preact/hooks";
import type { House } from "./house";
import { NewSession } from "./newsession";
import { others, PARAMETERS, textOf } from "./parameters";
import { Setting } from "./setting";

/** A new session from a scenario file or a draft; the server says at each field what is wrong with it. */
export function Create({ house }: { house: House }) {
  const plan = useMemo(() => new NewSession(house), [house]);
  useEffect(() => plan.start(), [plan]);
  const send = (event: Event): void => {
    event.preventDefault();
    void plan.make();
  };

  const problems = plan.checked.value?.problems ?? {};
  const wrong = Object.keys(problems).length > 0 || (plan.checked.value?.problem ?? "") !== "";
  const seldom = plan.own.value === null ? [] : others(plan.own.value.settings);
  const broken = plan.files.value.filter((each) => each.problem !== "");
  return (
    <section class="panel c-create" data-testid="panel-create">
      <header>
        New session
        <span class="c-fill" />
        <label class="button small" title="A scenario as TOML, kept as a draft">
          Open a file…
          <input
            class="sr"
            type="file"
            accept=".toml"
            data-testid="create-file"
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file !== undefined) void plan.bring(file);
              currentTarget.value = "";
            }}
          />
        </label>
      </header>
      <form class="body" onSubmit={(event) => send(event)}>
        <label class="field">
          <span>Scenario</span>
          <select class="select" data-testid="create-source" value={plan.source.value} onChange={({ currentTarget }) => (plan.source.value = currentTarget.value)}>
            <optgroup label="Files">
              {plan.files.value.map(({ file, title, problem: why }) => (
                <option key={file} value={`file:${file}`} disabled={why !== ""}>
                  {file} · {why === "" ? title : why}
                </option>
              ))}
            </optgroup>
            {plan.drafts.value.length > 0 && (
              <optgroup label="Drafts">
                {plan.drafts.value.map((draft) => (
                  <option key={draft} value={`draft:${draft}`}>
                    {draft}
                  </option>
                ))}
              </optgroup>
            )}
          </select>
        </label>
        {plan.known.value && plan.files.value.length + plan.drafts.value.length === 0 && (
          <p class="dim" data-testid="create-empty">
            This server has no scenarios: it looks for them in the folder of <code>--scenarios</code>. A file from here can be opened above.
          </p>
        )}
        {broken.length > 0 && <p class="dim">Cannot be read: {broken.map((each) => each.file).join(", ")}.</p>}
        {plan.own.value !== null && (
          <p class="c-about">
            <b>{plan.own.value.title}</b> {plan.own.value.description} <span class="dim">Trades {plan.checked.value?.symbols.join(", ")}; {plan.checked.value?.seats ?? 0} seats.</span>
          </p>
        )}
        <div class="c-two">
          <label class="field">
            <span>Name</span>
            <input
              class="input"
              data-testid="create-name"
              value={plan.name.value}
              onInput={({ currentTarget }) => plan.rename(currentTarget.value)}
            />
          </label>
          <div class="field">
            <span>For</span>
            <span class="c-chips">
              <button type="button" class="c-chip" aria-pressed={plan.chosen.value.length === 0} onClick={() => (plan.chosen.value = [])}>
                everybody
              </button>
              {plan.classes.value.map(({ class_id, name: label }) => (
                <button
                  key={class_id}
                  type="button"
                  class="c-chip"
                  aria-pressed={plan.chosen.value.includes(class_id)}
                  title={label}
                  onClick={() => plan.toggle(class_id)}
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
              own={textOf(plan.own.value?.settings[parameter.path])}
              text={plan.edits.value[parameter.path]}
              problem={problems[parameter.path]}
              known={plan.own.value !== null}
              edit={(text) => plan.edit(parameter.path, text)}
            />
          ))}
        </div>
        {plan.own.value !== null && (
          <details class="c-more">
            <summary>All other settings ({seldom.length})</summary>
            <div class="c-two">
              {seldom.map((parameter) => (
                <Setting
                  key={parameter.path}
                  parameter={parameter}
                  own={textOf(plan.own.value?.settings[parameter.path])}
                  text={plan.edits.value[parameter.path]}
                  problem={problems[parameter.path]}
                  known={plan.own.value !== null}
                  edit={(text) => plan.edit(parameter.path, text)}
                />
              ))}
            </div>
          </details>
        )}
        <p class="c-problem" role="alert" data-testid="create-problem">
          {plan.problem.value || plan.checked.value?.problem}
        </p>
        <button class="button primary" data-testid="create-send" disabled={plan.busy.value || plan.checking.value || wrong || plan.own.value === null || plan.name.value === ""}>
          {plan.checking.value ? "Checking…" : `Make session ${plan.name.value}`}
        </button>
      </form>
    </section>
  );
}
