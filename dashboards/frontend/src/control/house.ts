import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { said, type Rest } from "../wire/rest";
import type { Ui } from "../ui/ui";
import type { Act } from "./acts";
import { Room } from "./room";
import type { MeOut, SessionsOut } from "./words";

/** What a dialog asks for: a text, one of some words, or nothing but yes. */
export interface Field {
  name: string;
  label: string;
  value: string;
  unit?: string;
  options?: readonly (readonly [value: string, label: string])[];
}

/** A dialog: what will happen, what is needed for it, and what to do then. A sentence that comes back is shown in it. */
export interface Dialog {
  title: string;
  text: string;
  fields: readonly Field[];
  yes: string;
  danger: boolean;
  /** What holds now, for the fields as they are filled in. */
  now?: (values: Readonly<Record<string, string>>) => string;
  act: (values: Readonly<Record<string, string>>) => Promise<string>;
}

export const TABS = ["floor", "market", "trades", "sessions", "classes", "reports", "audit"] as const;
export type Tab = (typeof TABS)[number];

/** What the list of trades is searched for; empty is everything. */
export interface Sought {
  symbol: string;
  text: string;
}

const SETTLED_MS = 400;
const LIST_MS = 5_000;

/** The control room of one person: which sessions there are, the one that is looked at, and what is being asked. */
export class House {
  readonly list: Signal<SessionsOut | null> = signal<SessionsOut | null>(null);
  readonly room: Signal<Room | null> = signal<Room | null>(null);
  readonly tab: Signal<Tab> = signal<Tab>("floor");
  readonly dialog: Signal<Dialog | null> = signal<Dialog | null>(null);
  /** The account that is looked at through its owner's eyes; null for none. */
  readonly watched: Signal<string | null> = signal<string | null>(null);
  /** The account that the roster points at. */
  readonly pointed: Signal<number | null> = signal<number | null>(null);
  /** What the list of trades is searched for: an instrument, and somebody's name or a trade's number. */
  readonly sought: Signal<Sought> = signal<Sought>({ symbol: "", text: "" });
  readonly problem: Signal<string> = signal("");
  readonly may: ReadonlySignal<ReadonlySet<string>> = computed(() => new Set(this.me.value?.permissions ?? []));
  readonly me: Signal<MeOut | null> = signal<MeOut | null>(null);

  /** Counts what an open dialog learned since it was drawn. */
  readonly drawn: Signal<number> = signal(0);

  private listing: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly rest: Rest,
    readonly ui: Ui,
    private wanted: string,
  ) {}

  async start(): Promise<void> {
    this.me.value = await this.rest.get<MeOut>("/api/auth/me");
    await this.refresh();
    this.listing = setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, LIST_MS);
  }

  close(): void {
    clearInterval(this.listing);
    this.room.peek()?.close();
  }

  async refresh(): Promise<void> {
    try {
      const list = await this.rest.get<SessionsOut>("/api/sessions");
      this.list.value = list;
      this.problem.value = "";
      if (this.room.peek() !== null) return;
      const found = list.sessions.find(({ name }) => name === this.wanted) ?? list.sessions.find(({ state }) => state !== "debrief") ?? list.sessions[0];
      if (found !== undefined) this.choose(found.name);
      else this.tab.value = "sessions";
    } catch (problem) {
      this.problem.value = said(problem);
    }
  }

  /** Look at another session; the address says which, so that a reload comes back to it. */
  choose(name: string): void {
    if (this.room.peek()?.name === name) return;
    this.room.peek()?.close();
    this.watched.value = null;
    this.pointed.value = null;
    this.sought.value = { symbol: "", text: "" };
    this.wanted = name;
    this.room.value = new Room(name, this.rest);
    const address = new URL(location.href);
    address.searchParams.set("session", name);
    history.replaceState(null, "", address);
  }

  /** Show the trades of an instrument or of somebody. */
  seek(sought: Partial<Sought>): void {
    this.sought.value = { symbol: "", text: "", ...sought };
    this.watched.value = null;
    this.tab.value = "trades";
  }

  /** Do an act, after asking when it says that something is lost by it. */
  async attempt(act: Act): Promise<void> {
    if (act.question === "") {
      try {
        await this.perform(act);
      } catch (problem) {
        this.ui.toast("bad", said(problem));
      }
      return;
    }
    this.ask({ title: act.label, text: act.question, fields: [], yes: act.label, danger: act.danger, act: () => this.perform(act) });
  }

  /** Send it and say what came of it; a refusal is the server's sentence, for whoever called. */
  async perform(act: Act): Promise<string> {
    await this.rest[act.method](act.path, act.body);
    this.ui.toast("good", act.done);
    const room = this.room.peek();
    await Promise.all([room?.poll(), this.refresh()]);
    // The server keeps a table of standings for a quarter of a second, and may have made it just before.
    setTimeout(() => void room?.poll(), SETTLED_MS);
    return "";
  }

  ask(dialog: Dialog): void {
    this.dialog.value = dialog;
  }

  answered(): void {
    this.dialog.value = null;
  }

  /** An open dialog learned something. */
  redraw(): void {
    this.drawn.value++;
  }
}
