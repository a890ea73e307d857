// What can be done to a session, as data: what is asked first, what is sent, and what is said afterwards.

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

/** An act that is a POST below the session. */
export function move(session: string, label: string, path: string, body: unknown, question: string, done: string, danger = false): Act {
  return { label, question, danger, method: "post", path: of(session, path), body, done };
}

/** Whether anything can still happen in a session of this state. */
export const isOver = (state: string | undefined): boolean => state === "closed" || state === "debrief";

/** Everybody with a seat, in words. */
export function crowd(seats: number): string {
  if (seats === 0) return "whoever takes a seat";
  return seats === 1 ? "the one participant" : `all ${seats} participants`;
}

/** What can be done next with a session in this state, the usual thing first. */
export function movesOf(session: string, state: string, seats: number): Act[] {
  const who = crowd(seats);
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
