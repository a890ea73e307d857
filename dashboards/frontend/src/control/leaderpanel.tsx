import { useSignal } from "@preact/signals";
import { direction, money, percent, signed } from "../ui/format";
import { askDelay } from "./asking";
import { boardAct, delayText, MODES, type Mode } from "./board";
import type { House } from "./house";
import { ORDERS, ranked, type By } from "./leaders";
import type { Room } from "./room";

const DELAY_S = 300;
const TITLES: Record<Mode, string> = {
  live: "Students see it as it is",
  delayed: "Students see it as it was some minutes before",
  hidden: "Students do not see it",
};
const LABELS: Record<By, string> = { pnl: "PnL", risk: "Ret/fall", breaches: "Breaches" };

/** Who leads, by profit or by profit for the risk that was taken; and whether students see it. */
export function LeaderPanel({ house, room }: { house: House; room: Room }) {
  const by = useSignal<By>("pnl");
  const board = room.board.value;
  const mode = board?.mode ?? "live";
  const delay = board?.delay_seconds ?? 0;
  const rows = ranked(board?.standings ?? [], by.value);
  return (
    <section class="panel" data-testid="panel-leaderboard">
      <header>
        Leaders
        <span class="c-chips" role="group" aria-label="Order">
          {ORDERS.map((each) => (
            <button key={each} class="c-chip" aria-pressed={by.value === each} onClick={() => (by.value = each)}>
              {LABELS[each]}
            </button>
          ))}
        </span>
      </header>
      <div class="c-doing">
        <span class="dim">Students see it</span>
        <span class="c-chips" role="group" aria-label="What students see of it">
          {MODES.map((each) => (
            <button
              key={each}
              class="c-chip"
              data-testid={`control-board-${each}`}
              aria-pressed={mode === each}
              disabled={!house.may.value.has("run_session") || board === null}
              title={TITLES[each]}
              onClick={() => (each === "delayed" ? askDelay(house, room, delay || DELAY_S) : void house.attempt(boardAct(room.name, each, 0)))}
            >
              {each === "delayed" && mode === "delayed" ? `${delayText(delay)} late` : each}
            </button>
          ))}
        </span>
      </div>
      <div class="body" tabIndex={0} role="region" aria-label="Standings">
        <table class="c-leaders">
          <thead>
            <tr>
              <th class="num">#</th>
              <th>Participant</th>
              <th class="num" title="In currency">
                PnL
              </th>
              <th class="num" title="Deepest fall below the peak before it">
                Fall
              </th>
              <th class="num" title="Return on what was paid in, divided by the deepest fall; none without a fall">
                Ret/fall
              </th>
              <th class="num" title="Limits broken">
                Br.
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ rank, standing, ratio }) => (
              <tr key={standing.account} data-testid="control-leader-row" onClick={() => (house.pointed.value = standing.account)}>
                <td class="num">{rank}</td>
                <td>{standing.name}</td>
                <td class={`num ${direction(standing.pnl)}`}>{signed(money(standing.pnl))}</td>
                <td class="num">{percent(standing.drawdown, 3)}</td>
                <td class="num">{ratio === null ? "–" : signed(money(ratio))}</td>
                <td class={`num ${(standing.breaches ?? 0) > 0 ? "c-warn" : ""}`}>{standing.breaches ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <div class="empty">{board === null ? "Reading the standings…" : "Nobody has a seat yet."}</div>}
      </div>
    </section>
  );
}
