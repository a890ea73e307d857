/* The day once more: a slider of time, and book, own orders and tape as they stood at that instant. */

const STEPS_MS = { "1 s": 1000, "10 s": 10_000, "1 min": 60_000, "5 min": 300_000 };
const SPEEDS = [1, 10, 60, 300, 1200];
const DRAWS_PER_S = 5;
/** A book that has not come after so long is asked for anew. */
const PATIENCE_MS = 2000;
/** Price levels of a side: as many as there is room for beside the own orders. */
const LEVELS = { least: 3, most: 12 };
const ROW_PX = 18;
/** What stands above and below the levels: the standing, heads, the spread, and a few own orders. */
const OTHERS_PX = 184;
/** Lines of the charts at the instant that is shown. */
const CURSORS = ["cursor-price", "cursor-volume", "cursor-equity", "cursor-drawdown"];
const ICONS = {
  play: "M4 2l9 6-9 6z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z",
  back: "M11 3L5 8l6 5z",
  on: "M5 3l6 5-6 5z",
  before: "M2 3h2v10H2zM13 3L6 8l7 5z",
  next: "M12 3h2v10h-2zM3 3l7 5-7 5z",
};

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

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A time of day of the session's own clock. */
function clockOf(ms, precise = false) {
  const text = new Date(ms).toISOString();
  return precise ? text.slice(11, 23) : text.slice(11, 19);
}

const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 });

function money(value, currency, signed = false) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const sign = value < 0 ? "−" : signed && value > 0 ? "+" : "";
  return `${sign}${text} ${currency}`;
}

/** Whether the server is gone: nothing that it would have to be asked for is done then. */
function isLost() {
  return document.documentElement.dataset.link === "lost";
}

class Replay {
  constructor(model) {
    this.model = model;
    this.playing = false;
    this.at = model.at_ms;
    /** The instant whose book has been asked for and has not come, and when that was. */
    this.asked = null;
    this.asked_at = 0;
    this.drawing = 0;
    this.timer = 0;
  }

  /** Head of a column of prices. */
  priced() {
    return `Price ${this.model.currency}`;
  }

  price(value) {
    if (value === null || value === undefined) return "–";
    const decimals = this.model.decimals;
    return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }

  /** Show another instant: clock and slider at once, lines with the next frame, the book when it has come. */
  go(at, told = true) {
    const { start_ms: start, end_ms: end } = this.model;
    this.at = Math.min(Math.max(at, start), end);
    this.slider.value = String(this.at);
    this.clock.textContent = clockOf(this.at, true);
    this.slider.setAttribute("aria-valuetext", clockOf(this.at));
    // Whoever opens the page anew has to know where it stood.
    document.documentElement.dataset.instant = String(this.at);
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => this.point());
    if (told) this.ask();
    if (this.at >= end) this.stop();
  }

  /** Have the charts' lines stand at the instant; the server need not know where. */
  point() {
    for (const each of globalThis.Bokeh?.documents ?? []) {
      for (const name of CURSORS) named(each, name)?.setv({ location: this.at }, { sync: false });
    }
  }

  /** The server is gone: clock and lines go back to the instant whose book is shown. */
  lose() {
    this.stop();
    if (this.model.frame.at_ms !== undefined) this.go(this.model.frame.at_ms, false);
  }

  /** Ask for the book of the instant, one at a time: what was passed meanwhile is never asked for. */
  ask() {
    const now = performance.now();
    const waits = this.asked !== null && now - this.asked_at < PATIENCE_MS;
    if (waits || this.asked === this.at || this.model.frame.at_ms === this.at) return;
    this.asked = this.at;
    this.asked_at = now;
    this.model.at_ms = this.at;
  }

  /** A book has come: draw it, and ask for the next if the instant is another by now. */
  come() {
    this.asked = null;
    this.draw();
    this.ask();
  }

  play() {
    if (this.at >= this.model.end_ms) this.go(this.model.start_ms);
    this.playing = true;
    this.drawn = performance.now();
    this.timer = setInterval(() => this.tick(), 1000 / DRAWS_PER_S);
    this.dress();
  }

  stop() {
    this.playing = false;
    clearInterval(this.timer);
    this.dress();
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  /** One more moment, unless the book of the last one has not come yet: then time waits for it. */
  tick() {
    const now = performance.now();
    if (document.hidden || (this.asked !== null && now - this.asked_at < PATIENCE_MS)) return;
    const passed = Math.min(now - this.drawn, 1000);
    this.drawn = now;
    this.go(this.at + passed * Number(this.speed.value));
  }

  step(direction) {
    this.stop();
    this.go(this.at + direction * STEPS_MS[this.size.value]);
  }

  /** To the own fill before or after. */
  jump(direction) {
    this.stop();
    const times = this.model.fill_times;
    const next =
      direction > 0 ? times.find((each) => each > this.at + 0.5) : times.findLast((each) => each < this.at - 0.5);
    if (next !== undefined) this.go(next);
  }

  dress() {
    this.button.replaceChildren(icon(this.playing ? "pause" : "play"));
    const label = this.playing ? "Pause (space)" : "Play (space)";
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.root.isConnected || isLost()) return;
    const inside = event.composedPath()[0];
    if (inside instanceof Element && inside.matches("input:not([type=range]), select, textarea, [role=tab]")) return;
    const acts = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      "[": () => this.jump(-1),
      "]": () => this.jump(1),
      Home: () => this.go(this.model.start_ms),
      End: () => this.go(this.model.end_ms),
    };
    const act = acts[event.key];
    // A button that has the keyboard is pressed by space.
    if (!act || (event.key === " " && inside instanceof Element && inside.matches("button, a, summary"))) return;
    event.preventDefault();
    act();
  }

  transport() {
    const button = (shape, label, act, id) =>
      make("button", { class: "key", title: label, "aria-label": label, "data-testid": id, onclick: act }, icon(shape));
    this.button = button("play", "Play (space)", () => this.toggle(), "replay-play");
    this.clock = make("output", { class: "clock", title: this.model.zone, "data-testid": "replay-clock" });
    this.slider = make("input", {
      type: "range",
      "aria-label": "Time of day",
      "data-testid": "replay-slider",
      min: this.model.start_ms,
      max: this.model.end_ms,
      step: 1,
      oninput: () => this.go(Number(this.slider.value)),
    });
    this.size = make(
      "select",
      { "aria-label": "Size of a step", title: "Size of a step" },
      ...Object.keys(STEPS_MS).map((each) => make("option", { value: each, selected: each === "10 s" }, each)),
    );
    this.speed = make(
      "select",
      { "aria-label": "Speed", title: "Speed", "data-testid": "replay-speed" },
      ...SPEEDS.map((each) => make("option", { value: each, selected: each === 60 }, `${each}×`)),
    );
    return make(
      "div",
      { class: "transport" },
      make(
        "div",
        { class: "keys" },
        button("before", "Own fill before ([)", () => this.jump(-1), "replay-fill-before"),
        button("back", "One step back (←)", () => this.step(-1), "replay-back"),
        this.button,
        button("on", "One step on (→)", () => this.step(1), "replay-on"),
        button("next", "Next own fill (])", () => this.jump(1), "replay-fill-next"),
        make("span", { class: "grow" }),
        this.size,
        this.speed,
      ),
      this.slider,
      make(
        "div",
        { class: "ends dim" },
        make("span", {}, clockOf(this.model.start_ms)),
        this.clock,
        make("span", {}, clockOf(this.model.end_ms)),
      ),
    );
  }

  standing(frame) {
    const item = (label, value, tone = "") => make("div", {}, make("dt", {}, label), make("dd", { class: tone }, value));
    const pnl = frame.pnl ?? null;
    return make(
      "dl",
      { class: "standing", "data-testid": "replay-standing" },
      item("Phase", frame.phase || "–", frame.phase === "halted" ? "warn" : ""),
      item("Last", frame.last === null ? "–" : `${this.price(frame.last)} ${this.model.currency}`),
      item("Position", `${plain.format(frame.position ?? 0).replace("-", "−")} units`, frame.position > 0 ? "up" : frame.position < 0 ? "down" : ""),
      item("PnL", money(pnl, this.model.currency, true), pnl > 0 ? "up" : pnl < 0 ? "down" : ""),
    );
  }

  side(levels, name, most) {
    const rows = levels.slice(0, this.levels).map(([price, quantity, orders, own]) =>
      make(
        "tr",
        { class: own > 0 ? "own" : "", title: `${orders} orders${own > 0 ? `, ${plain.format(own)} units are yours` : ""}` },
        make("td", { class: "mine" }, own > 0 ? plain.format(own) : ""),
        make("td", { class: `bar-cell ${name}`, style: `--part: ${(100 * quantity) / most}%` }, plain.format(quantity)),
        make("td", { class: name }, this.price(price)),
      ),
    );
    while (rows.length < this.levels) rows.push(make("tr", {}, make("td", {}, " "), make("td"), make("td")));
    return name === "down" ? rows.reverse() : rows;
  }

  ladder(frame) {
    const most = Math.max(1, ...[...frame.bids, ...frame.asks].map((each) => each[1]));
    const bid = frame.bids[0]?.[0];
    const ask = frame.asks[0]?.[0];
    const spread = bid !== undefined && ask !== undefined ? `spread ${this.price(ask - bid)} ${this.model.currency}` : "one side is empty";
    return make(
      "table",
      { class: "ladder", "data-testid": "replay-ladder" },
      make("thead", {}, make("tr", {}, ...["Own", "Units", this.priced()].map((each) => make("th", { scope: "col" }, each)))),
      make("tbody", {}, ...this.side(frame.asks, "down", most)),
      make("tbody", { class: "middle" }, make("tr", {}, make("td", { colspan: 3 }, spread))),
      make("tbody", {}, ...this.side(frame.bids, "up", most)),
    );
  }

  tape(frame) {
    const rows = frame.tape.map(([time, price, quantity, side, own]) =>
      make(
        "tr",
        { class: own ? "own" : "", title: own ? `You were the one to ${own === "BUY" ? "buy" : "sell"}` : "" },
        make("td", { class: "dim" }, time),
        make("td", { class: side === "BUY" ? "up" : side === "SELL" ? "down" : "" }, this.price(price)),
        make("td", {}, plain.format(quantity)),
      ),
    );
    return make(
      "table",
      { class: "tape", "data-testid": "replay-tape" },
      make("thead", {}, make("tr", {}, ...["Time", this.priced(), "Units"].map((each) => make("th", { scope: "col" }, each)))),
      make("tbody", {}, ...(rows.length ? rows : [make("tr", {}, make("td", { colspan: 3, class: "none" }, "no trade yet"))])),
    );
  }

  orders(frame) {
    const ahead = (each) => {
      if (each.place !== "book") return make("td", { colspan: 2, class: "dim" }, `${each.type.replaceAll("_", " ").toLowerCase()}, waits`);
      return [
        make("td", {}, plain.format(each.quantity_ahead ?? 0)),
        make("td", {}, plain.format(each.orders_ahead ?? 0)),
      ];
    };
    const rows = frame.own.map((each) =>
      make(
        "tr",
        { title: `Order ${each.order}, since ${each.since}` },
        make("td", { class: each.side === "BUY" ? "up" : "down" }, each.side === "BUY" ? "Buy" : "Sell"),
        make("td", {}, plain.format(each.leaves ?? each.quantity)),
        make("td", {}, this.price(each.price ?? each.trigger_price)),
        ...[ahead(each)].flat(),
      ),
    );
    // How many orders and units stand before it in the queue at its price.
    const heads = ["Side", "Left", this.priced(), "Units ahead", "Orders"];
    return make(
      "table",
      { class: "orders", "data-testid": "replay-orders" },
      make("caption", {}, "Own open orders"),
      make("thead", {}, make("tr", {}, ...heads.map((each) => make("th", { scope: "col" }, each)))),
      make(
        "tbody",
        {},
        ...(rows.length ? rows : [make("tr", {}, make("td", { colspan: 5, class: "none" }, "none at this time"))]),
      ),
    );
  }

  /** How many levels there is room for: what stands above and below them takes the rest. */
  measure() {
    const room = this.scene.clientHeight - OTHERS_PX;
    this.levels = Math.min(LEVELS.most, Math.max(LEVELS.least, Math.floor(room / ROW_PX / 2)));
    this.scene.style.setProperty("--sides", `${(2 * this.levels + 1) * ROW_PX + 21}px`);
  }

  draw() {
    const { frame } = this.model;
    if (frame.bids === undefined) return;
    this.scene.replaceChildren(
      this.standing(frame),
      make("div", { class: "sides" }, this.ladder(frame), make("div", { class: "scroll" }, this.tape(frame))),
      make("div", { class: "scroll own-orders" }, this.orders(frame)),
    );
    this.root.dataset.at = String(frame.at_ms);
  }

  build() {
    this.scene = make("div", { class: "scene" });
    this.levels = 8;
    new ResizeObserver(() => {
      this.measure();
      this.draw();
    }).observe(this.scene);
    this.root = make("div", { class: "replay", "data-testid": "replay" }, this.transport(), this.scene);
    this.go(this.at, false);
    this.draw();
    return this.root;
  }
}

export function render({ model }) {
  const replay = new Replay(model);
  const root = replay.build();
  model.on("frame", () => replay.come());
  model.on("placed", () => replay.point());
  model.on("at_ms", () => {
    // From the server, for a trade that was chosen; what was asked here comes back from nowhere.
    if (model.at_ms !== replay.asked && model.at_ms !== replay.at) replay.go(model.at_ms, false);
  });
  const key = (event) => replay.key(event);
  const lose = () => replay.lose();
  document.addEventListener("keydown", key);
  document.addEventListener("review-lost", lose);
  model.on("remove", () => {
    clearInterval(replay.timer);
    document.removeEventListener("keydown", key);
    document.removeEventListener("review-lost", lose);
  });
  return root;
}
