import { useEffect, useRef } from "preact/hooks";
import type { Ui } from "../../ui/ui";
import { Sheet } from "../../ui/sheet";

/** Messages that go by themselves; screen readers hear them. */
export function Toasts({ ui }: { ui: Ui }) {
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="Messages">
      {ui.toasts.value.map(({ id, kind, text, slot }) => (
        <div key={id} class="toast" data-testid="toast" data-kind={kind} style={{ "--slot": slot }}>
          <span title={text}>{text}</span>
          <button class="icon-button" aria-label="Close" onClick={() => ui.drop(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

/** A question before something is done. */
export function Confirm({ ui }: { ui: Ui }) {
  const question = ui.question.value;
  return question === null ? null : <Asked ui={ui} text={question.text} answer={question.answer} key={question.text} />;
}

function Asked({ ui, text, answer }: { ui: Ui; text: string; answer: (yes: boolean) => void }) {
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  return (
    <Sheet keys={ui.keys} title="Confirm" testid="confirm" role="alertdialog" onClose={() => answer(false)}>
      <p class="question">{text}</p>
      <div class="sheet-buttons">
        <button class="button" data-testid="confirm-no" onClick={() => answer(false)}>
          No
        </button>
        <button class="button primary" ref={yes} data-testid="confirm-yes" onClick={() => answer(true)}>
          Yes
        </button>
      </div>
    </Sheet>
  );
}
