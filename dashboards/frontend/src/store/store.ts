import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals-core";
import { millis } from "../ui/format";
import type { InstrumentsOut, SessionOut } from "../wire/answers";
import type { AccountRow, LeaderRow, MarketRow, NewsRow, PositionRow, SessionRow } from "../wire/frames";
import { said, type Rest } from "../wire/rest";
import type { Stream } from "../wire/stream";
import type { Change } from "../wire/table";
import { ExchangeClock } from "./clock";
import { Markets } from "./market";
import { Orders } from "./orders";
import { Painter } from "./paint";
import { isRead, NOTHING_READ, withAllRead, withRead, type ReadMarks } from "./read-marks";
import { Standing } from "./standing";
import type { Account, Candle, Depth, Fill, Instrument, Movement, News, Order, Position, Trade, Worth } from "./types";

/** Everything the panels read. The stream writes it at most once per animation frame. */
export class Store {
  readonly session: Signal<SessionRow | null> = signal<SessionRow | null>(null);
  readonly instruments: Signal<Instrument[]> = signal<Instrument[]>([]);
  readonly symbol: Signal<string> = signal("");
  readonly news: ReadonlySignal<News[]>;
  readonly unread: ReadonlySignal<number>;
  /** Which announcements have been opened; whoever keeps them sets it. */
  readonly readMarks: Signal<ReadMarks> = signal<ReadMarks>(NOTHING_READ);
  /** Why the session cannot be shown; empty when it can. */
  readonly problem: Signal<string> = signal("");
  readonly depth: ReadonlySignal<Depth>;
  readonly trades: ReadonlySignal<Trade[]>;
  readonly orders: ReadonlySignal<Map<number, Order>>;
  readonly working: ReadonlySignal<Order[]>;
  readonly ended: ReadonlySignal<Order[]>;
  readonly fills: ReadonlySignal<Fill[]>;
  readonly positions: ReadonlySignal<Position[]>;
  readonly account: ReadonlySignal<Account>;
  readonly equity: ReadonlySignal<Worth[]>;
  /** Money other than trades', the newest first. */
  readonly movements: ReadonlySignal<Movement[]>;
  /** What each seat is worth, while somebody follows the topic. */
  readonly leaders: ReadonlySignal<LeaderRow[]>;
  readonly now: ReadonlySignal<number>;
  /** Whether there is an account here: staff and observers may look without one. */
  readonly seated: ReadonlySignal<boolean>;

  private readonly base: string;
  private readonly painter = new Painter();
  private readonly clock = new ExchangeClock();
  private readonly markets: Markets;
  private readonly own = new Orders();
  private readonly standing: Standing;
  private readonly announced = signal<News[]>([]);
  private readonly rivals = signal<LeaderRow[]>([]);
  private readonly heard = new Set<(change: Change) => void>();
  private readonly filled = new Set<(fill: Fill) => void>();
  private readonly undone = new Set<(row: AccountRow, reason: string) => void>();
  private readonly tasks = new Map<string, () => void>();
  private readonly closers: (() => void)[] = [];

  constructor(
    opened: SessionOut,
    private readonly rest: Rest,
    private readonly stream: Stream,
  ) {
    const { name, title, state, time, speed, zone, seats, seats_taken, failed, symbols } = opened;
    this.base = `/api/sessions/${encodeURIComponent(name)}`;
    this.session.value = { name, title, state, time, speed, zone, seats, seats_taken, failed, symbols };
    this.clock.setPace(state, speed);
    this.clock.hear(time);
    this.markets = new Markets(name, rest, stream);
    this.standing = new Standing(rest, this.base, (symbol) => this.markets.market(symbol), this.instruments);
    this.depth = this.markets.depth;
    this.trades = this.markets.trades;
    ({ orders: this.orders, working: this.working, ended: this.ended, fills: this.fills } = this.own);
    ({ positions: this.positions, account: this.account, equity: this.equity, movements: this.movements } = this.standing);
    this.now = this.clock.now;
    this.seated = computed(() => !stream.refusals.value.has("account"));
    this.leaders = this.rivals;
    this.news = computed(() => this.announced.value);
    this.unread = computed(() => this.announced.value.filter((each) => !isRead(this.readMarks.value, each.number)).length);
    this.closers.push(stream.listen((change) => this.hear(change)));
    this.closers.push(stream.onReplaced(() => this.replaced()));
    this.closers.push(effect(() => this.clock.hear(stream.time.value)));
    // The curve grows with the clock, which stands still in a hidden tab.
    this.closers.push(effect(() => this.standing.mark(this.now.value)));
    stream.follow("session", "news", "orders", "positions", "account");
  }

  /** Read what the stream does not tell; the page can be drawn meanwhile. */
  async load(): Promise<void> {
    try {
      const { instruments } = await this.rest.get<InstrumentsOut>(`${this.base}/instruments`);
      this.instruments.value = instruments;
      this.markets.watch(instruments.map((each) => each.symbol));
      const first = instruments[0];
      if (this.symbol.value === "" && first !== undefined) this.select(first.symbol);
    } catch (problem) {
      this.problem.value = said(problem);
    }
  }

  market(symbol: string): ReadonlySignal<MarketRow> {
    return this.markets.market(symbol);
  }

  candles(interval: string): ReadonlySignal<Candle[]> {
    return this.markets.candles(interval);
  }

  /** The terms of an instrument. */
  instrument(symbol: string): Instrument | undefined {
    return this.instruments.value.find((each) => each.symbol === symbol);
  }

  /** Take a seat, and read what belongs to it. */
  async join(): Promise<void> {
    await this.rest.post(`${this.base}/join`);
    this.stream.retry("orders", "positions", "account");
  }

  /** Choose the instrument that the page shows. */
  select(symbol: string): void {
    if (!this.instruments.peek().some((each) => each.symbol === symbol)) return;
    this.symbol.value = symbol;
    this.markets.select(symbol);
  }

  /** Hear every change at once, also in a hidden tab; drawing is not for here. */
  onChange(listener: (change: Change) => void): () => void {
    this.heard.add(listener);
    return () => this.heard.delete(listener);
  }

  onFill(listener: (fill: Fill) => void): () => void {
    this.filled.add(listener);
    return () => this.filled.delete(listener);
  }

  /** Hear of each own trade that was undone, with the reason, or nothing where there is none. */
  onBust(listener: (row: AccountRow, reason: string) => void): () => void {
    this.undone.add(listener);
    return () => this.undone.delete(listener);
  }

  /** An announcement was opened. */
  markRead(number: number): void {
    this.readMarks.value = withRead(this.readMarks.peek(), number);
  }

  markAllRead(): void {
    const newest = Math.max(0, ...this.announced.peek().map((each) => each.number));
    this.readMarks.value = withAllRead(this.readMarks.peek(), newest);
  }

  close(): void {
    for (const close of this.closers) close();
    this.clock.close();
    this.stream.close();
  }

  private async loadOwn(): Promise<void> {
    // Who has no seat (staff, observers) has none of these, and that is no failure of the page.
    await Promise.allSettled([
      this.standing.load(),
      this.standing.loadCurve(),
      this.standing.loadMovements(),
      this.own.load(this.rest, this.base).then(() => this.showOrders()),
    ]);
  }

  private hear(change: Change): void {
    const [kind = ""] = change.topic.split(":");
    if (kind === "orders") for (const fill of this.own.hear(change)) for (const hear of this.filled) hear(fill);
    // The first word of the account says that there is one: a student's seat is taken by asking for it.
    if (kind === "account" && change.whole) void this.loadOwn();
    else if (kind === "account" || kind === "positions") this.standing.reread();
    // An order that rests, is changed or cancelled ties up or frees buying power, of which no other topic tells.
    else if (kind === "orders" && !change.whole) this.standing.reread(true);
    if (kind === "account" && !change.whole) this.hearAccount(change.rows as AccountRow[]);
    for (const listener of this.heard) listener(change);
    // One function per topic, so that the painter knows that it is the same work.
    let task = this.tasks.get(change.topic);
    if (task === undefined) {
      task = () => {
        const table = this.stream.table(change.topic);
        if (table !== undefined) this.show(kind, { ...change, table });
      };
      this.tasks.set(change.topic, task);
    }
    this.painter.soon(task);
  }

  /** What the stream tells in a word, and REST whole. */
  private hearAccount(rows: readonly AccountRow[]): void {
    if (rows.some((row) => row.event === "cash_changed")) void this.standing.loadMovements().catch(() => undefined);
    const busts = rows.filter((row) => row.event === "trade_busted");
    if (busts.length === 0) return;
    const tell = (): void => {
      for (const row of busts) {
        const reason = this.fills.peek().find((fill) => fill.trade === row.trade_id)?.busted_reason ?? "";
        for (const hear of this.undone) hear(row, reason);
      }
    };
    // Where the fills cannot be read, that a trade was undone is told nevertheless.
    void this.own.load(this.rest, this.base).then(() => this.showOrders()).then(tell, tell);
  }

  private show(kind: string, change: Change): void {
    const { table } = change;
    if (kind === "session") this.showSession(table.values<SessionRow>()[0]);
    else if (kind === "orders") this.showOrders();
    else if (kind === "positions") this.standing.rows.value = table.values<PositionRow>();
    else if (kind === "account") this.standing.row.value = table.values<AccountRow>()[0] ?? null;
    else if (kind === "news") this.announced.value = table.values<NewsRow>().map(newsOf).reverse();
    else if (kind === "leaderboard") this.rivals.value = table.values<LeaderRow>();
    else this.markets.show(change);
  }

  private showSession(row: SessionRow | undefined): void {
    if (row === undefined) return;
    this.session.value = row;
    this.clock.setPace(row.state, row.speed);
  }

  private showOrders(): void {
    const table = this.stream.table("orders");
    if (table !== undefined) this.own.show(table);
  }

  private replaced(): void {
    this.clock.reset();
    this.markets.reset();
    this.own.reset();
    this.standing.reset();
    this.announced.value = [];
    this.rivals.value = [];
    this.readMarks.value = NOTHING_READ;
    void this.load();
  }
}

function newsOf(row: NewsRow): News {
  const { number, headline = "", body = "", symbols = [], author = "" } = row;
  return { number, time: millis(row.time), headline, body, symbols, author };
}
