import { TOPICS, type AnyRow, type Delta, type LevelRow, type Snapshot } from "./frames";

/** What one frame did to a topic: `rows` are those that came, as the table has them now. */
export interface Change {
  topic: string;
  whole: boolean;
  rows: AnyRow[];
  table: Table;
}

const TRADES_MAX = 200;

function isLevel(row: AnyRow): row is LevelRow {
  return Array.isArray(row);
}

/** The rows of one topic: its latest snapshot and every delta after it. */
export class Table {
  readonly rows = new Map<string, AnyRow>();
  seq = 0;
  private count = 0;
  private readonly key: readonly string[];
  private readonly facts: readonly string[];
  private readonly own: boolean;
  private readonly bound: number;

  constructor(readonly topic: string) {
    const kind = topic.split(":", 1)[0] ?? topic;
    this.key = TOPICS[kind]?.key ?? [];
    this.facts = TOPICS[kind]?.facts ?? [];
    this.own = TOPICS[kind]?.own ?? false;
    this.bound = kind === "trades" ? TRADES_MAX : Number.POSITIVE_INFINITY;
  }

  /** Take a frame; null says that deltas before it are missing, so the topic is to be asked for again. */
  take(frame: Snapshot | Delta): Change | null {
    const whole = frame.type === "snapshot";
    const count = frame.n ?? 0;
    if (frame.type === "snapshot") this.rows.clear();
    else {
      if (frame.prev > this.seq || this.seq === 0) return null;
      const known = this.own ? count <= this.count : frame.seq < this.seq;
      if (known) return { topic: this.topic, whole, rows: [], table: this };
      // Events one by one are counted, so that not even one whose number looks right can be missing.
      if (this.own && count !== this.count + frame.rows.length) return null;
    }
    this.seq = frame.seq;
    this.count = count;
    const rows = frame.rows.map((row) => this.merge(row));
    while (this.rows.size > this.bound) {
      const oldest = this.rows.keys().next();
      if (oldest.done) break;
      this.rows.delete(oldest.value);
    }
    return { topic: this.topic, whole, rows, table: this };
  }

  /** Forget everything: it is another session under the same name. */
  drop(): void {
    this.rows.clear();
    this.seq = 0;
    this.count = 0;
  }

  /** The rows as one kind; which kind follows from the topic. */
  values<R extends AnyRow>(): R[] {
    return [...this.rows.values()] as R[];
  }

  private merge(row: AnyRow): AnyRow {
    if (isLevel(row)) {
      const key = `${row[0]}|${row[1]}`;
      if (row[2] === 0) this.rows.delete(key);
      else this.rows.set(key, row);
      return row;
    }
    const fields = row as unknown as Record<string, unknown>;
    const key = this.key.map((name) => String(fields[name])).join("|");
    const before = this.rows.get(key);
    // A new object, so that whoever compares rows by identity sees which of them changed.
    const merged = { ...before, ...row } as AnyRow;
    if (this.facts.length === 0) {
      this.rows.set(key, merged);
      return merged;
    }
    const kept = { ...merged } as unknown as Record<string, unknown>;
    for (const fact of this.facts) delete kept[fact];
    this.rows.set(key, kept as unknown as AnyRow);
    return merged;
  }
}
