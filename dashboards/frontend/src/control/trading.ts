import { of, type Act } from "./acts";
import type { TradeRow } from "./words";

/** Who a side of a trade is, as people call it. */
export const sideOf = (side: string): string => (side === "" || side === "street" ? "the market" : side);

/** Why a trade cannot be busted; "" where it can. The exchange keeps no trade in which nobody with an account had a side. */
export function whyNoBust({ buyer, seller, busted }: Pick<TradeRow, "buyer" | "seller" | "busted">): string {
  if (busted) return "It is busted already";
  return [buyer, seller].every((side) => side === "" || side === "street") ? "Both sides are the market’s own: there is nobody to give anything back to" : "";
}

export function bustAct(session: string, trade: TradeRow, reason: string): Act {
  return {
    label: "Bust",
    question: "",
    danger: true,
    method: "post",
    path: of(session, `trades/${trade.trade}/bust`),
    body: { reason: reason.trim() },
    done: `Trade ${trade.trade} in ${trade.symbol} is busted.`,
  };
}

/** What the server is asked for a search: a trade's number with or without #, or somebody by name or seat. */
export interface Query {
  symbol: string;
  account: string;
  trade: number | null;
  /** Why nothing can be found, where that is known before asking. */
  problem: string;
}

interface Person {
  name: string;
  user: string;
}

/** Understand a search text; several people whose names begin like it are too many to ask for. */
export function understood(symbol: string, text: string, people: readonly Person[]): Query {
  const wanted = text.trim().toLowerCase();
  const query: Query = { symbol, account: "", trade: null, problem: "" };
  if (wanted === "") return query;
  const number = /^#?(\d+)$/.exec(wanted.replaceAll(",", ""));
  if (number?.[1] !== undefined) return { ...query, trade: Number(number[1]) };
  const exact = people.find(({ name, user }) => user.toLowerCase() === wanted || name.toLowerCase() === wanted);
  const alike = exact === undefined ? people.filter(({ name, user }) => user.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted)) : [exact];
  const [only, second] = alike;
  if (only === undefined) return { ...query, problem: `Nobody here is called “${text.trim()}”.` };
  if (second !== undefined) return { ...query, problem: `${alike.map(({ user }) => user).slice(0, 6).join(", ")}${alike.length > 6 ? "…" : ""}: write on until one is left.` };
  return { ...query, account: only.name };
}

/** The address of a page of trades. */
export function tradesPath({ symbol, account, trade }: Query, before: number | null, limit: number): string {
  const asked = new URLSearchParams({ limit: String(trade === null ? limit : 1) });
  if (symbol !== "") asked.set("symbol", symbol);
  if (account !== "") asked.set("account", account);
  const from = trade === null ? before : trade + 1;
  if (from !== null) asked.set("before", String(from));
  return `trades?${asked.toString()}`;
}

/** The newest page over the older ones: each trade once, in its newest state. */
export function merged(newest: readonly TradeRow[], known: readonly TradeRow[]): TradeRow[] {
  const last = newest.at(-1)?.trade ?? Number.POSITIVE_INFINITY;
  return [...newest, ...known.filter(({ trade }) => trade < last)];
}
