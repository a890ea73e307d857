import { signal, type Signal } from "@preact/signals-core";
import { keepTheme, type Theme } from "../theme/kept";
import type { PreferencesOut } from "../wire/answers";
import type { Rest } from "../wire/rest";

export type { Theme };
export type Confirmations = "all" | "market" | "none";

const SAVE_MS = 600;
const PATH = "/api/me/preferences";

/** How the user wants the pages: kept by the server for this user, applied at once. */
export class Settings {
  readonly theme = signal<Theme>("dark");
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
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly rest: Rest,
    private readonly failed: (sentence: string) => void,
  ) {}

  async load(): Promise<void> {
    const found = await this.rest.get<PreferencesOut>(PATH);
    this.theme.value = oneOf(found.theme, ["dark", "light", "system"], "dark");
    keepTheme(this.theme.peek());
    this.upDown.value = found.colour_blind ? "blind" : "usual";
    this.confirmOrders.value = oneOf(found.confirmations, ["all", "market", "none"], "all");
    this.defaultQuantity.value = found.default_quantity;
    this.defaultType.value = oneOf(found.default_order_type, ["market", "limit"], "limit");
    this.sounds.value = found.sounds;
    this.clock.value = oneOf(found.show_clock, ["session", "local"], "session");
    this.layout.value = found.layout;
    const { interval, indicators } = found.layout;
    if (typeof interval === "string") this.interval.value = interval;
    if (Array.isArray(indicators)) this.indicators.value = indicators.filter((each) => typeof each === "string");
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

  private save(name: string, value: unknown): void {
    this.changes.set(name, value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), SAVE_MS);
  }

  private async send(): Promise<void> {
    const changes = Object.fromEntries(this.changes);
    this.changes.clear();
    try {
      await this.rest.patch(PATH, changes);
    } catch (problem) {
      this.failed(`Settings were not kept: ${problem instanceof Error ? problem.message : String(problem)}`);
    }
  }
}

function oneOf<T extends string>(value: string, known: readonly T[], otherwise: T): T {
  return known.find((each) => each === value) ?? otherwise;
}
