import { effect, signal, type Signal } from "@preact/signals";
import { Store } from "../store/store";
import type { Me } from "../store/types";
import { Ui } from "../ui/ui";
import type { ReviewSessionOut, ReviewSessionsOut, SessionOut, SessionsOut } from "../wire/answers";
import { Rest, said } from "../wire/rest";
import { Stream } from "../wire/stream";
import type { Desk } from "./desk-context";

/** How far the page has come. */
export type Stage =
  | { name: "loading" }
  | { name: "password" }
  | { name: "choose"; sessions: SessionOut[]; over: ReviewSessionOut[]; sentence: string }
  | { name: "none"; over: ReviewSessionOut[] }
  | { name: "problem"; sentence: string }
  | { name: "desk"; desk: Desk };

export interface PageModel {
  api?: string;
  session?: string;
  symbol?: string;
}

const LOOK_AGAIN_MS = 4_000;

/** What the page does before there is a desk: who is it, which session, and what to say when there is none. */
export class Boot {
  readonly stage: Signal<Stage> = signal<Stage>({ name: "loading" });
  readonly rest: Rest;
  readonly ui: Ui;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly gone: (() => void)[] = [];
  private closed = false;

  constructor(private readonly model: PageModel) {
    this.rest = new Rest(model.api ?? "");
    this.ui = new Ui(this.rest);
  }

  async start(): Promise<void> {
    this.stage.value = { name: "loading" };
    try {
      const me = await this.rest.get<Me>("/api/auth/me");
      if (me.must_change_password) {
        this.stage.value = { name: "password" };
        return;
      }
      await this.ui.settings.load();
      await this.open(me);
    } catch (problem) {
      this.stage.value = { name: "problem", sentence: said(problem) };
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const each of this.gone) each();
    if (this.stage.value.name === "desk") this.stage.value.desk.store.close();
  }

  private async open(me: Me): Promise<void> {
    const { sessions, stored } = await this.rest.get<SessionsOut>("/api/sessions");
    // Not everybody who may open a session had a seat in each, or may read its class: only days that can be looked at are offered.
    const found = await this.rest.get<ReviewSessionsOut>("/api/reviews").catch(() => null);
    const over = found?.reviews ?? [];
    if (this.closed) return;
    const asked = new URLSearchParams(location.search);
    const wanted = asked.get("session") || this.model.session || "";
    const named = sessions.find((each) => each.name === wanted);
    const [only, ...others] = sessions;
    if (wanted !== "" && named === undefined) {
      const ended = stored.some(({ name }) => name === wanted);
      const sentence = ended ? `The session ${wanted} is over.` : `There is no session ${wanted} that is open to you.`;
      this.stage.value = { name: "choose", sessions, over, sentence };
    } else if (only === undefined) {
      this.stage.value = { name: "none", over };
      this.timer = setTimeout(() => void this.open(me).catch(() => this.start()), LOOK_AGAIN_MS);
    } else if (named !== undefined || (others.length === 0 && !asked.has("choose"))) {
      this.enter(me, named ?? only);
    } else this.stage.value = { name: "choose", sessions, over, sentence: "" };
  }

  private enter(me: Me, session: SessionOut): void {
    const { rest, ui } = this;
    const stream = new Stream(rest.socket(`/api/sessions/${encodeURIComponent(session.name)}/stream`), {
      open: (address) => new WebSocket(address),
      renew: () => rest.get(`/api/sessions/${encodeURIComponent(session.name)}`),
      now: () => performance.now(),
    });
    const store = new Store(session, rest, stream);
    const { ticket, settings } = ui;
    ticket.quantity.value = settings.defaultQuantity.value;
    ticket.type.value = settings.defaultType.value;
    const desk: Desk = { rest, stream, store, ui, session: session.name, me };
    void store.load().then(() => this.chooseInstrument(store));
    this.stage.value = { name: "desk", desk };
  }

  /** The instrument of the address, of the page, or that was looked at last; and remember each that is chosen. */
  private chooseInstrument(store: Store): void {
    const { settings } = this.ui;
    const kept = settings.layout.peek().symbol;
    const asked = new URLSearchParams(location.search).get("symbol") || this.model.symbol;
    store.select(asked || (typeof kept === "string" ? kept : ""));
    this.gone.push(
      effect(() => {
        const symbol = store.symbol.value;
        if (symbol !== "" && settings.layout.peek().symbol !== symbol) settings.remember("symbol", symbol);
      }),
    );
  }
}
