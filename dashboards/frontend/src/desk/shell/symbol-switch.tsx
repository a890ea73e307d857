import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk-context";
import { direction, percent, price, signed } from "../../ui/format";

function change(last: number | null | undefined, reference: number | null | undefined): number | null {
  return last == null || !reference ? null : last / reference - 1;
}

/** The chosen instrument, and a list to choose another one from by name: letters narrow it, arrows walk through it. */
export function SymbolSwitch({ desk }: { desk: Desk }) {
  const { store, ui } = desk;
  const open = useSignal(false);
  const typed = useSignal("");
  const at = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => ui.keys.register("/", "Find an instrument", () => show(), "Instrument"), []);

  function show(): void {
    typed.value = "";
    at.value = Math.max(0, store.instruments.peek().findIndex((each) => each.symbol === store.symbol.peek()));
    open.value = true;
    setTimeout(() => input.current?.focus());
  }

  function choose(symbol: string | undefined): void {
    if (symbol !== undefined) store.select(symbol);
    open.value = false;
    button.current?.focus();
  }

  const wanted = typed.value.trim().toLowerCase();
  const found = store.instruments.value.filter((each) => each.symbol.toLowerCase().includes(wanted));
  const active = Math.min(at.value, found.length - 1);

  function press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) at.value = (active + step + found.length) % Math.max(1, found.length);
    else if (event.key === "Enter") choose(found[active]?.symbol);
    else if (event.key === "Escape") choose(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      class="switch"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
    >
      <button
        ref={button}
        class="switch-button"
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
            role="combobox"
            aria-label="Find an instrument"
            aria-expanded={found.length > 0}
            aria-controls="switch-list"
            aria-activedescendant={found.length > 0 ? `switch-${active}` : undefined}
            autocomplete="off"
            placeholder="Find an instrument"
            data-testid="symbol-find"
            value={typed.value}
            onInput={(event) => {
              typed.value = event.currentTarget.value;
              at.value = 0;
            }}
            onKeyDown={press}
          />
          {found.length === 0 ? (
            <p class="dim switch-none">No instrument has that in its name.</p>
          ) : (
            <ul role="listbox" id="switch-list" aria-label="Instruments">
              {found.map((each, place) => {
                const { last, open: first } = store.market(each.symbol).value;
                const moved = change(last ?? each.last, each.reference ?? first ?? each.open);
                return (
                  <li
                    key={each.symbol}
                    ref={(row) => void (place === active && row?.scrollIntoView({ block: "nearest" }))}
                    id={`switch-${place}`}
                    role="option"
                    aria-selected={place === active}
                    data-testid={`symbol-option-${each.symbol}`}
                    onPointerDown={(event) => event.preventDefault()}
                    onPointerMove={() => (at.value = place)}
                    onClick={() => choose(each.symbol)}
                  >
                    <b>{each.symbol}</b>
                    <span class="num">{price(last ?? each.last, each.price_increment)}</span>
                    <span class={`num ${direction(moved)}`}>{signed(percent(moved))}</span>
                  </li>
                );
              })}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}
