import { useEffect, useRef, useState } from "preact/hooks";
import { Sheet } from "../ui/sheet";
import { said } from "../wire/rest";
import type { Dialog, House } from "./house";

/** The dialog that is open, if any. */
export function Asking({ house }: { house: House }) {
  const dialog = house.dialog.value;
  return dialog === null ? null : <Question key={dialog.title + dialog.text} house={house} dialog={dialog} />;
}

function Question({ house, dialog }: { house: House; dialog: Dialog }) {
  const close = (): void => house.answered();
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(dialog.fields.map(({ name, value }) => [name, value])));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // What is dangerous is not done by a stray Enter: the keyboard begins at what is harmless.
    const first = form.current?.querySelector<HTMLElement>(dialog.fields.length > 0 ? "input, select" : dialog.danger ? "[data-no]" : "[data-yes]");
    first?.focus();
  }, []);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const sentence = await dialog.act(values);
      if (sentence === "") close();
      else setProblem(sentence);
    } catch (refusal) {
      setProblem(said(refusal));
    } finally {
      setBusy(false);
    }
  };
  const now = house.drawn.value >= 0 ? (dialog.now?.(values) ?? "") : "";
  return (
    <Sheet keys={house.ui.keys} title={dialog.title} testid="confirm" onClose={close}>
      <form class="c-ask" ref={form} onSubmit={(event) => void send(event)}>
        <h2>{dialog.title}</h2>
        {dialog.text !== "" && <p>{dialog.text}</p>}
        {dialog.fields.map(({ name, label, unit, options }) => (
          <label key={name} class="field">
            <span>
              {label} {unit !== undefined && <em>{unit}</em>}
            </span>
            {options === undefined ? (
              <input
                class="input"
                name={name}
                autocomplete="off"
                value={values[name]}
                onInput={({ currentTarget }) => setValues({ ...values, [name]: currentTarget.value })}
              />
            ) : (
              <select class="select" name={name} value={values[name]} onChange={({ currentTarget }) => setValues({ ...values, [name]: currentTarget.value })}>
                {options.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </label>
        ))}
        {dialog.now !== undefined && (
          <p class="dim c-now" data-testid="confirm-now">
            {now}
          </p>
        )}
        <p class="c-problem" role="alert" data-testid="confirm-problem">
          {problem}
        </p>
        <footer>
          <button type="button" class="button" data-no data-testid="confirm-no" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={`button ${dialog.danger ? "c-danger solid" : "primary"}`} data-yes data-testid="confirm-yes" disabled={busy}>
            {dialog.yes}
          </button>
        </footer>
      </form>
    </Sheet>
  );
}

/** The keys of the page, by what they are for. */
export function Help({ house, close }: { house: House; close: () => void }) {
  const groups = new Map<string, { key: string; what: string }[]>();
  for (const { key, what, group } of house.ui.keys.all.value) groups.set(group, [...(groups.get(group) ?? []), { key, what }]);
  return (
    <Sheet keys={house.ui.keys} title="Keys" testid="help" onClose={close}>
      <h2>Keys</h2>
      <div class="c-help">
        {[...groups].map(([group, entries]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {entries.map(({ key, what }) => (
                <div key={key + what}>
                  <dt>
                    <kbd>{key === " " ? "Space" : key.replace("Arrow", "")}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <footer class="c-right">
        <button class="button" data-testid="help-close" onClick={close}>
          Close
        </button>
      </footer>
    </Sheet>
  );
}

/** What was done and what was refused, as sentences. */
export function Toasts({ house }: { house: House }) {
  return (
    <div class="c-toasts" aria-live="polite">
      {house.ui.toasts.value.map(({ id, kind, text }) => (
        <button key={id} class="c-toast" data-kind={kind} data-testid="toast" onClick={() => house.ui.drop(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}
