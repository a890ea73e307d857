import "@preact/signals";
import { signal } from "@preact/signals-core";
import { render as draw } from "preact";
import { Rest, said } from "../wire/rest";
import { Ui } from "../ui/ui";
import { useFont } from "../theme/font";
import { shade } from "../theme/system";
import theme from "../theme/theme.css";
import variables from "../theme/variables.css";
import { AuditPanel } from "./audit";
import { Bar } from "./bar";
import { ClassesPanel } from "./classes";
import styles from "./control.css";
import narrow from "./narrow.css";
import sheets from "./sheets.css";
import trades from "./trades.css";
import { Asking, Help, Toasts } from "./dialog";
import { Floor } from "./floor";
import { House, TABS, type Tab } from "./house";
import { Monitor } from "./monitor";
import { ReportsPanel } from "./reportspanel";
import { SessionsPanel } from "./sessions";
import { TradesPanel } from "./tradespanel";
import { UserMenu } from "./usermenu";
import { Watching } from "./watching";

const NAMES: Record<Tab, string> = { floor: "Floor", market: "Market", trades: "Trades", sessions: "Sessions", classes: "Classes", reports: "Reports", audit: "Audit log" };

/** Whether the sheet of keys is shown. */
const help = signal(false);

function Tabs({ house }: { house: House }) {
  const shown = TABS.filter((tab) => tab !== "audit" || house.may.value.has("read_audit"));
  return (
    <nav class="c-tabs">
      <div class="c-views" role="tablist" aria-label="Views">
        {shown.map((tab, place) => (
          <button
            key={tab}
            class="tab"
            role="tab"
            aria-selected={house.tab.value === tab}
            data-testid={`control-tab-${tab}`}
            title={`Key ${place + 1}`}
            onClick={() => (house.tab.value = tab)}
          >
            {NAMES[tab]}
          </button>
        ))}
      </div>
      <span class="c-fill" />
      <button class="icon-button" title="Keys (?)" aria-label="Keys" onClick={() => (help.value = true)}>
        ?
      </button>
      <button
        class="icon-button"
        title="Light or dark"
        aria-label="Light or dark"
        onClick={() => house.ui.settings.setTheme(house.ui.settings.theme.value === "light" ? "dark" : "light")}
      >
        ◐
      </button>
      <UserMenu house={house} />
    </nav>
  );
}

function View({ house }: { house: House }) {
  const room = house.room.value;
  switch (house.tab.value) {
    case "sessions":
      return <SessionsPanel house={house} />;
    case "classes":
      return <ClassesPanel house={house} />;
    case "reports":
      return <ReportsPanel house={house} />;
    case "audit":
      return <AuditPanel house={house} />;
    case "market":
      return room === null ? <Nothing house={house} /> : <Monitor key={room.name} house={house} room={room} />;
    case "trades":
      return room === null ? <Nothing house={house} /> : <TradesPanel key={room.name} house={house} room={room} />;
    case "floor":
      return room === null ? <Nothing house={house} /> : <Floor key={room.name} house={house} room={room} />;
  }
}

function Nothing({ house }: { house: House }) {
  return (
    <div class="empty">
      <strong>No session runs here</strong>
      <span>{house.list.value === null ? "Looking for sessions…" : "Make one from a scenario, and it appears here."}</span>
      <button class="button primary" onClick={() => (house.tab.value = "sessions")}>
        Sessions
      </button>
    </div>
  );
}

function Page({ house }: { house: House }) {
  const { theme: chosen, upDown } = house.ui.settings;
  const room = house.room.value;
  const ready = house.me.value !== null && house.list.value !== null && (room === null || room.participants.value !== null);
  return (
    <div
      class="root control"
      data-theme={shade(chosen.value)}
      data-colours={upDown.value}
      data-testid="control"
      data-ready={String(ready)}
    >
      <Bar house={house} />
      <Tabs house={house} />
      <main class="c-main">
        <View house={house} />
        {room !== null && house.watched.value !== null && (
          <Watching key={`${room.name}/${house.watched.value}`} house={house} room={room} account={house.watched.value} />
        )}
      </main>
      <Asking house={house} />
      {help.value && <Help house={house} close={() => (help.value = false)} />}
      <Toasts house={house} />
    </div>
  );
}

function keys(house: House): void {
  const { keys: all } = house.ui;
  TABS.forEach((tab, place) => {
    const show = (): void => {
      if (tab !== "audit" || house.may.value.has("read_audit")) house.tab.value = tab;
    };
    all.register(String(place + 1), `Show ${NAMES[tab].toLowerCase()}`, show, "Views");
  });
  all.register("?", "Show the keys", () => (help.value = !help.value), "Page");
  all.register(
    "Escape",
    "Close what is open",
    () => {
      if (house.dialog.value !== null) house.answered();
      else if (help.value) help.value = false;
      else house.watched.value = null;
    },
    "Page",
  );
}

/** Draw the control room into a component's shadow root; what comes back takes it away again. */
export function render({ model, el }: { model: { api?: string; session?: string }; el: HTMLElement }): () => void {
  const rest = new Rest(model.api ?? "");
  const ui = new Ui(rest);
  const wanted = new URL(location.href).searchParams.get("session") ?? model.session ?? "";
  const house = new House(rest, ui, wanted);
  keys(house);
  const deaf = ui.keys.listen(document);
  let gone = false;
  // In another font everything would stand elsewhere for a moment.
  void useFont().then(() => {
    if (gone) return;
    draw(
      <>
        <style>{variables + theme + styles + sheets + trades + narrow}</style>
        <Page house={house} />
      </>,
      el,
    );
  });
  void house.start().catch((problem: unknown) => (house.problem.value = said(problem)));
  void ui.settings.follow();
  return () => {
    gone = true;
    deaf();
    house.close();
    ui.settings.close();
    draw(null, el);
  };
}
