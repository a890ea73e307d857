import { computed, signal } from "@preact/signals-core";
import { millis } from "../ui/format";
import type { FillsOut } from "../wire/answers";
import type { OrderRow } from "../wire/frames";
import type { Rest } from "../wire/rest";
import type { Change, Table } from "../wire/table";
import { isWorking, type Fill, type Order } from "./types";

const NONE_YET: ReadonlyMap<number, Order> = new Map();

interface Done {
  quantity: number;
  value: number;
  fees: number;
}

/** One's own orders and fills. */
export class Orders {
  private readonly shown = signal<ReadonlyMap<number, Order>>(NONE_YET);
  private readonly filled = signal<Fill[]>([]);
  /** By order and trade, so that a fill which comes by REST and by the stream is one. */
  private readonly known = new Map<string, Fill>();
  private readonly done = new Map<number, Done>();
  /** Whether what is known of fills is not shown yet. */
  private stale = false;

  readonly orders = computed(() => this.shown.value as Map<number, Order>);
  readonly working = computed(() => newest(this.shown.value, isWorking));
  readonly ended = computed(() => newest(this.shown.value, (order) => !isWorking(order)));
  readonly fills = computed(() => this.filled.value);

  /** Take the fills that a change tells; what is drawn waits for `show`. Returns them. */
  hear(change: Change): Fill[] {
    if (change.whole) return [];
    const fresh: Fill[] = [];
    for (const row of change.rows as OrderRow[]) {
      if (row.last_quantity === undefined || row.last_price === undefined) continue;
      const fill = fillOf(row, row.last_price, row.last_quantity);
      if (this.add(fill)) fresh.push(fill);
    }
    return fresh;
  }

  show(table: Table): void {
    const orders = table.values<OrderRow>().map((row) => orderOf(row, this.done.get(row.id)));
    this.shown.value = new Map(orders.map((order) => [order.id, order]));
    if (!this.stale) return;
    this.stale = false;
    this.filled.value = [...this.known.values()].sort((a, b) => b.seq - a.seq);
  }

  /** Fills from before the stream, and which were undone since. */
  async load(rest: Rest, base: string): Promise<void> {
    const { fills } = await rest.get<FillsOut>(`${base}/fills?limit=1000`);
    for (const fill of fills) this.add(fillFrom(fill));
  }

  reset(): void {
    this.known.clear();
    this.done.clear();
    this.stale = false;
    this.shown.value = NONE_YET;
    this.filled.value = [];
  }

  private add(fill: Fill): boolean {
    const key = `${fill.order}|${fill.trade}`;
    const before = this.known.get(key);
    if (before !== undefined && (before.busted || !fill.busted)) return false;
    this.known.set(key, fill);
    this.stale = true;
    const done = this.done.get(fill.order) ?? { quantity: 0, value: 0, fees: 0 };
    this.done.set(fill.order, done);
    const sign = before === undefined ? 1 : -1;
    // One that was undone before it came here never counted.
    if (sign > 0 && fill.busted) return false;
    done.quantity += sign * fill.quantity;
    done.value += sign * fill.quantity * fill.price;
    done.fees += sign * fill.fee;
    return sign > 0;
  }
}

function newest(orders: ReadonlyMap<number, Order>, wanted: (order: Order) => boolean): Order[] {
  return [...orders.values()].filter(wanted).sort((a, b) => b.id - a.id);
}

/** A fill as REST tells it. */
export function fillFrom({ position: _, ...fill }: FillsOut["fills"][number]): Fill {
  return { ...fill, time: millis(fill.time) };
}

function fillOf(row: OrderRow, price: number, quantity: number): Fill {
  const { id, seq = 0, symbol = "", side = "", fee = 0, trade_id = 0, maker = false, leaves = 0 } = row;
  return { seq, time: millis(row.time), order: id, symbol, side, price, quantity, fee, trade: trade_id, maker, leaves, busted: false, busted_reason: "" };
}

function orderOf(row: OrderRow, done: Done | undefined): Order {
  return {
    id: row.id,
    client_order_id: row.client_order_id ?? "",
    symbol: row.symbol ?? "",
    side: row.side === "sell" ? "sell" : "buy",
    type: row.type ?? "",
    time_in_force: row.time_in_force ?? "",
    state: row.state ?? "",
    reason: row.reason ?? "none",
    quantity: row.quantity ?? 0,
    leaves: row.leaves ?? 0,
    executed: row.executed ?? 0,
    busted: row.busted ?? 0,
    average_price: done !== undefined && done.quantity > 0 ? done.value / done.quantity : null,
    limit_price: row.limit_price ?? null,
    stop_price: row.stop_price ?? null,
    trail_amount: row.trail_amount ?? null,
    trail_percent: row.trail_percent ?? null,
    watermark: row.watermark ?? null,
    display_quantity: row.display_quantity ?? null,
    ahead: row.ahead ?? null,
    group: row.group ?? null,
    replaced_by: row.replaced_by ?? null,
    created: millis(row.created),
    updated: millis(row.time),
    expires: millis(row.expires),
    fees: done?.fees ?? 0,
  };
}
