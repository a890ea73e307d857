import { signal } from "@preact/signals-core";
import { millis } from "../../ui/format";
import type { LeaderboardOut, StandingOut } from "../../wire/answers";
import { ApiProblem, said } from "../../wire/rest";
import type { Desk } from "../desk-context";

/** How it is shown may change at any time, and the stream does not say so. */
const ASK_MS = 10_000;

/** How the instructor shows the leaderboard, and what its stream does not tell; asked for while somebody looks. */
export class Board {
  readonly state = signal<"asking" | "shown" | "hidden" | "failed">("asking");
  readonly sentence = signal("");
  /** Seconds of the exchange that it lies behind; 0: it is live. */
  readonly late = signal(0);
  readonly asOf = signal(0);
  readonly standings = signal<ReadonlyMap<number, StandingOut>>(new Map());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private readonly leave: () => void;

  constructor(private readonly desk: Desk) {
    this.leave = desk.stream.follow("leaderboard");
    void this.ask();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.leave();
  }

  private async ask(): Promise<void> {
    const { rest, stream, session } = this.desk;
    if (!document.hidden && stream.link.peek() !== "lost") {
      try {
        const found = await rest.get<LeaderboardOut>(`/api/sessions/${encodeURIComponent(session)}/leaderboard`);
        if (this.closed) return;
        this.standings.value = new Map(found.standings.map((each) => [each.account, each]));
        this.late.value = found.mode === "delayed" ? found.delay_seconds : 0;
        this.asOf.value = millis(found.as_of);
        // The server has ended the stream of one that was hidden; it is asked for anew.
        if (this.state.peek() === "hidden") stream.retry("leaderboard");
        this.state.value = "shown";
      } catch (problem) {
        if (this.closed) return;
        const hidden = problem instanceof ApiProblem && problem.code === "hidden";
        this.state.value = hidden ? "hidden" : "failed";
        this.sentence.value = said(problem);
      }
    }
    if (!this.closed) this.timer = setTimeout(() => void this.ask(), ASK_MS);
  }
}
