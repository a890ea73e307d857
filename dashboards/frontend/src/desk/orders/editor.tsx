import { useEffect, useRef, useState } from "preact/hooks";
import { sentence } from "../../ui/format";
import { said } from "../../wire/rest";
import type { Desk } from "../desk-context";
import type { Order } from "../../store/types";
import { fieldsOf, problemOf, requestOf, stepped, termsOf, type Field } from "./amend";

const LABELS: Record<Field, string> = { quantity: "Quantity", price: "Price", stop: "Stop", trail: "Trail" };

/** Other terms for an order, typed in its row. Enter sends, Escape leaves, the arrow keys go a step. */
export function Editor({ desk, order, close }: { desk: Desk; order: Order; close: () => void }) {
  const terms = desk.store.instrument(order.symbol);
  const [typed, setTyped] = useState(() => termsOf(order, terms));
  const [refused, setRefused] = useState("");
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const wrong = problemOf(order, typed, terms);
  const request = wrong === "" ? requestOf(order, typed) : null;

  useEffect(() => first.current?.select(), []);

  const send = async (): Promise<void> => {
    if (request === null || busy) return;
    setBusy(true);
    try {
      await desk.stream.replace(request);
      close();
    } catch (problem) {
      setRefused(said(problem));
      setBusy(false);
    }
  };

  const press = (event: KeyboardEvent, field: Field): void => {
    if (event.key === "Enter") void send();
    else if (event.key === "Escape") close();
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const step = field === "quantity" ? terms?.quantity_increment : terms?.price_increment;
      setTyped({ ...typed, [field]: stepped(typed[field], step ?? 0, event.key === "ArrowUp") });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const problem = wrong || refused;
  return (
    <div class="editor" role="gridcell" onDblClick={(event) => event.stopPropagation()}>
      <strong>{order.symbol}</strong>
      <span class={order.side === "buy" ? "up" : "down"}>{order.side === "buy" ? "Buy" : "Sell"}</span>
      {fieldsOf(order).map((field, place) => (
        <label key={field}>
          {LABELS[field]}
          <input
            class="input"
            ref={place === 0 ? first : undefined}
            inputMode="decimal"
            autocomplete="off"
            data-testid={`replace-${field}`}
            value={typed[field]}
            onInput={(event) => {
              setRefused("");
              setTyped({ ...typed, [field]: event.currentTarget.value });
            }}
            onKeyDown={(event) => press(event, field)}
          />
        </label>
      ))}
      <button type="button" class="button primary" data-testid="replace-send" disabled={request === null || busy} onClick={() => void send()}>
        Replace
      </button>
      <button type="button" class="button" data-testid="replace-close" onClick={close}>
        Leave
      </button>
      <span class="editor-problem" role={problem === "" ? undefined : "alert"} title={problem}>
        {sentence(problem)}
      </span>
    </div>
  );
}
