import { useState } from "preact/hooks";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { FillsTable } from "./fills";
import { HistoryTable } from "./history";
import { Explanation } from "./explanation";
import { cancelAll, WorkingTable } from "./working";

type Tab = "working" | "history" | "fills";
const TABS: readonly { id: Tab; name: string }[] = [
  { id: "working", name: "Working" },
  { id: "history", name: "History" },
  { id: "fills", name: "Fills" },
];
/** How many the page knows of at first; what there is beyond is read as one scrolls. */
const KNOWN: Record<Tab, number> = { working: Number.POSITIVE_INFINITY, history: 200, fills: 1_000 };

/** One's own orders: what works, what has ended and why, and what traded. */
export function OrdersPanel({ desk }: { desk: Desk }) {
  const { store } = desk;
  const [tab, setTab] = useState<Tab>("working");
  const [symbol, setSymbol] = useState("");
  const symbols = store.instruments.value.map((each) => each.symbol);
  const counts: Record<Tab, number> = {
    working: store.working.value.length,
    history: store.ended.value.length,
    fills: store.fills.value.length,
  };

  const turn = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = TABS[(TABS.findIndex(({ id }) => id === tab) + step + TABS.length) % TABS.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    setTab(next.id);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-testid="orders-tab-${next.id}"]`)?.focus();
  };

  return (
    <section class="panel orders" data-testid="panel-orders" aria-label="Orders">
      <header>
        <div class="tabs" role="tablist" aria-label="Orders" onKeyDown={turn}>
          {TABS.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              class="tab"
              role="tab"
              data-testid={`orders-tab-${id}`}
              aria-selected={id === tab}
              tabIndex={id === tab ? 0 : -1}
              onClick={() => setTab(id)}
            >
              {name}
              <span class="badge">{counts[id] < KNOWN[id] ? counts[id] : `${counts[id]}+`}</span>
            </button>
          ))}
        </div>
        <span class="space" />
        <select
          class="select"
          aria-label="Show orders of"
          value={symbol}
          onChange={(event) => setSymbol(event.currentTarget.value)}
        >
          <option value="">All symbols</option>
          {symbols.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button"
          data-testid="orders-cancel-all"
          disabled={counts.working === 0 || isOver(store.session.value?.state)}
          title="Cancel all working orders, after a question"
          onClick={() => void cancelAll(desk, symbol)}
        >
          Cancel all
        </button>
      </header>
      <div class="body" role="tabpanel" aria-label={tab}>
        {tab === "working" && <WorkingTable desk={desk} symbol={symbol} />}
        {tab === "history" && <HistoryTable key={symbol} desk={desk} symbol={symbol} />}
        {tab === "fills" && <FillsTable key={symbol} desk={desk} symbol={symbol} />}
      </div>
      <Explanation desk={desk} />
    </section>
  );
}
