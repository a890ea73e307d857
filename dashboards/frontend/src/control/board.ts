import { of, type Act } from "./acts";

export const MODES = ["live", "delayed", "hidden"] as const;
export type Mode = (typeof MODES)[number];

/** `300` as "5 min", `90` as "90 s". */
export function delayText(seconds: number): string {
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** Seconds of a delay in minutes, as somebody wrote it; null for what is no time. */
export function delaySeconds(minutes: string): number | null {
  const seconds = Math.round(Number(minutes.trim()) * 60);
  return minutes.trim() === "" || !Number.isFinite(seconds) || seconds <= 0 ? null : seconds;
}

/** What students see of the leaderboard from now on. */
export function boardAct(session: string, mode: Mode, delay: number): Act {
  const said: Record<Mode, string> = {
    live: "Students see the leaderboard as it is.",
    delayed: `Students see the leaderboard as it was ${delayText(delay)} before, in exchange time.`,
    hidden: "Students no longer see the leaderboard.",
  };
  return {
    label: "Leaderboard",
    question: "",
    danger: false,
    method: "put",
    path: of(session, "leaderboard"),
    body: mode === "delayed" ? { mode, delay_seconds: delay } : { mode },
    done: said[mode],
  };
}
