/** In which order the watch list shows instruments. */

export type Column = "symbol" | "last" | "change" | "bid" | "ask" | "volume";

export interface Sorting {
  readonly column: Column;
  readonly down: boolean;
}

/** What is compared: of the market what it knows, of which anything may be missing. */
export interface Quoted {
  readonly symbol: string;
  readonly last?: number | null | undefined;
  readonly open?: number | null | undefined;
  readonly bid?: number | null | undefined;
  readonly ask?: number | null | undefined;
  readonly volume?: number | undefined;
}

/** Change since the open as a fraction, or null before there is one. */
export function changeOf({ last, open }: Pick<Quoted, "last" | "open">): number | null {
  return last === null || last === undefined || !open ? null : last / open - 1;
}

function valueOf(row: Quoted, column: Exclude<Column, "symbol">): number | null {
  return column === "change" ? changeOf(row) : (row[column] ?? null);
}

/** Symbols in the order of a column; those without a value come last either way, equal ones by their symbol. */
export function ordered(rows: readonly Quoted[], { column, down }: Sorting): string[] {
  const sign = down ? -1 : 1;
  const bySymbol = (a: Quoted, b: Quoted): number => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0);
  const compare =
    column === "symbol"
      ? (a: Quoted, b: Quoted): number => sign * bySymbol(a, b)
      : (a: Quoted, b: Quoted): number => {
          const one = valueOf(a, column);
          const other = valueOf(b, column);
          if (one === null || other === null) return Number(one === null) - Number(other === null) || bySymbol(a, b);
          return sign * (one - other) || bySymbol(a, b);
        };
  return [...rows].sort(compare).map((row) => row.symbol);
}

/** The sorting after a click on a head: the same column turns round; numbers begin with the largest. */
export function clicked(now: Sorting, column: Column): Sorting {
  return column === now.column ? { column, down: !now.down } : { column, down: column !== "symbol" };
}

/** The rows of a scrolled list that have to be there, with a few beyond the edges. */
export function shown(top: number, height: number, row: number, count: number, beyond = 4): [from: number, to: number] {
  const from = Math.max(0, Math.min(Math.floor(top / row) - beyond, count));
  return [from, Math.min(count, Math.ceil((top + height) / row) + beyond)];
}
