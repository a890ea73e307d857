import { isOver } from "./acts";
import { askFee, askLimit, askMoney } from "./asking";
import type { House } from "./house";
import { killAct, killAllAct, reinstateAct, suspendAct, whom } from "./peopleacts";
import { ReviewLink } from "./reviewlink";
import type { Room } from "./room";
import type { RosterRow } from "./roster";

/** What can be done with the participant that is pointed at, or with all. */
export function Doing({ house, room, row }: { house: House; room: Room; row: RosterRow | null }) {
  const may = { trusted: house.may.value.has("set_limits"), runs: house.may.value.has("run_session") };
  const seats = room.session.value?.seats_taken ?? 0;
  const over = isOver(room.session.value?.state);
  const trusted = may.trusted && !over;
  const runs = may.runs && !over;
  const why = over ? "The session is over" : trusted ? "" : "Instructors of this class may do this";
  if (row === null) {
    return (
      <div class="c-doing">
        <span class="dim">Choose a participant (↑ ↓), or for everybody:</span>
        <button class="button small c-danger" data-testid="control-kill-all" disabled={!runs || seats === 0} onClick={() => void house.attempt(killAllAct(room.name, seats))}>
          Cancel all orders
        </button>
        <button class="button small" data-testid="control-limit-all" disabled={!trusted} title={why} onClick={() => askLimit(house, room, null)}>
          Limit for all…
        </button>
        <button class="button small" data-testid="control-fee-all" disabled={!trusted} title={why} onClick={() => askFee(house, room, null)}>
          Fee for all…
        </button>
      </div>
    );
  }
  const who = whom(row);
  return (
    <div class="c-doing">
      <b>{row.user}</b>
      <button class="button small" data-testid="control-view" onClick={() => (house.watched.value = row.seat)}>
        View as (Enter)
      </button>
      {row.suspended ? (
        <button class="button small primary" data-testid="control-reinstate" disabled={!trusted} title={why} onClick={() => void house.attempt(reinstateAct(room.name, who))}>
          Reinstate
        </button>
      ) : (
        <>
          <button class="button small c-danger" data-testid="control-suspend" disabled={!trusted} title={why} onClick={() => void house.attempt(suspendAct(room.name, who, false))}>
            Suspend
          </button>
          <button class="button small c-danger" disabled={!trusted} title={why} onClick={() => void house.attempt(suspendAct(room.name, who, true))}>
            Suspend and cancel
          </button>
        </>
      )}
      <button class="button small c-danger" data-testid="control-kill" disabled={!runs || row.openOrders === 0} onClick={() => void house.attempt(killAct(room.name, who))}>
        Cancel {row.openOrders === 1 ? "1 order" : `${row.openOrders} orders`}
      </button>
      <button class="button small" data-testid="control-limit" disabled={!trusted} title={why} onClick={() => askLimit(house, room, who)}>
        Limit…
      </button>
      <button class="button small" data-testid="control-fee" disabled={!trusted} title={why} onClick={() => askFee(house, room, who)}>
        Fee…
      </button>
      <button class="button small" disabled={!trusted} title={why} onClick={() => askMoney(house, room, who, "Transfer")}>
        Transfer…
      </button>
      <button class="button small" data-testid="control-fine" disabled={!trusted} title={why} onClick={() => askMoney(house, room, who, "Fine")}>
        Fine…
      </button>
      <button class="button small" data-testid="control-trades" onClick={() => house.seek({ text: row.user })}>
        Trades
      </button>
      <ReviewLink house={house} room={room} account={row.seat} />
      <span class="c-fill" />
      <button class="icon-button" title="Choose nobody" aria-label="Choose nobody" onClick={() => (house.pointed.value = null)}>
        ×
      </button>
    </div>
  );
}
