/** The prices of own orders and of the position, as lines of the chart. */

export interface LevelOrder {
  readonly id: number;
  readonly symbol: string;
  readonly side: string;
  readonly type: string;
  readonly quantity: number;
  readonly leaves: number;
  readonly limit_price: number | null;
  readonly stop_price: number | null;
}

/** Which price of the order a line is, by the name that a replace has for it. */
export type Field = "limit_price" | "stop_price";

export interface Level {
  readonly key: string;
  /** Orders of one kind at one price share a line. */
  readonly orders: readonly number[];
  readonly field: Field;
  readonly price: number;
  readonly side: "buy" | "sell";
  /** What is left of the orders. */
  readonly quantity: number;
  /** The kind of order in a few letters, as on a ticket. */
  readonly kind: string;
  /** Whether its price can be set; a trailing stop goes its own way. */
  readonly movable: boolean;
}

const LIMIT: Readonly<Record<string, string>> = { limit: "LMT", stop_limit: "LMT", limit_if_touched: "LMT" };
const TRIGGER: Readonly<Record<string, string>> = {
  stop: "STP",
  stop_limit: "STP trigger",
  market_if_touched: "MIT",
  limit_if_touched: "LIT trigger",
  trailing_stop: "TRAIL",
};

/** A line for each price of the orders in an instrument: a stop-limit order has two. */
export function levelsOf(orders: Iterable<LevelOrder>, symbol: string): Level[] {
  const found = new Map<string, Level>();
  const add = (level: Level): void => {
    const { side, kind, price, movable } = level;
    const name = [side, kind, price, movable].join();
    const there = found.get(name);
    if (there === undefined) found.set(name, level);
    else found.set(name, { ...there, orders: [...there.orders, ...level.orders], quantity: Number((there.quantity + level.quantity).toFixed(9)) });
  };
  for (const order of orders) {
    if (order.symbol !== symbol) continue;
    const common = { orders: [order.id], side: order.side === "sell" ? "sell" : "buy", quantity: order.leaves } as const;
    const { limit_price: limit, stop_price: stop, type } = order;
    if (limit !== null && type in LIMIT) {
      const kind = LIMIT[type] ?? "";
      add({ ...common, key: `${order.id}`, field: "limit_price", price: limit, kind, movable: true });
    }
    if (stop !== null && type in TRIGGER) {
      const key = limit !== null && type in LIMIT ? `${order.id}-stop` : `${order.id}`;
      const movable = type !== "trailing_stop";
      add({ ...common, key, field: "stop_price", price: stop, kind: TRIGGER[type] ?? "", movable });
    }
  }
  return [...found.values()];
}

/** Lines with a label of their own; the others are ticks, so that the chart and its axis can be read. */
export const LABELLED_MAX = 12;

/** The lines nearest to the market, as their own sides and kinds have it: the highest of the buys that wait below, and so on. */
export function labelled(levels: readonly Level[]): ReadonlySet<string> {
  if (levels.length <= LABELLED_MAX) return new Set(levels.map(({ key }) => key));
  const queues = new Map<string, Level[]>();
  for (const level of levels) {
    const name = `${level.side} ${level.field}`;
    queues.set(name, [...(queues.get(name) ?? []), level]);
  }
  const found = new Set<string>();
  for (const [name, queue] of queues) {
    const below = name === "buy limit_price" || name === "sell stop_price";
    queue.sort((a, b) => (below ? b.price - a.price : a.price - b.price));
  }
  for (let at = 0; found.size < LABELLED_MAX; at++) {
    for (const queue of queues.values()) {
      const level = queue[at];
      if (level !== undefined && found.size < LABELLED_MAX) found.add(level.key);
    }
  }
  return found;
}

/** The price nearest to one that the instrument can have. */
export function stepped(price: number, increment: number, decimals: number): number {
  return Number((Math.round(price / increment) * increment).toFixed(decimals));
}

/** Where a label stands: in a column, 0 the outermost, or behind another label, which then says how many it stands for. */
export interface Place {
  readonly column: number;
  /** The label that stands for it; its own index where it stands itself. */
  readonly by: number;
}

/** Places for labels of one height at such heights, so that none covers another; what finds no room is behind one that did. */
export function places(heights: readonly number[], size: number, most: number): Place[] {
  const order = heights.map((_, at) => at).sort((a, b) => heights[a]! - heights[b]! || a - b);
  const ends: number[] = [];
  /** By column the label that was put there last. */
  const last: number[] = [];
  const found: Place[] = heights.map((_, at) => ({ column: 0, by: at }));
  for (const at of order) {
    const height = heights[at]!;
    let column = 0;
    while (column < most && (ends[column] ?? -Infinity) > height) column++;
    if (column === most) {
      found[at] = { column: most - 1, by: last[most - 1]! };
      continue;
    }
    ends[column] = height + size;
    last[column] = at;
    found[at] = { column, by: at };
  }
  return found;
}
