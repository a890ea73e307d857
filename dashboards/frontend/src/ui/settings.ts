import { signal, type Signal } from "@preact/signals-core";
import { keepTheme, keptTheme, type Theme } from "../theme/kept";
import type { PreferencesOut } from "../wire/answers";
import { ApiProblem, said, type Rest } from "../wire/rest";

export type { Theme };
export type Confirmations = "all" | "market" | "none";

const SAVE_MS = 600;
const AGAIN_MS = 3_000;
const TOO_MANY = 429;
const PATH = "/api/me/preferences";

/** How the user wants the pages: kept by the server for this user, applied at once. */
export class Settings {
  readonly theme = signal<Theme>(keptTheme());
  /** "blind": blue and orange instead of green and red. */
  readonly upDown = signal<"usual" | "blind">("usual");
  readonly confirmOrders = signal<Confirmations>("all");
  readonly defaultQuantity = signal(100);
  readonly defaultType = signal<"market" | "limit">("limit");
  readonly sounds = signal(false);
  readonly clock = signal<"session" | "local">("session");
  readonly interval = signal("1m");
  readonly indicators = signal<string[]>(["volume"]);
  /** Which instrument and which tabs a page showed last, and the like; each panel keeps its own keys. */
  readonly layout: Signal<Record<string, unknown>> = signal({});

  private readonly changes = new Map<string, unknown>();
  /** What was chosen on this page, which is newer than whatever the server still answers. */
  private readonly chosen = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly rest: Rest,
    private readonly failed: (sentence: string) => void,
  ) {
    if (typeof window !== "undefined") window.addEventListener("pagehide", () => this.flush());
  }

  /** Read them once; what the server refuses is the caller's to tell. */
  async load(): Promise<void> {
    const found = await this.rest.get<PreferencesOut>(PATH);
    this.take("theme", this.theme, oneOf(found.theme, ["dark", "light", "system"], "dark"));
    keepTheme(this.theme.peek());
    this.take("colour_blind", this.upDown, found.colour_blind ? "blind" : "usual");
    this.take("confirmations", this.confirmOrders, oneOf(found.confirmations, ["all", "market", "none"], "all"));
    this.take("default_quantity", this.defaultQuantity, found.default_quantity);
    this.take("default_order_type", this.defaultType, oneOf(found.default_order_type, ["market", "limit"], "limit"));
    this.take("sounds", this.sounds, found.sounds);
    this.take("show_clock", this.clock, oneOf(found.show_clock, ["session", "local"], "session"));
    const layout = this.chosen.has("layout") ? { ...found.layout, ...this.layout.peek() } : found.layout;
    this.layout.value = layout;
    const { interval, indicators } = layout;
    if (typeof interval === "string") this.interval.value = interval;
    if (Array.isArray(indicators)) this.indicators.value = indicators.filter((each) => typeof each === "string");
  }

  /** Read them for a page that does not wait for them: it is told when that fails, once, and then they are asked for again. */
  async follow(told = false): Promise<void> {
    try {
      await this.load();
    } catch (problem) {
      if (!told) this.failed(`Your settings could not be read, so the page shows what is usual: ${said(problem)}`);
      if (problem instanceof ApiProblem && isRefused(problem.status)) return;
      this.again = setTimeout(() => void this.follow(true), AGAIN_MS);
    }
  }

  /** Ask for nothing more, and keep what was chosen last. */
  close(): void {
    clearTimeout(this.again);
    this.flush();
  }

  /** Keep what was chosen last at once: the page goes, and no time is left to gather changes. */
  flush(): void {
    if (this.changes.size === 0) return;
    clearTimeout(this.timer);
    void this.send((path, changes) => this.rest.patchAtLast(path, changes));
  }

  setTheme(theme: Theme): void {
    this.theme.value = theme;
    keepTheme(theme);
    this.save("theme", theme);
  }

  setUpDown(colours: "usual" | "blind"): void {
    this.upDown.value = colours;
    this.save("colour_blind", colours === "blind");
  }

  setConfirmOrders(which: Confirmations): void {
    this.confirmOrders.value = which;
    this.save("confirmations", which);
  }

  setDefaultQuantity(quantity: number): void {
    this.defaultQuantity.value = quantity;
    this.save("default_quantity", quantity);
  }

  setDefaultType(type: "market" | "limit"): void {
    this.defaultType.value = type;
    this.save("default_order_type", type);
  }

  setSounds(on: boolean): void {
    this.sounds.value = on;
    this.save("sounds", on);
  }

  setClock(which: "session" | "local"): void {
    this.clock.value = which;
    this.save("show_clock", which);
  }

  setInterval(interval: string): void {
    this.interval.value = interval;
    this.remember("interval", interval);
  }

  setIndicators(indicators: string[]): void {
    this.indicators.value = indicators;
    this.remember("indicators", indicators);
  }

  /** Keep something of a page's arrangement under a name. */
  remember(key: string, value: unknown): void {
    this.layout.value = { ...this.layout.peek(), [key]: value };
    this.save("layout", this.layout.peek());
  }

  private take<T>(name: string, into: Signal<T>, found: T): void {
    if (!this.chosen.has(name)) into.value = found;
  }

  private save(name: string, value: unknown): void {
    this.chosen.add(name);
    this.changes.set(name, value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), SAVE_MS);
  }

  private async send(patch = (path: string, changes: unknown): Promise<unknown> => this.rest.patch(path, changes)): Promise<void> {
    const changes = Object.fromEntries(this.changes);
    this.changes.clear();
    try {
      await patch(PATH, changes);
    } catch (problem) {
      this.failed(`Settings were not kept: ${said(problem)}`);
    }
  }
}

function oneOf<T extends string>(value: string, known: readonly T[], otherwise: T): T {
  return known.find((each) => each === value) ?? otherwise;
}

/** Whether asking once more would be answered alike. */
function isRefused(status: number): boolean {
  return status >= 400 && status < 500 && status !== TOO_MANY;
}
