import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Instrument } from "../../store/types";
import { millis } from "../../ui/format";
import type { Desk } from "../desk-context";
import { clicked, ordered, shown, type Column, type Sorting } from "./order";
import { WatchRow } from "./row";
import { Sparks } from "./sparks";

const HEADS: readonly (readonly [Column, string])[] = [
  ["symbol", "Symbol"],
  ["last", "Last"],
  ["change", "Chg %"],
  ["volume", "Volume"],
  ["bid", "Bid"],
  ["ask", "Ask"],
];
/** A row in one line where there is room for all columns, otherwise in two; as `watch.css` has them. */
const WIDE_PX = 430;
const HEIGHT = { wide: 24, narrow: 40 } as const;
const HEADS_PX = { wide: 24, narrow: 37 } as const;
const RESORT_MS = 1_000;

/** All instruments of the session; the chosen one is what the rest of the page shows. */
export function WatchPanel({ desk }: { desk: Desk }) {
  const { store, ui, rest, session } = desk;
  const body = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  const top = useSignal(0);
  const loaded = useSignal(0);
  const sorting = useSignal<Sorting>({ column: "symbol", down: false });
  const symbols = useSignal<readonly string[]>([]);
  const sparks = useMemo(() => {
    const opens = (): number => millis(store.session.peek()?.opens);
    return new Sparks(rest, `/api/sessions/${encodeURIComponent(session)}`, opens, () => loaded.value++);
  }, [desk]);
  const terms = useComputed(() => new Map(store.instruments.value.map((each) => [each.symbol, each])));

  const sort = (): void => {
    const rows = store.instruments.peek().map(({ symbol }) => store.market(symbol).peek());
    const now = ordered(rows, sorting.peek());
    if (now.some((symbol, at) => symbol !== symbols.peek()[at]) || now.length !== symbols.peek().length) symbols.value = now;
  };
  // Rows change places once a second at most, not under the pointer with every trade.
  useEffect(() => {
    sort();
    const timer = setInterval(sort, RESORT_MS);
    return () => clearInterval(timer);
  }, [store.instruments.value, sorting.value]);

  useEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const wide = size.value.width >= WIDE_PX;
  const height = wide ? HEIGHT.wide : HEIGHT.narrow;
  const heads = wide ? HEADS_PX.wide : HEADS_PX.narrow;
  const chosen = store.symbol.value;
  const step = (by: number): void => {
    const list = symbols.peek();
    const at = list.indexOf(store.symbol.peek());
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (next !== undefined) store.select(next);
  };
  useEffect(() => {
    const leave = [
      ui.keys.register("Alt+ArrowUp", "Instrument above in the watch list", () => step(-1), "Instrument"),
      ui.keys.register("Alt+ArrowDown", "Instrument below in the watch list", () => step(1), "Instrument"),
    ];
    return () => leave.forEach((each) => each());
  }, [desk]);
  // The chosen row is kept in sight, whatever chose it.
  useEffect(() => {
    const element = body.current;
    const at = symbols.peek().indexOf(chosen);
    if (element === null || at < 0) return;
    if (at * height < element.scrollTop) element.scrollTop = at * height;
    else if ((at + 1) * height + heads > element.scrollTop + element.clientHeight) element.scrollTop = (at + 1) * height + heads - element.clientHeight;
  }, [chosen, height, heads]);

  const key = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(size.peek().height / height) - 1);
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step(by);
  };

  const resort = (column: Column): void => {
    sorting.value = clicked(sorting.value, column);
    if (body.current !== null) body.current.scrollTop = 0;
  };
  const list = symbols.value;
  const [from, to] = shown(top.value, size.value.height, height, list.length);
  return (
    <section class="panel watch" data-testid="panel-watch" aria-label="Watch list" data-wide={wide}>
      <div
        class="body"
        ref={body}
        role="grid"
        aria-label="Instruments"
        aria-rowcount={list.length + 1}
        aria-activedescendant={list.includes(chosen) ? `watch-${list.indexOf(chosen)}` : undefined}
        tabIndex={0}
        onKeyDown={key}
        onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
      >
        <div class="watch-heads" role="row">
          {HEADS.map(([column, label]) => (
            <Head key={column} column={column} label={label} sorting={sorting.value} sort={() => resort(column)} />
          ))}
        </div>
        <div class="watch-rows" style={{ height: `${list.length * height}px` }}>
          {list.slice(from, to).map((symbol, at) => {
            const found: Instrument | undefined = terms.value.get(symbol);
            return (
              found !== undefined && (
                <WatchRow
                  key={symbol}
                  desk={desk}
                  terms={found}
                  sparks={sparks}
                  loaded={loaded.value}
                  top={(from + at) * height}
                  index={from + at}
                  chosen={symbol === chosen}
                  choose={(name) => store.select(name)}
                />
              )
            );
          })}
        </div>
        {list.length === 0 && <p class="empty">{store.problem.value || "Reading instruments…"}</p>}
      </div>
    </section>
  );
}

interface HeadProps {
  column: Column;
  label: string;
  sorting: Sorting;
  sort: () => void;
}

function Head({ column, label, sorting, sort }: HeadProps) {
  const on = sorting.column === column;
  return (
    <span class={`watch-${column}`} role="columnheader" aria-sort={on ? (sorting.down ? "descending" : "ascending") : "none"}>
      <button type="button" title={`Sort by ${label.toLowerCase()}`} onClick={sort}>
        {label}
        {on && <i>{sorting.down ? "▾" : "▴"}</i>}
      </button>
    </span>
  );
}
