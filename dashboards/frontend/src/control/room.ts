import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { ExchangeClock } from "../store/clock";
import type { AccountRow, CandleRow, MarketRow, NewsRow, PositionRow, SessionRow } from "../wire/frames";
import { ApiProblem, type Rest } from "../wire/rest";
import { Stream } from "../wire/stream";
import type { Change } from "../wire/table";
import { isOver } from "./acts";
import { AlertHistory } from "./alerthistory";
import * as alerts from "./alerts";
import { Rate } from "./rate";
import { openInterest, rosterRows, type Interest, type RosterRow } from "./roster";
import type { AlertsPage, LeaderboardOut, ParticipantOut, ParticipantsOut, SessionOut } from "./words";

/** How often what changed is drawn: a control room is read, not traded from. */
const DRAW_MS = 250;
const POLL_MS = 2_000;
const ALERTS_POLLS = 5;
const RATE_MS = 20_000;
export const INTERVAL = "1m";

/** One running session as its instructor sees it: topics of everybody over the stream, standings and people by REST. */
export class Room {
  readonly session: Signal<SessionOut | null> = signal<SessionOut | null>(null);
  readonly markets: Signal<ReadonlyMap<string, MarketRow>> = signal<ReadonlyMap<string, MarketRow>>(new Map());
  readonly candles: Signal<ReadonlyMap<string, readonly CandleRow[]>> = signal<ReadonlyMap<string, readonly CandleRow[]>>(new Map());
  readonly participants: Signal<ParticipantOut[] | null> = signal<ParticipantOut[] | null>(null);
  readonly board: Signal<LeaderboardOut | null> = signal<LeaderboardOut | null>(null);
  readonly positions: Signal<PositionRow[]> = signal<PositionRow[]>([]);
  readonly accounts: Signal<ReadonlyMap<number, AccountRow>> = signal<ReadonlyMap<number, AccountRow>>(new Map());
  readonly news: Signal<NewsRow[]> = signal<NewsRow[]>([]);
  /** What the server lists of alerts, from the session's beginning on. */
  readonly history: AlertHistory;
  /** The same as sentences, with what this page alone saw. */
  readonly alerts: ReadonlySignal<alerts.Alert[]> = computed(() => {
    const people = this.participants.value ?? [];
    return alerts.together(
      this.history.rows.value.map((row) => alerts.ofServer(row, people)),
      this.seen.value,
    );
  });
  readonly messagesPerSecond: Signal<number | null> = signal<number | null>(null);
  readonly tradesPerMinute: Signal<ReadonlyMap<string, number>> = signal<ReadonlyMap<string, number>>(new Map());
  /** The sentence of what could not be read; empty while all is well. */
  readonly problem: Signal<string> = signal("");
  readonly rows: ReadonlySignal<RosterRow[]> = computed(() =>
    rosterRows(
      this.participants.value ?? [],
      this.board.value?.standings ?? [],
      this.positions.value,
      this.accounts.value,
      this.markets.value,
      isOver(this.session.value?.state),
    ),
  );
  readonly interest: ReadonlySignal<Map<string, Interest>> = computed(() => openInterest(this.rows.value));
  readonly clock = new ExchangeClock();
  readonly stream: Stream;

  private readonly seen: Signal<alerts.Alert[]> = signal<alerts.Alert[]>([]);
  private readonly due = new Set<string>();
  private readonly fresh: alerts.Alert[] = [];
  private readonly before = new Map<string, MarketRow>();
  private readonly commands = new Rate(RATE_MS);
  private readonly trades = new Map<string, Rate>();
  private told: SessionRow | null = null;
  private followed = false;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private readonly polling: ReturnType<typeof setInterval>;
  private closed = false;

  constructor(
    readonly name: string,
    private readonly rest: Rest,
  ) {
    this.history = new AlertHistory((query) => rest.get<AlertsPage>(this.path(`alerts${query}`)));
    this.stream = new Stream(rest.socket(this.path("stream")), {
      open: (address) => new WebSocket(address),
      renew: () => rest.get(this.path("")),
      now: () => performance.now(),
    });
    this.stream.listen((change) => this.heard(change));
    this.stream.onReplaced(() => void this.poll());
    this.stream.follow("session");
    this.stream.follow("news");
    // Each alone: who may not read the class still sees the market.
    for (const topic of ["positions:*", "account:*"]) this.stream.follow(topic);
    void this.poll();
    void this.history.refresh();
    let polls = 0;
    this.polling = setInterval(() => {
      if (document.hidden) return;
      void this.poll();
      // Events ask for the list at once; now and then is for those that were missed.
      if (++polls % ALERTS_POLLS === 0) this.history.soon();
    }, POLL_MS);
  }

  path(rest: string): string {
    const base = `/api/sessions/${encodeURIComponent(this.name)}`;
    return rest === "" ? base : `${base}/${rest}`;
  }

  /** Read what no topic tells; called now and then, and at once after an act. */
  async poll(): Promise<void> {
    if (this.closed) return;
    const [session, people, board] = await Promise.allSettled([
      this.rest.get<SessionOut>(this.path("")),
      this.rest.get<ParticipantsOut>(this.path("participants")),
      this.rest.get<LeaderboardOut>(this.path("leaderboard")),
    ]);
    if (this.closed) return;
    batch(() => {
      if (session.status === "fulfilled") this.hear(session.value);
      if (people.status === "fulfilled") {
        const now = people.value.participants;
        this.say(...alerts.ofParticipants(this.participants.peek(), now, this.time()));
        this.participants.value = now;
      }
      if (board.status === "fulfilled") this.board.value = board.value;
      const failed = [session, people, board].find((each) => each.status === "rejected");
      this.problem.value = failed?.reason instanceof ApiProblem ? failed.reason.message : "";
    });
  }

  close(): void {
    this.closed = true;
    clearInterval(this.polling);
    clearTimeout(this.drawing);
    this.clock.close();
    this.history.close();
    this.stream.close();
  }

  private time(): string {
    return this.session.peek()?.time ?? "";
  }

  private hear(session: SessionOut): void {
    this.session.value = session;
    this.clock.setPace(session.state, session.speed);
    this.clock.hear(session.time);
    this.commands.take(performance.now(), session.commands);
    this.messagesPerSecond.value = this.commands.perSecond();
    this.measure();
    if (!this.followed) {
      this.followed = true;
      this.stream.follow(...session.symbols.flatMap((symbol) => [`market:${symbol}`, `candles:${symbol}:${INTERVAL}`]));
    }
  }

  private heard({ topic, whole, rows, table }: Change): void {
    const kind = topic.replace(/:.*$/, "");
    if (kind === "market") {
      for (const row of rows as MarketRow[]) {
        const before = this.before.get(row.symbol);
        const alert = alerts.ofMarket(before, row);
        if (alert !== null) this.say(alert);
        else if (before !== undefined && before.phase !== row.phase) this.history.soon();
        this.before.set(row.symbol, row);
      }
    } else if (kind === "account") {
      if (!whole && (rows as AccountRow[]).some(({ event }) => alerts.isListed(event))) this.history.soon();
    } else if (kind === "session") {
      const [row] = table.values<SessionRow>();
      if (row !== undefined) {
        this.say(...alerts.ofSession(this.told, row, this.time()));
        // A state that is new here may have come with a time that only REST tells.
        if (this.told !== null && this.told.state !== row.state) void this.poll();
        this.told = row;
      }
    }
    this.due.add(topic);
    this.drawing ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  private say(...fresh: alerts.Alert[]): void {
    this.fresh.push(...fresh);
    if (fresh.length > 0) this.drawing ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  private draw(): void {
    this.drawing = undefined;
    const due = [...this.due];
    this.due.clear();
    const kinds = new Set(due.map((topic) => topic.replace(/:.*$/, "")));
    batch(() => {
      if (kinds.has("market")) this.markets.value = new Map(this.before);
      if (kinds.has("candles")) {
        const candles = new Map(this.candles.peek());
        for (const topic of due.filter((each) => each.startsWith("candles:"))) {
          candles.set(topic.slice("candles:".length, -INTERVAL.length - 1), this.stream.table(topic)?.values<CandleRow>() ?? []);
        }
        this.candles.value = candles;
      }
      if (kinds.has("positions")) this.positions.value = this.stream.table("positions:*")?.values<PositionRow>() ?? [];
      if (kinds.has("account")) {
        const rows = this.stream.table("account:*")?.values<AccountRow>() ?? [];
        this.accounts.value = new Map(rows.map((row) => [row.account, row]));
      }
      if (kinds.has("news")) {
        this.news.value = (this.stream.table("news")?.values<NewsRow>() ?? []).sort((a, b) => b.number - a.number);
      }
      if (this.fresh.length > 0) this.seen.value = alerts.with_(this.seen.peek(), this.fresh.splice(0));
    });
  }

  private measure(): void {
    const now = performance.now();
    const rates = new Map<string, number>();
    for (const [symbol, { trades }] of this.before) {
      const rate = this.trades.get(symbol) ?? new Rate(RATE_MS);
      this.trades.set(symbol, rate.take(now, trades ?? 0));
      const perSecond = rate.perSecond();
      if (perSecond !== null) rates.set(symbol, perSecond * 60);
    }
    this.tradesPerMinute.value = rates;
  }
}
