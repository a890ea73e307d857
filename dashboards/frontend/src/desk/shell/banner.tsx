import type { Desk } from "../desk-context";
import { clock, money, words } from "../../ui/format";
import { hasReview, isOver, reviewOf } from "../session-address";

export interface Notice {
  state: string;
  kind: "bad" | "warn" | "info";
  text: string;
  /** Where to go on from here. */
  link?: { href: string; text: string };
}

const SESSION: Record<string, Notice> = {
  draft: { state: "draft", kind: "info", text: "The session is not open yet." },
  lobby: { state: "lobby", kind: "info", text: "Lobby: take a look around; trading begins when the instructor opens the market." },
  pre_open: { state: "pre_open", kind: "info", text: "Pre-open: orders are collected and trade when the market opens." },
  paused: { state: "paused", kind: "warn", text: "The session is paused: the clock stands still and nothing trades." },
  closed: { state: "closed", kind: "info", text: "The session is closed; orders are no longer taken." },
  debrief: { state: "debrief", kind: "info", text: "Debrief: the session is over and can be looked at." },
};

/** What is not as usual just now, the weightiest first; null while everything is. */
export function noticeOf({ stream, store, me }: Desk): Notice | null {
  const link = stream.link.value;
  if (link === "ended") {
    const text = stream.ended.value || "The connection has ended; reload the page to come back.";
    return { state: "ended", kind: "bad", text };
  }
  if (link === "lost") {
    return { state: "lost", kind: "bad", text: "Connection lost: what you see is old, and orders cannot be sent. Trying again …" };
  }
  const session = store.session.value;
  if (session?.failed) return { state: "failed", kind: "bad", text: `The session has failed: ${session.failed}` };
  const account = store.account.value;
  const zone = session?.zone ?? "UTC";
  if (account.state === "suspended") {
    const why = account.suspendedFor === "none" ? "" : ` (${words(account.suspendedFor)})`;
    return { state: "suspended", kind: "bad", text: `Your account is suspended${why}: you cannot open positions.` };
  }
  if (account.marginCall) {
    const until = account.callDeadline > 0 ? ` by ${clock(account.callDeadline, zone)}` : "";
    const need = money(Math.max(0, account.maintenance - account.equity));
    return { state: "margin-call", kind: "bad", text: `Margin call: reduce positions${until}; ${need} of equity is missing.` };
  }
  const standing = SESSION[session?.state ?? ""];
  if (standing !== undefined) {
    return isOver(session?.state) && hasReview({ store, me }) ? { ...standing, link: { href: reviewOf(session?.name ?? ""), text: "Review the day" } } : standing;
  }
  const symbol = store.symbol.value;
  const market = store.market(symbol).value;
  if (market.halted) return { state: "halted", kind: "warn", text: `${symbol} is halted: no trading until it is lifted.` };
  if (market.phase === "closed") return { state: "closed", kind: "info", text: `The market of ${symbol} is closed.` };
  if (market.phase !== undefined && market.phase !== "continuous") {
    return { state: market.phase, kind: "info", text: `${symbol}: ${words(market.phase)}; orders are collected for one price.` };
  }
  return null;
}
