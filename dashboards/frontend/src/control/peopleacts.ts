import { money, sum, words } from "../ui/format";
import { crowd, move, type Act } from "./acts";
import type { RosterRow } from "./roster";

/** Somebody in the session; no name means everybody. */
export interface Whom {
  account: string;
  user: string;
  openOrders: number;
}

/** A line of the roster as somebody to deal with. */
export const whom = (row: RosterRow): Whom => ({ account: row.seat, user: row.user, openOrders: row.openOrders });

const called = (whom: Whom): string => (whom.user === "" ? whom.account : `${whom.user} (${whom.account})`);
const orders = (count: number): string => (count === 1 ? "1 open order" : `${count} open orders`);

export function suspendAct(session: string, whom: Whom, cancel: boolean): Act {
  const stay = whom.openOrders === 1 ? "stays" : "stay";
  const also = cancel ? `, and cancel ${orders(whom.openOrders)}` : `; ${orders(whom.openOrders)} ${stay} in the book`;
  return move(
    session,
    cancel ? "Suspend and cancel" : "Suspend",
    "suspend",
    { account: whom.account, cancel },
    `Suspend ${called(whom)}${also}? No new orders are taken until you reinstate the account.`,
    `${called(whom)} is suspended${cancel ? " and has no open orders" : ""}.`,
    true,
  );
}

export function reinstateAct(session: string, whom: Whom): Act {
  return move(session, "Reinstate", "reinstate", { account: whom.account }, "", `${called(whom)} can trade again.`);
}

export function killAct(session: string, whom: Whom): Act {
  return move(
    session,
    "Cancel orders",
    "kill",
    { account: whom.account },
    `Cancel ${orders(whom.openOrders)} of ${called(whom)}? They lose their places in the queue; new ones can be sent at once.`,
    `The open orders of ${called(whom)} are cancelled.`,
    true,
  );
}

export function killAllAct(session: string, seats: number): Act {
  return move(
    session,
    "Cancel all orders",
    "kill",
    { account: "" },
    `Cancel every open order of ${crowd(seats)}? They lose their places in the queue; nobody is suspended.`,
    "The open orders of all participants are cancelled.",
    true,
  );
}

/** A limit from the next order on, of one account or all; 0 takes it away. */
export function limitAct(session: string, whom: Whom | null, limit: string, value: string): Act {
  const [, label, unit] = LIMITS.find(([name]) => name === limit) ?? [limit, words(limit), ""];
  const who = whom === null ? "every trader" : called(whom);
  return move(
    session,
    "Set limit",
    "limits",
    { account: whom?.account ?? "", limit, value: value.trim() },
    "",
    `${label} of ${who}: ${Number(value) === 0 ? "no limit" : `${value.trim()} ${unit}`} from now on.`,
  );
}

export function transferAct(session: string, whom: Whom, amount: string, reason: string): Act {
  const out = amount.trim().startsWith("-");
  return move(
    session,
    "Transfer",
    "transfer",
    paid(whom, amount, reason),
    "",
    `${sum(amount).replace("\u2212", "")} ${out ? "was taken out of" : "was paid into"} the account of ${called(whom)}.`,
  );
}

export function fineAct(session: string, whom: Whom, amount: string, reason: string): Act {
  return move(session, "Fine", "fine", paid(whom, amount, reason), "", `${called(whom)} was fined ${sum(amount)}.`);
}

/** What somebody has and what an amount would leave them, before it is moved; with no amount yet what they have alone. */
export function equityTold(equity: number, received: number): string {
  if (!Number.isFinite(received) || received === 0) return `Equity now: ${money(equity)}.`;
  const left = equity + received;
  return `Equity now: ${money(equity)}, then ${money(left)}${left < 0 ? ", below zero" : ""}.`;
}

const paid = (whom: Whom, amount: string, reason: string): unknown => ({ account: whom.account, amount, reason: reason.trim() });

/** Limits that can be set, with their units. Lots are an instrument's smallest steps of quantity. */
export const LIMITS: readonly (readonly [name: string, label: string, unit: string])[] = [
  ["max_order_lots", "Largest order", "lots"],
  ["max_order_notional", "Largest order value", "currency"],
  ["position_limit_lots", "Position limit", "lots"],
  ["max_open_orders", "Open orders", "orders"],
  ["orders_per_second", "Orders per second", "1/s"],
  ["order_burst", "Orders at once", "orders"],
  ["max_daily_loss", "Daily loss", "currency"],
  ["max_drawdown", "Drawdown", "currency"],
];

/** Fees that can be set, with their units, as the scenario's `fees` has them; negative ones are rebates. */
export const FEES: readonly (readonly [name: string, label: string, unit: string])[] = [
  ["maker_bps", "Maker", "basis points"],
  ["taker_bps", "Taker", "basis points"],
  ["maker_per_lot", "Maker per lot", "currency"],
  ["taker_per_lot", "Taker per lot", "currency"],
  ["per_order", "Per order that trades", "currency"],
  ["minimum_per_order", "Least per order", "currency"],
  ["cap_bps", "Most per order", "basis points"],
];

/** A fee from the next fill on, of one account or all, in one instrument or all. */
export function feeAct(session: string, whom: Whom | null, symbol: string, fee: string, value: string): Act {
  const [, label, unit] = FEES.find(([name]) => name === fee) ?? [fee, words(fee), ""];
  const body = { fee, value: value.trim(), ...(whom === null ? {} : { account: whom.account }), ...(symbol === "" ? {} : { symbol }) };
  const where = symbol === "" ? "every instrument" : symbol;
  return move(
    session,
    "Set fee",
    "fees",
    body,
    "",
    `${label} fee of ${whom === null ? "every trader" : called(whom)} in ${where} is ${value.trim()} ${unit} from the next fill on.`,
  );
}
