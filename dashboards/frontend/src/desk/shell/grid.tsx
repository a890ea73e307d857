import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren, ComponentType } from "preact";
import { AccountPanel } from "../account/account";
import { ChartPanel } from "../chart/chart";
import type { Desk } from "../desk-context";
import { LadderPanel } from "../ladder/ladder";
import { LeadersPanel } from "../leaders/leaders";
import { NewsPanel } from "../news/news";
import { OrdersPanel } from "../orders/orders";
import { PositionsPanel } from "../positions/positions";
import { TapePanel } from "../tape/tape";
import { TicketPanel } from "../ticket/ticket";
import { WatchPanel } from "../watch/watch";
import { PLACES, TITLES, type PanelName, type Place, type Size } from "./places";

const PANELS: Record<PanelName, ComponentType<{ desk: Desk }>> = {
  watch: WatchPanel,
  chart: ChartPanel,
  ladder: LadderPanel,
  tape: TapePanel,
  ticket: TicketPanel,
  orders: OrdersPanel,
  positions: PositionsPanel,
  account: AccountPanel,
  news: NewsPanel,
  leaders: LeadersPanel,
};

function Badge({ desk: { store }, name }: { desk: Desk; name: PanelName }) {
  const count =
    name === "orders"
      ? store.working.value.length
      : name === "positions"
        ? store.positions.value.filter((each) => each.quantity !== 0).length
        : name === "news"
          ? store.unread.value
          : 0;
  return count === 0 ? null : <span class="badge">{count}</span>;
}

/** Panels that share a place; only the one that is seen is there, so the others cost nothing. */
function Shared({ desk, place }: { desk: Desk; place: Place }) {
  const key = `tab.${place.panels.join("+")}`;
  const kept = desk.ui.settings.layout.peek()[key];
  const shown = useSignal<PanelName>(place.panels.find((name) => name === kept) ?? place.panels[0] ?? "positions");
  const Panel = PANELS[shown.value];

  function choose(name: PanelName): void {
    shown.value = name;
    desk.ui.settings.remember(key, name);
  }

  function step(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = place.panels[(place.panels.indexOf(shown.value) + by + place.panels.length) % place.panels.length];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    choose(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-testid="tab-${next}"]`)?.focus();
  }

  return (
    <div class="shared" style={{ gridArea: place.area }}>
      <div class="shared-tabs tabs" role="tablist" aria-label="Panels" onKeyDown={step}>
        {place.panels.map((name) => (
          <button
            key={name}
            class="tab"
            role="tab"
            data-testid={`tab-${name}`}
            aria-selected={name === shown.value}
            tabIndex={name === shown.value ? 0 : -1}
            onClick={() => choose(name)}
          >
            {TITLES[name]}
            <Badge desk={desk} name={name} />
          </button>
        ))}
      </div>
      <div class="shared-panel" role="tabpanel" aria-label={TITLES[shown.value]}>
        <Panel desk={desk} key={shown.value} />
      </div>
    </div>
  );
}

/** The panels in their places; a panel that stays alone in its place is not made anew when the window changes. */
export function Grid({ desk, size, children }: { desk: Desk; size: Signal<Size>; children: ComponentChildren }) {
  return (
    <main class="grid" data-size={size.value}>
      {PLACES[size.value].map((place) => {
        const [only, ...others] = place.panels;
        if (only === undefined || others.length > 0) return <Shared desk={desk} place={place} key={place.panels.join("+")} />;
        const Panel = PANELS[only];
        return (
          <div class="place" style={{ gridArea: place.area }} key={only}>
            <Panel desk={desk} />
          </div>
        );
      })}
      {children}
    </main>
  );
}
