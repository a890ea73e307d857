import type { StandingOut } from "./words";

export const ORDERS = ["pnl", "risk", "breaches"] as const;
export type By = (typeof ORDERS)[number];

export interface Leader {
  rank: number;
  standing: StandingOut;
  ratio: number | null;
}

/** Return on what was paid in, for each point of the deepest fall (as a Calmar ratio has it, over the session); none without a fall. */
export function ratioOf({ pnl, equity, drawdown }: StandingOut): number | null {
  const paidIn = equity - pnl;
  return drawdown < 0 && paidIn > 0 ? pnl / paidIn / -drawdown : null;
}

/** Standings in an order; equals share a rank. By risk, a profit without any fall comes first. */
export function ranked(standings: readonly StandingOut[], by: By): Leader[] {
  const leaders = standings.map((standing) => ({ rank: 0, standing, ratio: ratioOf(standing) }));
  const worth = ({ standing, ratio }: Leader): number => {
    if (by === "pnl") return standing.pnl;
    if (by === "breaches") return standing.breaches ?? 0;
    return ratio ?? (standing.pnl > 0 ? Number.MAX_VALUE : 0);
  };
  leaders.sort((a, b) => worth(b) - worth(a) || a.standing.account - b.standing.account);
  leaders.forEach((leader, place) => {
    const before = leaders[place - 1];
    leader.rank = before !== undefined && worth(before) === worth(leader) ? before.rank : place + 1;
  });
  return leaders;
}
