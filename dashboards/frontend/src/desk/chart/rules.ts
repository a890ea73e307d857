import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { LineStyle, type IPriceLine } from "lightweight-charts";
import type { Position } from "../../store/types";
import { decimals } from "../../ui/format";
import type { Desk } from "../desk-context";
import { labelled, levelsOf, places, stepped, type Level } from "./levels";
import { lookOf, type Look } from "./look";
import type { ChartView } from "./view";

/** A label's height, and the width of a column of labels. */
const LABEL_PX = 20;
const COLUMN_PX = 150;
/** What the last column needs beside, to say how many stand behind a label. */
const MORE_PX = 40;
/** Keys of the lines that are no order's. */
const POSITION = "position";
const INDICATIVE = "indicative";

/** An order whose price is being dragged, or was, until the exchange has answered. */
export interface Drag {
  readonly key: string;
  readonly price: number;
  readonly sent: boolean;
}

interface Line {
  readonly price: number;
  readonly color: string;
  readonly style: LineStyle;
}

/** Horizontal lines of the chart: own orders, which can be moved, the position, and an auction's indicative price. */
export class Rules {
  readonly levels: ReadonlySignal<readonly Level[]>;
  /** Keys of those whose label is shown in full. */
  readonly labelled: ReadonlySignal<ReadonlySet<string>>;
  readonly position: ReadonlySignal<Position | null>;
  readonly drag: Signal<Drag | null> = signal<Drag | null>(null);
  readonly #indicative: ReadonlySignal<number | null>;
  readonly #look: Signal<Look>;
  readonly #lines = new Map<string, IPriceLine>();
  readonly #labels = new Map<string, HTMLElement>();
  readonly #stop: () => void;
  #stage: HTMLElement | null = null;
  #right = -1;

  constructor(
    private readonly desk: Desk,
    private readonly view: ChartView,
  ) {
    const { store } = desk;
    this.#look = signal(lookOf(view.chart.chartElement()));
    this.levels = computed(() => levelsOf(store.working.value, store.symbol.value));
    this.labelled = computed(() => labelled(this.levels.value));
    this.position = computed(() => {
      const symbol = store.symbol.value;
      return store.positions.value.find((each) => each.symbol === symbol && each.quantity !== 0) ?? null;
    });
    this.#indicative = computed(() => {
      const { phase = "", indicative_price: price = null } = store.market(store.symbol.value).value;
      return phase.endsWith("auction") || phase === "pre_open" ? price : null;
    });
    this.#stop = effect(() => this.#draw());
  }

  dress(look: Look): void {
    this.#look.value = look;
  }

  /** The element that labels stand in; its `--axis` is how wide the price axis is. */
  stand(stage: HTMLElement | null): void {
    this.#stage = stage;
    this.#right = -1;
  }

  /** A label's element comes, or goes. */
  label(key: string, element: HTMLElement | null): void {
    if (element === null) this.#labels.delete(key);
    else this.#labels.set(key, element);
    if (element !== null) this.place();
  }

  /** The price at a height, in steps of the instrument. */
  priceAt(y: number): number | null {
    const price = this.view.candles.coordinateToPrice(y);
    return price === null ? null : this.#step(price);
  }

  /** A price so many steps away from another. */
  stepFrom(price: number, steps: number): number {
    return this.#step(price + steps * this.#terms().increment);
  }

  heightOf(price: number): number | null {
    return this.view.candles.priceToCoordinate(price);
  }

  /** Asks where the settings say so, and has the order replaced. */
  async move(level: Level, price: number): Promise<void> {
    const { stream, ui, store } = this.desk;
    if (price === level.price) {
      this.drag.value = null;
      return;
    }
    this.drag.value = { key: level.key, price, sent: true };
    const text = (value: number): string => value.toFixed(this.#terms().digits);
    const count = level.orders.length;
    const what = `${count > 1 ? `${count} orders, ` : ""}${level.side} ${level.quantity.toLocaleString("en-US")} ${store.symbol.peek()} ${level.kind}`;
    const asks = ui.settings.confirmOrders.peek() === "all";
    if (!asks || (await ui.confirm(`Move ${what} from ${text(level.price)} to ${text(price)}?`))) {
      await ui.attempt(() => Promise.all(level.orders.map((order) => stream.replace({ order, [level.field]: text(price) }))));
    }
    if (this.drag.peek()?.key === level.key) this.drag.value = null;
  }

  async cancel(level: Level): Promise<void> {
    const { stream, ui } = this.desk;
    const count = level.orders.length;
    if (count > 1 && !(await ui.confirm(`Cancel all ${count} orders at ${level.price.toFixed(this.#terms().digits)}?`))) return;
    await ui.attempt(() => Promise.all(level.orders.map((order) => stream.cancel(order))));
  }

  /** Puts labels beside their lines; called at every layout of the price scale. */
  place(): void {
    const stage = this.#stage;
    if (stage === null) return;
    const right = this.view.candles.priceScale().width();
    if (right !== this.#right) {
      this.#right = right;
      stage.style.setProperty("--axis", `${right}px`);
    }
    const drag = this.drag.peek();
    const prices = new Map(this.levels.peek().map((level) => [level.key, level.price]));
    const position = this.position.peek();
    if (position !== null && position.average_price !== null) prices.set(POSITION, position.average_price);
    if (drag !== null) prices.set(drag.key, drag.price);
    const there = [...this.#labels].map(([key, element]) => {
      const price = prices.get(key);
      const y = price === undefined ? null : this.heightOf(price);
      return { key, element, y };
    });
    const full = this.labelled.peek();
    const isTick = (key: string): boolean => key !== POSITION && key !== drag?.key && !full.has(key);
    const inside = there.filter(({ y }) => y !== null && y > 0 && y < stage.clientHeight - 26);
    const whole = inside.filter(({ key }) => !isTick(key));
    const most = Math.max(1, Math.floor((stage.clientWidth - right - MORE_PX) / COLUMN_PX));
    const at = places(whole.map(({ y }) => y ?? 0), LABEL_PX, most);
    const columns = new Map(whole.map(({ key }, index) => [key, at[index]?.column ?? 0]));
    // What is dragged, and the position, are seen whatever lies there.
    const behind = at.map(({ by }, index) => by !== index && whole[index]?.key !== POSITION && whole[index]?.key !== drag?.key);
    whole.forEach(({ element }, index) => {
      element.toggleAttribute("data-behind", behind[index]);
      const more = at.filter(({ by }, other) => by === index && behind[other]).length;
      if (more > 0) element.dataset["more"] = `+${more} more`;
      else delete element.dataset["more"];
    });
    const seen = new Set(inside.map(({ key }) => key));
    for (const { key, element } of there) if (!seen.has(key)) hide(element);
    for (const { key, element, y } of inside) {
      const transform = `translate(${-(columns.get(key) ?? 0) * COLUMN_PX}px, ${Math.round((y ?? 0) - LABEL_PX / 2)}px)`;
      if (element.style.transform !== transform) element.style.transform = transform;
      element.style.visibility = "visible";
    }
  }

  close(): void {
    this.#stage = null;
    this.#stop();
    // Labels that go after the chart have no scale to ask for their place.
    this.#stage = null;
  }

  #terms(): { increment: number; digits: number } {
    const terms = this.desk.store.instrument(this.desk.store.symbol.peek());
    return { increment: terms?.price_increment ?? 0.01, digits: decimals(terms?.tick_size ?? 0.01) };
  }

  #step(price: number): number {
    const { increment, digits } = this.#terms();
    return stepped(price, increment, digits);
  }

  /** Draws lines that came, moves those that moved, and lets those go that went. */
  #draw(): void {
    const look = this.#look.value;
    const drag = this.drag.value;
    const average = this.position.value?.average_price ?? null;
    this.view.near([...this.levels.value.map((level) => level.price), ...(average === null ? [] : [average])]);
    const wanted = new Map<string, Line>();
    const full = this.labelled.value;
    for (const { key, price, side, field } of this.levels.value) {
      if (!full.has(key) && drag?.key !== key) continue;
      const color = side === "buy" ? look.up : look.down;
      const style = field === "stop_price" ? LineStyle.SparseDotted : LineStyle.Dashed;
      wanted.set(key, { price: drag?.key === key ? drag.price : price, color, style });
    }
    if (average !== null) wanted.set(POSITION, { price: average, color: look.accent, style: LineStyle.Solid });
    const indicative = this.#indicative.value;
    if (indicative !== null) wanted.set(INDICATIVE, { price: indicative, color: look.warn, style: LineStyle.LargeDashed });
    for (const [key, line] of this.#lines) {
      if (wanted.has(key)) continue;
      this.view.candles.removePriceLine(line);
      this.#lines.delete(key);
    }
    for (const [key, { price, color, style }] of wanted) {
      // A dozen names and more would leave nothing of the axis.
      const named = key === POSITION || key === INDICATIVE || drag?.key === key || this.levels.value.length <= full.size;
      const options = { price, color, lineStyle: style, lineWidth: 1, axisLabelVisible: named } as const;
      const colours = { axisLabelColor: color, axisLabelTextColor: look.back };
      const known = this.#lines.get(key);
      if (known === undefined) this.#lines.set(key, this.view.candles.createPriceLine({ ...options, ...colours }));
      else known.applyOptions({ ...options, ...colours });
    }
  }
}

function hide(element: HTMLElement): void {
  element.style.visibility = "hidden";
}
