import "@preact/signals";
import { render as draw } from "preact";
import { useFont } from "../theme/font";
import { shade } from "../theme/system";
import elements from "../theme/theme.css";
import variables from "../theme/variables.css";
import { Mark } from "../ui/brand";
import { Settings } from "../ui/settings";
import { Rest, said } from "../wire/rest";
import { Asking } from "./asking";
import { List } from "./list";
import styles from "./reports.css";
import { Shelf } from "./shelf";

function Page({ shelf, settings }: { shelf: Shelf; settings: Settings }) {
  const theme = shade(settings.theme.value);
  document.documentElement.dataset.theme = theme;
  const told = shelf.told.value;
  const me = shelf.me.value;
  return (
    <div class="root r-root" data-theme={theme} data-colours={settings.upDown.value} data-testid="reports" data-ready={String(told !== null)}>
      <style>{variables + elements + styles}</style>
      <header class="r-bar">
        <h1>
          <Mark /> Reports
        </h1>
        <nav aria-label="Other pages">
          <a class="button" href={`${shelf.rest.api}${me !== null && me.permissions.includes("run_session") ? "/control" : "/desk"}`}>
            {me !== null && me.permissions.includes("run_session") ? "Control room" : "Trading desk"}
          </a>
          <a class="button" href={`${shelf.rest.api}/review`}>
            Review
          </a>
        </nav>
        <span class="r-fill" />
        {me !== null && <span class="dim">{me.name}</span>}
        <button class="icon-button" title="Light or dark" aria-label="Light or dark" onClick={() => settings.setTheme(theme === "light" ? "dark" : "light")}>
          ◐
        </button>
      </header>
      <main class="r-main">
        <p class="r-problem" role="alert" data-testid="reports-problem">
          {shelf.problem.value || told?.problem || ""}
        </p>
        {told !== null && told.problem === "" && <Asking shelf={shelf} />}
        <List shelf={shelf} />
      </main>
    </div>
  );
}

/** Draw the page of reports into its element. */
export function mount(el: HTMLElement): void {
  const { api = "" } = el.dataset;
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  const rest = new Rest(api);
  const shelf = new Shelf(rest, new URL(location.href).searchParams.get("session") ?? "");
  const settings = new Settings(rest, (sentence) => (shelf.problem.value = sentence));
  // Before the font has come and anything is drawn.
  document.documentElement.dataset.theme = shade(settings.theme.value);
  // In another font everything would stand elsewhere for a moment.
  void useFont().then(() => draw(<Page shelf={shelf} settings={settings} />, shadow));
  void shelf.start().catch((problem: unknown) => (shelf.problem.value = said(problem)));
  void settings.follow();
}

const place = document.getElementById("reports");
if (place !== null) mount(place);
