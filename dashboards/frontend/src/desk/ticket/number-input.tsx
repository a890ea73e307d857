import { useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals-core";
import { useEffect, useRef } from "preact/hooks";
import { read } from "../../ui/reading";

interface Props {
  /** NaN while what is typed cannot be read. */
  value: Signal<number | null>;
  step: number;
  digits: number;
  label: string;
  testid: string;
  unit?: string;
  placeholder?: string;
  disabled?: boolean;
  bad?: boolean;
  /** Where a first step starts from when nothing is given yet. */
  from?: () => number | null;
  input?: (element: HTMLInputElement | null) => void;
}

/** A number with its unit. Arrows and the wheel step it, ten steps at once with Shift; what is typed stays as it is typed. */
export function NumberInput(props: Props) {
  const { value, digits, label, testid, unit = "", placeholder = "", disabled = false, bad = false, input } = props;
  const draft = useSignal<string | null>(null);
  const element = useRef<HTMLInputElement>(null);
  const latest = useRef(props);
  latest.current = props;

  const move = (by: number): void => {
    const { value: now, step: size, from } = latest.current;
    const start = now.peek() || from?.() || 0;
    const count = Math.round(start / size) + by;
    now.value = Math.max(size, Number((count * size).toFixed(9)));
    draft.value = null;
  };
  useEffect(() => {
    const box = element.current;
    input?.(box);
    if (box === null) return undefined;
    const turn = (event: WheelEvent): void => {
      const root = box.getRootNode();
      // Only where the cursor is: a page that is scrolled must not change an order.
      if (!(root instanceof ShadowRoot || root instanceof Document) || root.activeElement !== box) return;
      event.preventDefault();
      move((event.deltaY < 0 || event.deltaX < 0 ? 1 : -1) * (event.shiftKey ? 10 : 1));
    };
    box.addEventListener("wheel", turn, { passive: false });
    return () => box.removeEventListener("wheel", turn);
  }, []);

  // What was typed stands for as long as it says the value: another hand on the ticket writes over it.
  const typed = draft.value !== null && Object.is(read(draft.value), value.value) ? draft.value : null;
  const shown = typed ?? (value.value === null || Number.isNaN(value.value) ? "" : written(value.value, digits));
  return (
    <label class="number" data-disabled={disabled} data-bad={bad}>
      <span>{label}</span>
      <input
        ref={element}
        data-testid={testid}
        inputMode="decimal"
        autocomplete="off"
        aria-label={label}
        aria-invalid={bad}
        disabled={disabled}
        placeholder={disabled ? "" : placeholder}
        value={disabled ? "" : shown}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => {
          const text = event.currentTarget.value;
          draft.value = text;
          value.value = read(text);
        }}
        onBlur={() => {
          // What cannot be read or counted stays to be seen as it was typed, with the sentence that says so.
          const now = value.peek() ?? 0;
          if (Math.abs(now) <= Number.MAX_SAFE_INTEGER) draft.value = null;
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          move((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
        }}
      />
      <span class="unit">{disabled ? "" : unit}</span>
    </label>
  );
}

function written(value: number, digits: number): string {
  const fixed = value.toFixed(digits);
  // A price between steps is shown as it was given: the server says what is wrong with it.
  return Math.abs(Number(fixed) - value) < 1e-9 ? fixed : String(value);
}
