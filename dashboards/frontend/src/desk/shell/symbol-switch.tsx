import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk-context";
import { direction, percent, price, signed } from "../../ui/format";

function change(last: number | null | undefined, reference: number | null | undefined): number | null {
  return last == null || !reference ? null : last / reference - 1;
}

/** The chosen instrument, and a list to choose another one from by name. */
export function SymbolSwitch({ desk }: { desk: Desk }) {
  const { store, ui } = desk;
  const open = useSignal(false);
  const typed = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => ui.keys.register("/", "Find an instrument", () => show(), "Instrument"), []);

  function show(): void {
    typed.value = "";
    open.value = true;
    setTimeout(() => input.current?.focus());
  }

  function choose(symbol: string | undefined): void {
    if (symbol !== undefined) store.select(symbol);
    open.value = false;
  }

  const wanted = typed.value.trim().toLowerCase();
  const found = store.instruments.value.filter((each) => each.symbol.toLowerCase().includes(wanted));
  return (
    <div
      class="switch"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
    >
      <button
        class="switch-button"
        aria-haspopup="listbox"
        aria-expanded={open.value}
        aria-label={`Instrument ${store.symbol.value}`}
        data-testid="symbol-switch"
        onClick={() => (open.value ? choose(undefined) : show())}
      >
        <b>{store.symbol.value || "–"}</b> <span aria-hidden="true">▾</span>
      </button>
      {open.value && (
        <div class="menu switch-menu">
          <input
            ref={input}
            class="input"
            aria-label="Find an instrument"
            placeholder="Find an instrument"
            value={typed.value}
            onInput={(event) => (typed.value = event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") choose(found[0]?.symbol);
              if (event.key === "Escape") choose(undefined);
            }}
          />
          <ul role="listbox" aria-label="Instruments">
            {found.map((each) => {
              const { last, open: first } = store.market(each.symbol).value;
              const moved = change(last ?? each.last, each.reference ?? first ?? each.open);
              return (
                <li key={each.symbol} role="option" aria-selected={each.symbol === store.symbol.value}>
                  <button onClick={() => choose(each.symbol)}>
                    <b>{each.symbol}</b>
                    <span class="num">{price(last ?? each.last, each.price_increment)}</span>
                    <span class={`num ${direction(moved)}`}>{signed(percent(moved))}</span>
                  </button>
                </li>
              );
            })}
            {found.length === 0 && <li class="dim switch-none">No instrument has that in its name.</li>}
          </ul>
        </div>
      )}
    </div>
  );
}
