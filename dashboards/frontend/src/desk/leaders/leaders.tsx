import { useEffect, useMemo } from "preact/hooks";
import { clock, direction, money, percent, sentence, signed } from "../../ui/format";
import type { Desk } from "../desk-context";
import { zoneOf } from "../orders/zone";
import { Board } from "./board";
import { lateness, placed } from "./placing";

/** Who leads, as the instructor shows it; the own row is marked. */
export function LeadersPanel({ desk }: { desk: Desk }) {
  const { store } = desk;
  const board = useMemo(() => new Board(desk), [desk]);
  useEffect(() => () => board.close(), [board]);
  const state = board.state.value;
  const rows = state === "shown" ? placed(store.leaders.value) : [];
  const own = store.account.value.latest?.account;
  const mine = rows.find(({ account }) => account === own);
  const late = board.late.value;
  const currency = store.instruments.value[0]?.currency ?? "";
  return (
    <section class="panel leaders" data-testid="panel-leaders" data-state={state} aria-label="Leaderboard">
      <header>
        <span class="title">Leaders</span>
        {mine !== undefined && (
          <span data-testid="leaders-own">
            You are <b>{mine.rank}</b> of {rows.length}
          </span>
        )}
        <span class="space" />
        {state === "shown" && (
          <span class="dim" data-testid="leaders-mode" title={late > 0 ? `As it stood at ${clock(board.asOf.value, zoneOf(desk))}, exchange time` : "As it stands now"}>
            {late > 0 ? lateness(late) : "live"}
          </span>
        )}
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="Standings">
        {rows.length === 0 ? (
          <Nothing state={state} problem={board.sentence.value} />
        ) : (
          <table class="leaders-table">
            <thead>
              <tr>
                <th class="num">#</th>
                <th>Name</th>
                <th class="num" title="Profit and loss since the start">
                  P&L{currency === "" ? "" : ` ${currency}`}
                </th>
                <th class="num leaders-fall" title="Deepest fall below the peak before it">
                  Fall
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ rank, account, name, pnl }) => {
                const more = board.standings.value.get(account);
                const called = more?.name || name;
                return (
                  <tr key={account} data-testid="leaders-row" data-account={account} aria-current={account === own ? "true" : undefined}>
                    <td class="num">{rank}</td>
                    <td title={called}>{called}</td>
                    <td class={`num ${direction(Math.round(pnl * 100))}`}>{signed(money(pnl))}</td>
                    <td class="num leaders-fall">{percent(more?.drawdown)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

function Nothing({ state, problem }: { state: string; problem: string }) {
  if (state === "asking") return <div class="empty">Reading the standings …</div>;
  const [title, more] =
    state === "hidden"
      ? ["The leaderboard is hidden", "Your instructor shows it when it is time."]
      : state === "failed"
        ? ["The leaderboard cannot be read", sentence(problem)]
        : ["Nobody is placed yet", "Everybody with a seat stands here, by profit."];
  return (
    <div class="empty" data-testid="leaders-empty">
      <strong>{title}</strong>
      <span>{more}</span>
    </div>
  );
}
