import { signal, type Signal } from "@preact/signals-core";
import type { ExplanationOut } from "../../wire/answers";
import { Sheet } from "../../ui/sheet";
import { said } from "../../wire/rest";
import type { Desk } from "../desk-context";

export interface Explained {
  order: number;
  text: string;
  problem: string;
}

/** The order whose explanation is open; null for none. One for the page, for any panel may open it. */
export const explained: Signal<Explained | null> = signal(null);

/** Ask the exchange what became of an order and why, and show it. */
export async function explain({ rest, session }: Desk, order: number): Promise<void> {
  explained.value = { order, text: "", problem: "" };
  const show = (text: string, problem: string): void => {
    if (explained.peek()?.order === order) explained.value = { order, text, problem };
  };
  try {
    const path = `/api/sessions/${encodeURIComponent(session)}/orders/${order}/explanation`;
    show((await rest.get<ExplanationOut>(path)).text, "");
  } catch (problem) {
    show("", said(problem));
  }
}

/** The exchange's explanation of an order, over the page. */
export function Explanation({ desk }: { desk: Desk }) {
  const open = explained.value;
  return open === null ? null : <Told desk={desk} open={open} />;
}

function Told({ desk, open }: { desk: Desk; open: Explained }) {
  const close = (): void => {
    explained.value = null;
  };
  const [head, ...rest] = open.text.split("\n");
  return (
    <Sheet keys={desk.ui.keys} title={`Explanation of order ${open.order}`} testid="explanation-sheet" onClose={close}>
      <h2>What became of order {open.order}</h2>
      <div class="explanation" data-testid="explanation" aria-live="polite">
        {open.problem !== "" ? (
          <p role="alert">{open.problem}</p>
        ) : open.text === "" ? (
          <p class="dim">Asking the exchange …</p>
        ) : (
          <>
            <p class="explanation-head">{head}</p>
            <pre>{rest.join("\n")}</pre>
          </>
        )}
      </div>
      <div class="sheet-buttons">
        <button type="button" class="button primary" onClick={close}>
          Close
        </button>
      </div>
    </Sheet>
  );
}
