import type { LeaderRow } from "../../wire/frames";

export interface Placed {
  readonly rank: number;
  readonly account: number;
  readonly name: string;
  readonly pnl: number;
}

/** Everybody by profit; equals share a rank. */
export function placed(rows: readonly LeaderRow[]): Placed[] {
  const sorted = rows.map(({ account, name = "", pnl = 0 }) => ({ rank: 0, account, name, pnl }));
  sorted.sort((a, b) => b.pnl - a.pnl || a.account - b.account);
  sorted.forEach((each, at) => {
    const before = sorted[at - 1];
    each.rank = before !== undefined && before.pnl === each.pnl ? before.rank : at + 1;
  });
  return sorted;
}

/** How late a leaderboard is, as in "5 min late". */
export function lateness(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s late`;
  return `${Number((seconds / 60).toFixed(1))} min late`;
}
