import { computed, signal, type ReadonlySignal } from "@preact/signals-core";
import { millis } from "../ui/format";
import type { AccountOut, CashListOut, EquityOut } from "../wire/answers";
import type { AccountRow, MarketRow, PositionRow } from "../wire/frames";
import type { Rest } from "../wire/rest";
import { markOf } from "./mark";
import type { Account, Instrument, Movement, Position, Worth } from "./types";

const CURVE_MAX = 4_000;
const REREAD_MS = 400;
/** What orders tie up without a fill may wait longer: they come and go far more often. */
const TIED_UP_MS = 800;

/** What is held and what it is worth: positions at the market of this moment, and the account around them. */
export class Standing {
  readonly rows = signal<PositionRow[]>([]);
  readonly row = signal<AccountRow | null>(null);
  readonly latest = signal<AccountOut | null>(null);
  readonly equity = signal<Worth[]>([]);
  /** Money other than trades', the newest first. */
  readonly movements = signal<Movement[]>([]);
  readonly positions: ReadonlySignal<Position[]>;
  readonly account: ReadonlySignal<Account>;
  private due: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly rest: Rest,
    private readonly base: string,
    market: (symbol: string) => ReadonlySignal<MarketRow>,
    instruments: ReadonlySignal<Instrument[]>,
  ) {
    this.positions = computed(() => {
      const terms = new Map(instruments.value.map((each) => [each.symbol, each]));
      return this.rows.value
        .map((row) => positionOf(row, market(row.symbol).value, terms.get(row.symbol)))
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
    });
    this.account = computed(() => accountOf(this.row.value, this.latest.value, this.positions.value));
  }

  /** Read the account again soon, once however much happens: margins and limits are the server's to say. */
  reread(byOrders = false): void {
    this.due ??= setTimeout(
      () => {
        this.due = undefined;
        this.load().catch(() => undefined);
      },
      byOrders ? TIED_UP_MS : REREAD_MS,
    );
  }

  async load(): Promise<void> {
    this.latest.value = await this.rest.get<AccountOut>(`${this.base}/account`);
  }

  async loadMovements(): Promise<void> {
    const { changes } = await this.rest.get<CashListOut>(`${this.base}/cash`);
    this.movements.value = changes.map((each) => ({ ...each, time: millis(each.time) })).reverse();
  }

  async loadCurve(): Promise<void> {
    const { time, equity } = await this.rest.get<EquityOut>(`${this.base}/equity`);
    this.equity.value = time.map((at, place) => ({ time: millis(at), value: equity[place] ?? 0 })).slice(-CURVE_MAX);
  }

  /** Put what it is worth now at the end of the curve; at most one point per second of the exchange. */
  mark(now: number): void {
    const value = this.account.peek().equity;
    const curve = this.equity.peek();
    const last = curve.at(-1);
    if (now === 0 || this.latest.peek() === null || (last !== undefined && now < last.time + 1_000)) return;
    this.equity.value = [...curve.slice(-(CURVE_MAX - 1)), { time: now, value }];
  }

  reset(): void {
    this.rows.value = [];
    this.row.value = null;
    this.latest.value = null;
    this.equity.value = [];
    this.movements.value = [];
  }
}

function positionOf(row: PositionRow, market: MarketRow, terms: Instrument | undefined): Position {
  const { quantity = 0, cost = 0, realised = 0, realised_fifo = 0, fees = 0 } = row;
  const mark = markOf(market, terms);
  const multiplier = terms?.multiplier ?? 1;
  const marketValue = mark === null ? cost : quantity * mark * multiplier;
  return {
    symbol: row.symbol,
    quantity,
    cost,
    average_price: quantity === 0 ? null : cost / (quantity * multiplier),
    mark,
    marketValue,
    unrealised: marketValue - cost,
    realised,
    realised_fifo,
    fees,
    updated: millis(row.time),
  };
}

function accountOf(row: AccountRow | null, latest: AccountOut | null, positions: readonly Position[]): Account {
  const cash = row?.cash ?? latest?.cash ?? 0;
  const equity = positions.reduce((sum, each) => sum + each.marketValue, cash);
  const peak = Math.max(latest?.peak_equity ?? 0, equity);
  const paid = latest === null ? 0 : latest.start_cash + latest.deposits - latest.withdrawals;
  return {
    name: latest?.name ?? row?.name ?? "",
    state: row?.state ?? latest?.state ?? "",
    cash,
    equity,
    startCash: latest?.start_cash ?? 0,
    pnl: latest === null ? 0 : equity - paid,
    unrealised: positions.reduce((sum, each) => sum + each.unrealised, 0),
    realised: positions.reduce((sum, each) => sum + each.realised, 0),
    fees: latest?.fees ?? 0,
    buyingPower: latest?.buying_power ?? 0,
    marginUsed: latest?.initial_margin ?? 0,
    maintenance: latest?.maintenance_margin ?? 0,
    drawdown: peak > 0 ? Math.max(0, (peak - equity) / peak) : 0,
    drawdownLimit: latest?.limits.max_drawdown ?? 0,
    lossLimit: latest?.limits.max_daily_loss ?? 0,
    marginCall: row?.margin_call ?? latest?.margin_call ?? false,
    callDeadline: millis(latest?.call_deadline),
    suspendedFor: latest?.suspended_for ?? "none",
    latest,
  };
}
