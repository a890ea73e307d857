/** Spans of time in which the market was not trading continuously, shaded behind the candles. */

/** What the market did instead of trading continuously. */
export type Stop = "halt" | "auction";

export interface Band {
  readonly kind: Stop;
  readonly label: string;
  /** Milliseconds; `end` is null while it lasts. */
  readonly start: number;
  readonly end: number | null;
}

const WORDS: Readonly<Record<string, readonly [Stop, string]>> = {
  halted: ["halt", "Halted"],
  opening_auction: ["auction", "Opening auction"],
  closing_auction: ["auction", "Closing auction"],
  reopening_auction: ["auction", "Reopening auction"],
  pre_open: ["auction", "Pre-open"],
};

/** What a phase is called when it is to be shaded. */
export function stopOf(phase: string): readonly [Stop, string] | undefined {
  return WORDS[phase];
}

/** The bands after an instrument was seen in a phase at a time; `since` is when that phase began, where it is known. */
export function seen(bands: readonly Band[], phase: string, time: number, since?: number): readonly Band[] {
  const stop = WORDS[phase];
  const open = bands.at(-1);
  const lasts = open !== undefined && open.end === null;
  if (lasts && stop !== undefined && open.label === stop[1]) return bands;
  if (!lasts && stop === undefined) return bands;
  const begin = since ?? time;
  const before = lasts ? [...bands.slice(0, -1), { ...open, end: Math.max(begin, open.start) }] : bands;
  return stop === undefined ? before : [...before, { kind: stop[0], label: stop[1], start: begin, end: null }];
}
