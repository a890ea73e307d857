import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { said } from "../wire/rest";
import type { House } from "./house";
import { freeName, overridesOf } from "./parameters";
import type { CheckOut, ClassOut, ScenarioOut, Setting } from "./words";

const WAIT_MS = 400;

/** A session that is not made yet: its scenario, its name, and the settings that are not the scenario's own. */
export class NewSession {
  readonly files: Signal<ScenarioOut[]> = signal<ScenarioOut[]>([]);
  readonly drafts: Signal<string[]> = signal<string[]>([]);
  readonly classes: Signal<ClassOut[]> = signal<ClassOut[]>([]);
  /** Whether the lists above have been read. */
  readonly known: Signal<boolean> = signal(false);
  /** `file:NAME` or `draft:NAME`; empty for none. */
  readonly source: Signal<string> = signal("");
  readonly name: Signal<string> = signal("");
  /** Texts in fields, by the path of the setting. */
  readonly edits: Signal<Readonly<Record<string, string>>> = signal<Readonly<Record<string, string>>>({});
  /** The classes it is for; none is everybody. */
  readonly chosen: Signal<readonly string[]> = signal<readonly string[]>([]);
  /** The scenario as it is, and as it would be with the edits. */
  readonly own: Signal<CheckOut | null> = signal<CheckOut | null>(null);
  readonly checked: Signal<CheckOut | null> = signal<CheckOut | null>(null);
  readonly problem: Signal<string> = signal("");
  readonly busy: Signal<boolean> = signal(false);
  readonly checking: Signal<boolean> = signal(false);
  private readonly overrides: ReadonlySignal<Record<string, Setting>> = computed(() => overridesOf(this.edits.value, this.own.value?.settings ?? {}));
  private named = false;

  constructor(private readonly house: House) {}

  /** Read what there is, and look at whatever is chosen; what comes back ends that. */
  start(): () => void {
    void this.read();
    const ends = [effect(() => this.look(this.source.value)), effect(() => this.check(this.overrides.value, this.own.value))];
    return () => ends.forEach((end) => end());
  }

  rename(name: string): void {
    this.named = true;
    this.name.value = name;
    this.problem.value = "";
  }

  edit(path: string, text: string): void {
    this.edits.value = { ...this.edits.peek(), [path]: text };
    this.problem.value = "";
  }

  /** For a class too, or no longer. */
  toggle(of: string): void {
    const chosen = this.chosen.peek();
    this.chosen.value = chosen.includes(of) ? chosen.filter((each) => each !== of) : [...chosen, of];
  }

  /** Keep a file from here as a draft on the server, which is there for the next session too. */
  async bring(file: File): Promise<void> {
    const draft = freeName(file.name, new Set(this.drafts.peek()));
    await this.house.ui.attempt(async () => {
      await this.house.rest.put(`/api/drafts/${encodeURIComponent(draft)}`, { scenario: await file.text() });
      await this.read();
      this.source.value = `draft:${draft}`;
      this.house.ui.toast("good", `${file.name} is kept as the draft ${draft}.`);
    });
  }

  /** Make it, and look at it. */
  async make(): Promise<void> {
    const name = this.name.peek();
    this.busy.value = true;
    this.problem.value = "";
    try {
      await this.house.rest.post("/api/sessions", { name, ...this.sourceOf(), overrides: this.overrides.peek(), classes: this.chosen.peek() });
      const names = this.classes.peek().flatMap((each) => (this.chosen.peek().includes(each.class_id) ? [each.name] : []));
      const whom = names.length === 0 ? "everybody on this server" : names.join(", ");
      this.house.ui.toast("good", `Session ${name} is made for ${whom}; it is in its lobby, where people can take seats.`);
      await this.house.refresh();
      this.named = false;
      this.edits.value = {};
      this.house.choose(name);
      this.house.tab.value = "floor";
    } catch (refusal) {
      this.problem.value = said(refusal);
    } finally {
      this.busy.value = false;
    }
  }

  private async read(): Promise<void> {
    const { rest } = this.house;
    try {
      const [found, kept, mine] = await Promise.all([
        rest.get<{ scenarios: ScenarioOut[] }>("/api/scenarios"),
        rest.get<{ drafts: string[] }>("/api/drafts"),
        rest.get<{ classes: ClassOut[] }>("/api/classes"),
      ]);
      batch(() => {
        this.files.value = found.scenarios;
        this.drafts.value = kept.drafts;
        this.classes.value = mine.classes;
        this.known.value = true;
        if (this.source.peek() !== "") return;
        const file = found.scenarios.find((each) => each.problem === "")?.file;
        const [draft] = kept.drafts;
        if (file !== undefined) this.source.value = `file:${file}`;
        else if (draft !== undefined) this.source.value = `draft:${draft}`;
      });
    } catch (refusal) {
      this.problem.value = said(refusal);
    }
  }

  private sourceOf(): { file?: string; draft?: string } {
    const [kind, ...rest] = this.source.peek().split(":");
    return kind === "draft" ? { draft: rest.join(":") } : { file: rest.join(":") };
  }

  /** The scenario's own settings, when another one is chosen. */
  private look(source: string): void {
    if (source === "") return;
    batch(() => {
      this.edits.value = {};
      this.own.value = this.checked.value = null;
      this.problem.value = "";
    });
    this.house.rest
      .post<CheckOut>("/api/scenarios/check", this.sourceOf())
      .then((found) => {
        if (source !== this.source.peek()) return;
        batch(() => (this.own.value = this.checked.value = found));
        const list = this.house.list.peek();
        const taken = new Set([...(list?.sessions ?? []), ...(list?.stored ?? [])].map((each) => each.name));
        if (!this.named) this.name.value = freeName(source.slice(source.indexOf(":") + 1), taken);
      })
      .catch((refusal: unknown) => (this.problem.value = said(refusal)));
  }

  /** What is wrong with the edits, a moment after the last one. */
  private check(wanted: Record<string, Setting>, own: CheckOut | null): (() => void) | void {
    if (own === null) return undefined;
    this.checking.value = true;
    const timer = setTimeout(() => {
      this.house.rest
        .post<CheckOut>("/api/scenarios/check", { ...this.sourceOf(), overrides: wanted })
        .then((found) => {
          if (wanted !== this.overrides.peek()) return;
          this.checked.value = found;
          this.checking.value = false;
        })
        .catch((refusal: unknown) => {
          this.problem.value = said(refusal);
          this.checking.value = false;
        });
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }
}
