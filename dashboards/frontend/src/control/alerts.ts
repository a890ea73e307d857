import { words } from "../ui/format";
import type { AccountRow, MarketRow, SessionRow } from "../wire/frames";
import type { ParticipantOut } from "./words";

/** Something that whoever runs the session should know. `time` is exchange time where the exchange said it. */
export interface Alert {
  time: string;
  kind: "bad" | "warn" | "good" | "info";
  what: string;
  account?: number;
}

type Names = (account: number) => string;

const amount = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** What an event of somebody's account means to the class; null for what is daily life. */
export function ofAccount(row: AccountRow, named: Names): Alert | null {
  const { account, event, time = "" } = row;
  const who = named(account);
  const why = row.reason ? `: ${words(row.reason)}` : "";
  switch (event) {
    case "margin_call": {
      const numbers = `equity ${amount.format(row.equity ?? 0)}, required ${amount.format(row.requirement ?? 0)}`;
      return { time, kind: "bad", account, what: `${who} has a margin call (${numbers})` };
    }
    case "margin_call_met":
      return { time, kind: "good", account, what: `${who} has met the margin call` };
    case "liquidation":
      return { time, kind: "bad", account, what: `The exchange closes ${row.symbol ? `${row.symbol} of ` : "a position of "}${who}` };
    case "account_suspended":
      return { time, kind: "bad", account, what: `${who} is suspended${why}` };
    case "account_reinstated":
      return { time, kind: "good", account, what: `${who} can trade again` };
    case "limit_breached":
      return { time, kind: "warn", account, what: `${who} broke a limit${why}` };
    default:
      return null;
  }
}

/** What stands already when the page opens: calls and suspensions that were there before. */
export function standing(row: AccountRow, named: Names, time: string): Alert | null {
  const who = named(row.account);
  if (row.state === "suspended") return { time, kind: "bad", account: row.account, what: `${who} is suspended since before this page was opened` };
  if (row.margin_call) return { time, kind: "bad", account: row.account, what: `${who} has a margin call since before this page was opened` };
  return null;
}

/** A change of an instrument's phase. */
export function ofMarket(before: MarketRow | undefined, now: MarketRow): Alert | null {
  if (before === undefined || before.phase === now.phase || now.phase === undefined) return null;
  const time = now.time ?? "";
  if (now.phase === "halted") return { time, kind: "bad", what: `${now.symbol} is halted` };
  if (before.phase === "halted") return { time, kind: "good", what: `${now.symbol} is no longer halted: ${words(now.phase)}` };
  return { time, kind: "info", what: `${now.symbol}: ${words(now.phase)}` };
}

/** A change of the session itself; above all that it takes nothing any more. */
export function ofSession(before: SessionRow | null, now: SessionRow, time: string): Alert[] {
  const found: Alert[] = [];
  if (now.failed && now.failed !== before?.failed) found.push({ time, kind: "bad", what: `The session takes nothing: ${now.failed}` });
  if (before?.failed && !now.failed) found.push({ time, kind: "good", what: "The session takes orders again" });
  if (before !== null && before.state !== now.state) found.push({ time, kind: "info", what: `The session: ${words(now.state)}` });
  return found;
}

/** Who has gone, who has come back, and who has sat down. */
export function ofParticipants(before: readonly ParticipantOut[] | null, now: readonly ParticipantOut[], time: string): Alert[] {
  if (before === null) return [];
  const known = new Map(before.map((each) => [each.account, each]));
  const found: Alert[] = [];
  for (const each of now) {
    const was = known.get(each.account);
    const who = `${each.user} (${each.name})`;
    if (was === undefined) found.push({ time, kind: "info", account: each.account, what: `${who} took a seat` });
    else if (was.connected && !each.connected) found.push({ time, kind: "warn", account: each.account, what: `${who} is disconnected` });
    else if (!was.connected && each.connected) found.push({ time, kind: "info", account: each.account, what: `${who} is connected` });
  }
  return found;
}

const KEPT = 500;

/** New ones in front, of which only so many are kept. */
export function with_(alerts: readonly Alert[], fresh: readonly Alert[]): Alert[] {
  return [...[...fresh].reverse(), ...alerts].slice(0, KEPT);
}
