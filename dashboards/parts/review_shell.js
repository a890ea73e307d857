/* The frame of the review: its bar, its places for charts and tables, and what is shown instead of them. */

const FAMILY = "Inter Workbench";
/** What the font has; other characters are the system's. */
const LATIN =
  "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+0304, U+0308, U+0329, U+2000-206F, U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD";
/**
 * By chart: the range that is fitted, the columns of time and values that it is fitted to, and pixels for what is written;
 * where 0 is always in view, the side of it on which there is room when nothing else is.
 */
const FITS = [
  { chart: "price", range: "prices", source: "prices-in-time", at: "middle", values: ["low", "high"], above: 30 },
  { chart: "equity", range: "gains", source: "equity-in-time", at: "time", values: ["pnl", "realised"], zero: 1, above: 22 },
  { chart: "drawdown", range: "falls", source: "equity-in-time", at: "time", values: ["drawdown"], zero: -1, below: 12 },
];
/** Pixels above and below all values in view where nothing is written. */
const ROOM = 8;
/** How high a chart is that has not been laid out yet. */
const HEIGHT = 160;
const fitted = new WeakSet();
/** For so long the page waits for its font. */
const FONT_MS = 1500;
const DARK = matchMedia("(prefers-color-scheme: dark)");
/** Too narrow for all columns of the trades, which on a phone scroll anyway. */
const TIGHT = matchMedia("(min-width: 960px) and (max-width: 1399px)");

/** An element with attributes, listeners (onclick and the like) and children. */
function make(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((each) => each !== null && each !== undefined));
  return made;
}

/** A list to choose from: values, or pairs of a value and what it is called; hidden where there is no choice. */
function chooser(model, parameter, values, label, choose) {
  const select = make("select", {
    "aria-label": label,
    "data-testid": `review-${parameter}`,
    onchange: () => {
      tell();
      choose(select.value);
    },
  });
  const tell = () => {
    // What is too long for its place is there in full for who rests on it.
    const { text = "" } = select.selectedOptions[0] ?? {};
    select.title = text ? `${label}: ${text}` : label;
  };
  const fill = () => {
    const pairs = model[values].map((each) => (Array.isArray(each) ? each : [each, each]));
    const known = pairs.some(([value]) => value === model[parameter]);
    // What is shown is not always among what is offered: an old session is opened by its name.
    if (!known && model[parameter]) pairs.unshift([model[parameter], model[parameter]]);
    select.replaceChildren(
      ...pairs.map(([value, name]) => make("option", { value, selected: value === model[parameter] }, name)),
    );
    select.hidden = pairs.length < 2;
    tell();
  };
  model.on(`${values}`, fill);
  model.on(`${parameter}`, fill);
  fill();
  return select;
}

function chips(model) {
  const list = make("dl", { class: "chips", "data-testid": "review-chips" });
  const fill = () => {
    list.replaceChildren(
      ...model.chips.map((each) =>
        make(
          "div",
          { title: each.about },
          make("dt", {}, each.label),
          make("dd", { class: each.tone }, each.value, " ", make("small", {}, each.unit)),
        ),
      ),
    );
  };
  model.on("chips", fill);
  fill();
  return list;
}

function downloads(model) {
  const body = make("div", {});
  const menu = make(
    "details",
    { class: "menu", "data-testid": "review-downloads" },
    make("summary", { class: "button" }, "Download"),
    body,
  );
  const page = make(
    "button",
    {
      "data-testid": "review-html",
      onclick: () => {
        page.disabled = true;
        page.textContent = "Writing the page…";
        model.html_wanted += 1;
      },
    },
    "Whole review as one HTML page",
  );
  const fill = () => {
    const rows = model.files.map((each) =>
      make(
        "tr",
        {},
        make("td", {}, each.label),
        ...["csv", "parquet"].map((format) =>
          make("td", {}, make(
              "a",
              {
                href: `${each.address}&format=${format}`,
                download: true,
                "data-testid": `review-file-${each.name}-${format}`,
                "aria-label": `${each.label} as ${format.toUpperCase()}`,
              },
              format.toUpperCase(),
            )),
        ),
      ),
    );
    body.replaceChildren(make("table", {}, make("tbody", {}, ...rows)), page);
    menu.hidden = model.state !== "ready";
  };
  model.on("files", fill);
  model.on("state", fill);
  model.on("html_done", () => {
    page.disabled = false;
    page.textContent = "Whole review as one HTML page";
    if (!model.html_page.length) return;
    const address = URL.createObjectURL(new Blob([model.html_page], { type: "text/html" }));
    make("a", { href: address, download: model.html_name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    menu.open = false;
  });
  // A menu that is open closes by Escape, and when something else is pressed.
  document.addEventListener("pointerdown", (event) => {
    if (!event.composedPath().includes(menu)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menu.open = false;
  });
  fill();
  return menu;
}

function bar(model) {
  const what = make("div", { class: "what" });
  const links = make("nav", { class: "links", "aria-label": "Other pages" });
  const fill = () => {
    what.replaceChildren(make("strong", {}, model.heading), make("small", {}, model.subheading));
    links.replaceChildren(
      ...model.links.map((each) => make("a", { class: "button", href: each.address }, each.label)),
    );
  };
  for (const name of ["heading", "subheading", "links"]) model.on(`${name}`, fill);
  fill();
  return make(
    "header",
    { class: "bar" },
    make("h1", { class: "brand" }, "work", make("span", {}, "bench"), " review"),
    what,
    chooser(model, "session", "sessions", "Session", (session) => (model.asked = [session, ""])),
    chooser(model, "account", "accounts", "Participant", (account) => (model.asked = [model.session, account])),
    chips(model),
    downloads(model),
    links,
  );
}

function slot(model, name) {
  return make("div", { class: "slot", "data-testid": `review-${name}` }, model.get_child(name));
}

function tabs(model) {
  const list = make("div", { role: "tablist", "aria-label": "Tables and charts" });
  const buttons = model.tabs.map((each) =>
    make(
      "button",
      {
        role: "tab",
        id: `tab-${each.name}`,
        "aria-controls": "lower",
        "data-testid": `review-tab-${each.name}`,
        onclick: () => choose(each.name),
        onkeydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step) return;
          event.stopPropagation();
          const at = (model.tabs.indexOf(each) + step + model.tabs.length) % model.tabs.length;
          choose(model.tabs[at].name);
          buttons[at].focus();
        },
      },
      each.label,
    ),
  );
  const choose = (name) => {
    model.tab = name;
  };
  const fill = () => {
    model.tabs.forEach((each, at) => {
      const chosen = each.name === model.tab;
      buttons[at].setAttribute("aria-selected", String(chosen));
      buttons[at].tabIndex = chosen ? 0 : -1;
    });
  };
  model.on("tab", fill);
  fill();
  list.append(...buttons);
  return list;
}

function panel(area, label, header, ...body) {
  return make("section", { class: "panel", "data-area": area, "aria-label": label }, header, ...body);
}

function page(model) {
  const selection = make("span", { class: "dim", role: "status", "data-testid": "review-selection" });
  const clear = make(
    "button",
    {
      "data-testid": "review-clear",
      onclick: () => {
        model.cleared += 1;
      },
    },
    "Clear",
  );
  const choice = () => {
    selection.textContent = model.selection;
    clear.hidden = !model.selected.length;
  };
  model.on("selection", choice);
  model.on("selected", choice);
  choice();
  const lower = slot(model, "lower");
  careForGrids(lower, () => model.tabs.find((each) => each.name === model.tab)?.label ?? "");
  const came = () => (lower.dataset.tab = model.shown_tab);
  model.on("shown_tab", came);
  came();
  const nothing = make("div", { class: "empty", "data-testid": "review-empty" });
  const empty = () => {
    nothing.hidden = !model.empty.length;
    nothing.replaceChildren(make("strong", {}, model.empty[0] ?? ""), make("span", {}, model.empty[1] ?? ""));
  };
  model.on("empty", empty);
  empty();
  const price = make("h2", {}, "Price");
  model.on("currency", () => (price.textContent = `Price (${model.currency})`));
  const whole = make("button", { title: "Show the whole day", onclick: () => (model.whole += 1) }, "Whole day");
  return make(
    "main",
    { class: "page" },
    panel(
      "price",
      "Price",
      make(
        "header",
        {},
        price,
        chooser(model, "symbol", "symbols", "Instrument", (symbol) => (model.symbol = symbol)),
        chooser(model, "interval", "intervals", "Interval of the candles", (interval) => (model.interval = interval)),
        whole,
        make("span", { class: "grow" }),
        make("span", { class: "dim hint" }, "Click: go to that time · drag: move · wheel: zoom"),
      ),
      make("div", { class: "body" }, slot(model, "price")),
    ),
    panel("replay", "Replay", null, slot(model, "replay")),
    panel(
      "equity",
      "Equity",
      make(
        "header",
        {},
        make("h2", {}, "PnL and drawdown"),
        make("span", { class: "grow" }),
        make("span", { class: "dim hint" }, "Drag across a span of time to choose its trades"),
      ),
      make("div", { class: "body split" }, slot(model, "equity"), slot(model, "drawdown")),
    ),
    panel(
      "lower",
      "Tables and charts",
      make("header", {}, tabs(model), make("span", { class: "grow" }), selection, clear),
      make("div", { class: "body", id: "lower", role: "tabpanel" }, lower, nothing),
    ),
  );
}

/** Whose days there are, each to be opened by a click. */
function participants(model) {
  const days = model.accounts.filter(([account]) => account !== "");
  return make(
    "ul",
    { class: "whose", "aria-label": "Participants" },
    ...days.map(([account, called]) =>
      make(
        "li",
        {},
        make("button", { class: "button", type: "button", onclick: () => (model.asked = [model.session, account]) }, called),
      ),
    ),
  );
}

function instead(model) {
  const head = {
    loading: "Reading the day…",
    open: "The session is still open",
    choose: "Whose day?",
    expired: "Your log-in is over",
  };
  const act = { open: ["Back to the desk", model.desk], expired: ["Go on", location.href] }[model.state];
  return make(
    "main",
    { class: "state", "data-testid": "review-state", "data-state": model.state, role: "status" },
    model.state === "loading" ? make("div", { class: "spin" }) : null,
    make("h2", {}, head[model.state] ?? "There is no review to show"),
    make("p", {}, model.sentence),
    model.state !== "loading" && model.accounts.length ? participants(model) : null,
    act
      ? make("a", { class: "button", href: act[1], onclick: () => model.state === "expired" && location.reload() }, act[0])
      : null,
    model.state === "expired" || model.state === "open" || model.state === "loading"
      ? null
      : make("a", { class: "button", href: "/" }, "Go to your own page"),
  );
}

/** Have what charts show fit what is in view, whenever that is another span of time or another instrument. */
function fitAll() {
  for (const document of globalThis.Bokeh?.documents ?? []) {
    for (const each of FITS) fit(document, each);
  }
}

function fit(document, { chart, range, source, at, values, zero, above = ROOM, below = ROOM }) {
  const [times, plot, height, data] = ["times", chart, range, source].map((each) => named(document, each));
  if (!times || !plot || !height || !data || fitted.has(height)) return;
  fitted.add(height);
  const draw = () => {
    const { start, end } = times;
    const when = data.data[at];
    let [bottom, top] = zero ? [0, 0] : [Infinity, -Infinity];
    for (let row = 0; row < when.length; row += 1) {
      // Of what holds until the next row, the last one before the view is in it.
      if (when[row] > end || (zero ? (when[row + 1] ?? Infinity) : when[row]) < start) continue;
      for (const name of values) {
        const value = data.data[name][row];
        bottom = Math.min(bottom, Number.isNaN(value) ? bottom : value);
        top = Math.max(top, Number.isNaN(value) ? top : value);
      }
    }
    if (bottom > top) return;
    if (zero && bottom === top) [bottom, top] = zero > 0 ? [0, 1] : [-1, 0];
    const pixels = plot.inner_height || HEIGHT;
    const pixel = (top - bottom || Math.abs(top) * 0.001 || 1) / Math.max(pixels - above - below, pixels / 3);
    height.setv({ start: bottom - pixel * below, end: top + pixel * above }, { sync: false });
  };
  let asked = 0;
  const soon = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(draw);
  };
  for (const name of ["start", "end"]) times.properties[name].change.connect(soon);
  plot.properties.inner_height.change.connect(soon);
  data.properties.data.change.connect(soon);
  soon();
}

/** Let the address name what is shown, so that it can be kept, sent and opened anew. */
function name(model) {
  history.replaceState(history.state, "", addressOf(model, false));
}

/** The pages' own font; charts write with it too. Without it they are in the system's. */
async function useFont(address) {
  if (!address || [...document.fonts].some((face) => face.family === FAMILY)) return;
  const face = new FontFace(FAMILY, `url("${address}")`, { weight: "100 900", unicodeRange: LATIN });
  document.fonts.add(face);
  await Promise.race([face.load().catch(() => undefined), new Promise((done) => setTimeout(done, FONT_MS))]);
}

export async function render({ model }) {
  writeMinusSigns(globalThis.Bokeh);
  await useFont(model.font);
  // Charts are drawn in Python: it has to know what "as the system" means here, now and when that changes.
  model.system_dark = DARK.matches;
  DARK.onchange = () => {
    model.system_dark = DARK.matches;
  };
  const root = make("div", { class: "root" });
  const dress = () => {
    const dark = model.theme === "system" ? model.system_dark : model.theme === "dark";
    root.dataset.theme = dark ? "dark" : "light";
    root.dataset.colours = model.blind ? "blind" : "usual";
  };
  let shown = null;
  const whole = page(model);
  const other = make("div", { class: "other" });
  const top = bar(model);
  const fill = () => {
    dress();
    const wanted = model.state === "ready" ? "ready" : `${model.state} ${model.sentence}`;
    if (wanted === shown) return;
    shown = wanted;
    whole.hidden = model.state !== "ready";
    other.hidden = !whole.hidden;
    other.replaceChildren(...(other.hidden ? [] : [instead(model)]));
  };
  const note = make("div", { class: "notice", role: "alert", hidden: true });
  root.append(top, whole, other, note);
  model.on("notice", () => {
    note.textContent = model.notice;
    note.hidden = !model.notice;
  });
  for (const name of ["theme", "blind", "system_dark"]) model.on(`${name}`, dress);
  for (const name of ["state", "sentence"]) model.on(`${name}`, fill);
  model.on("drawn", () => name(model));
  fill();
  model.on("drawn", fitAll);
  fitAll();
  model.tight = TIGHT.matches;
  TIGHT.onchange = () => {
    model.tight = TIGHT.matches;
  };
  leaveAndComeBack(model, root);
  model.here += 1;
  return root;
}
