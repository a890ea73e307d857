import { useSignal } from "@preact/signals";
import { direction, money, percent, signed } from "../ui/format";
import { boardAct } from "./acts";
import type { House } from "./house";
import { ORDERS, ranked, type By } from "./leaders";
import type { Room } from "./room";

const LABELS: Record<By, string> = { pnl: "PnL", risk: "Ret/fall", breaches: "Breaches" };

/** Who leads, by profit or by profit for the risk that was taken; and whether students see it. */
export function LeaderPanel({ house, room }: { house: House; room: Room }) {
  const by = useSignal<By>("pnl");
  const board = room.board.value;
  const hidden = board?.hidden ?? false;
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
        <span class="c-fill" />
        <button
          class="button small"
          data-testid="control-board"
          aria-pressed={hidden}
          disabled={!house.may.value.has("run_session") || board === null}
          title={hidden ? "Students do not see it; show it to them" : "Students see it; hide it from them"}
          onClick={() => void house.attempt(boardAct(room.name, !hidden))}
        >
          {hidden ? "Show" : "Hide"}
        </button>
      </header>
      <div class="body">
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
                <td class="num">{percent(standing.drawdown)}</td>
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
