// Everything that can be done to a session, as data: what is asked first, what is sent, and what is said afterwards.

import { words } from "../ui/format";

/** One request that changes something. `question` says what will happen; empty where nothing is lost by it. */
export interface Act {
  label: string;
  question: string;
  danger: boolean;
  method: "post" | "put" | "delete";
  path: string;
  body?: unknown;
  done: string;
}

const base = (session: string): string => `/api/sessions/${encodeURIComponent(session)}`;

/** A path below a session. */
export function of(session: string, path: string): string {
  return `${base(session)}/${path}`;
}

function move(session: string, label: string, path: string, body: unknown, question: string, done: string, danger = false): Act {
  return { label, question, danger, method: "post", path: of(session, path), body, done };
}

/** What can be done next with a session in this state, the usual thing first. */
export function movesOf(session: string, state: string, seats: number): Act[] {
  const who = seats === 1 ? "the one participant" : `all ${seats} participants`;
  const open = (label: string): Act =>
    move(session, label, "start", { to: "open" }, `Open the market of ${session}? Orders of ${who} trade from now on.`, `Session ${session} is open.`);
  const close = move(
    session,
    "Close",
    "close",
    undefined,
    `Close ${session} for good? Trading stops for ${who}, and it cannot be opened again.`,
    `Session ${session} is closed for good.`,
    true,
  );
  const pause = move(
    session,
    "Pause",
    "pause",
    undefined,
    `Pause ${session}? Its clock stands still, and ${who} can only cancel.`,
    `Session ${session} is paused: orders can only be cancelled.`,
  );
  switch (state) {
    case "lobby":
      return [
        move(session, "Start pre-open", "start", { to: "pre_open" }, "", `Session ${session} collects orders for the opening.`),
        open("Open now"),
        close,
      ];
    case "pre_open":
      return [open("Open"), pause, close];
    case "open":
      return [pause, close];
    case "paused":
      return [
        move(session, "Resume", "resume", { by_auction: false }, "", `Session ${session} goes on.`),
        move(
          session,
          "Resume by auction",
          "resume",
          { by_auction: true },
          `Resume ${session} by an auction? Orders are collected first, then every instrument opens at one price.`,
          `Session ${session} goes on with a reopening auction.`,
        ),
        close,
      ];
    case "closed":
      return [
        move(
          session,
          "Debrief",
          "debrief",
          undefined,
          `Show the debrief of ${session}? Its tables are sealed, and nothing is added to them any more.`,
          `Session ${session} is in its debrief; its tables are sealed.`,
        ),
      ];
    default:
      return [];
  }
}

/** `5` and `"max"` as people say them. */
export function speedText(speed: number | null | undefined): string {
  return speed === null ? "as fast as possible" : `${speed ?? 1}×`;
}

export function speedAct(session: string, speed: number | "max"): Act {
  const fast = speed === "max" || speed > 20;
  const said = speed === "max" ? "as fast as possible" : `at ${speed}×`;
  return move(
    session,
    "Set speed",
    "speed",
    { speed },
    fast ? `Let ${session} run ${said}? People can hardly trade in a market of that speed.` : "",
    `Session ${session} runs ${said}.`,
  );
}

const named = (symbols: string[]): string => (symbols.length === 0 ? "all instruments" : symbols.join(", "));

export function haltAct(session: string, symbols: string[], seats: number): Act {
  return move(
    session,
    "Halt",
    "halt",
    { symbols },
    `Halt ${named(symbols)}? Nothing trades there until you lift it; ${seats} participants can only cancel.`,
    `Trading in ${named(symbols)} is halted.`,
    true,
  );
}

export function liftAct(session: string, symbols: string[], byAuction: boolean): Act {
  const how = byAuction ? "by a reopening auction" : "at once";
  return move(
    session,
    byAuction ? "Lift by auction" : "Lift",
    "lift",
    { symbols, by_auction: byAuction },
    byAuction ? "" : `Lift the halt of ${named(symbols)} at once? Orders that wait trade at the prices they have now.`,
    `The halt of ${named(symbols)} is lifted ${how}.`,
  );
}

/** Somebody in the session; no name means everybody. */
export interface Whom {
  account: string;
  user: string;
  openOrders: number;
}

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
    `Cancel every open order of all ${seats} participants? They lose their places in the queue; nobody is suspended.`,
    "The open orders of all participants are cancelled.",
    true,
  );
}

export function limitAct(session: string, whom: Whom | null, limit: string, value: string): Act {
  const who = whom === null ? "every trader" : called(whom);
  return move(
    session,
    "Set limit",
    "limits",
    { account: whom?.account ?? "", limit, value },
    "",
    `${words(limit)} of ${who} is ${Number(value) === 0 ? "no longer limited" : value} from now on.`,
  );
}

export function transferAct(session: string, whom: Whom, amount: string): Act {
  const out = amount.trim().startsWith("-");
  return move(
    session,
    "Transfer",
    "transfer",
    { account: whom.account, amount },
    "",
    `${amount.replace("-", "")} ${out ? "was taken out of" : "was paid into"} the account of ${called(whom)}.`,
  );
}

export function fineAct(session: string, whom: Whom, amount: string): Act {
  return move(session, "Fine", "fine", { account: whom.account, amount }, "", `${called(whom)} was fined ${amount}.`);
}

export function boardAct(session: string, hidden: boolean): Act {
  return {
    label: hidden ? "Hide from students" : "Show to students",
    question: "",
    danger: false,
    method: "put",
    path: of(session, "leaderboard"),
    body: { hidden },
    done: hidden ? "Students no longer see the leaderboard." : "Students see the leaderboard.",
  };
}

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
