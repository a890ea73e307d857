import { words } from "../ui/format";
import type { MarketRow, SessionRow } from "../wire/frames";
import type { AlertRow, ParticipantOut } from "./words";

/** Something that whoever runs the session should know. `time` is exchange time where the exchange said it. */
export interface Alert {
  time: string;
  kind: "bad" | "warn" | "good" | "info";
  what: string;
  account?: number;
  /** Its place in the session's events, by which it is the same wherever it was read. */
  seq?: number;
}

type People = readonly Pick<ParticipantOut, "account" | "name" | "user">[];

const amount = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** An alert of the server's list as a sentence. */
export function ofServer(row: AlertRow, people: People): Alert {
  const { time, seq, symbol } = row;
  const found = people.find(({ name }) => name === row.account);
  const who = row.name === "" || row.name === row.account ? row.account : `${row.name} (${row.account})`;
  const why = row.reason === "" || row.reason === "none" ? "" : `: ${words(row.reason)}`;
  const where = symbol || "Trading";
  const told = (kind: Alert["kind"], what: string): Alert => ({ time, seq, kind, what, ...(found === undefined ? {} : { account: found.account }) });
  switch (row.kind) {
    case "margin_call":
      return told("bad", `${who} has a margin call (equity ${amount.format(row.equity ?? 0)}, required ${amount.format(row.requirement ?? 0)})`);
    case "margin_call_met":
      return told("good", `${who} has met the margin call`);
    case "liquidation":
      return told("bad", `The exchange closes ${symbol ? `${symbol} of ` : "a position of "}${who}`);
    case "limit_breached":
      return told("warn", `${who} broke a limit${why}`);
    case "suspended":
      return told("bad", `${who} is suspended${why}`);
    case "reinstated":
      return told("good", `${who} can trade again`);
    case "halted":
      return told("bad", `${where} is halted${why}`);
    case "paused":
      return told("warn", `${where} is paused by its price limits`);
    case "lifted":
      return told("good", `${where} is no longer halted`);
    case "busted":
      return told("warn", `Trade ${row.value ?? ""} in ${where} was busted${row.name === "" ? "" : ` by ${row.name}`}${row.text === "" ? "" : `: ${row.text}`}`);
    default:
      return told(row.kind === "journal" ? "bad" : "warn", row.text);
  }
}

/** What of an account's, an instrument's or the session's events is one for the server's list. */
const LISTED = new Set(["margin_call", "margin_call_met", "liquidation", "account_suspended", "account_reinstated", "limit_breached", "trade_busted"]);
export const isListed = (event: string | undefined): boolean => event !== undefined && LISTED.has(event);

/** A change of an instrument's phase other than a halt and its end, which the server lists. */
export function ofMarket(before: MarketRow | undefined, now: MarketRow): Alert | null {
  if (before === undefined || before.phase === now.phase || now.phase === undefined) return null;
  if (now.phase === "halted" || before.phase === "halted") return null;
  return { time: now.time ?? "", kind: "info", what: `${now.symbol}: ${words(now.phase)}` };
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

/** The server's list and what this page alone saw, the newest first; of one time what the server says stands first. */
export function together(listed: readonly Alert[], seen: readonly Alert[]): Alert[] {
  const all = [...listed, ...seen];
  // ISO 8601 with equal digits sorts as text.
  return all.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1));
}
