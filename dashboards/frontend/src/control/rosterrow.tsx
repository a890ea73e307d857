import { direction, money, percent, quantity, signed } from "../ui/format";
import type { House } from "./house";
import type { Room } from "./room";
import { stateOf, type RosterRow } from "./roster";

/** What stands where nobody is shown. */
export function Empty({ room, shown }: { room: Room; shown: number }) {
  if (shown > 0) return null;
  if (room.participants.value === null) return <div class="empty">{room.problem.value || "Reading who sits where…"}</div>;
  if (room.participants.value.length > 0) return <div class="empty">Nobody is like that at the moment.</div>;
  return (
    <div class="empty">
      <strong>Nobody has a seat yet</strong>
      <span>Students take one with their first order or when their desk opens.</span>
    </div>
  );
}

/** A participant in a line. */
export function Line({ row, house }: { row: RosterRow; house: House }) {
  const state = stateOf(row);
  return (
    <tr
      data-account={row.account}
      data-testid={`control-participant-${row.account}`}
      data-state={state}
      aria-selected={house.pointed.value === row.account}
      onClick={() => (house.pointed.value = row.account)}
      onDblClick={() => (house.watched.value = row.seat)}
    >
      <td>{row.seat}</td>
      <td>
        <i class="c-dot" data-on={row.online} title={row.online ? "connected" : "not connected"} /> {row.user}
        {row.bot && <span class="c-tag">bot</span>}
      </td>
      <td>
        <span class="c-stand" data-state={state}>
          {state}
        </span>
      </td>
      <td class="num" title={money(row.equity)}>
        {money(row.equity)}
      </td>
      <td class={`num ${direction(row.pnl)}`} title={signed(money(row.pnl))}>
        {signed(money(row.pnl))}
      </td>
      <td class="num">{percent(row.drawdown)}</td>
      <td class="num">{money(row.exposure, "", 0)}</td>
      <td title={row.holdings.map(({ symbol, quantity: held }) => `${symbol} ${signed(quantity(held))}`).join(", ")}>
        {row.holdings.length === 0 ? (
          <span class="dim">flat</span>
        ) : (
          row.holdings.map(({ symbol, quantity: held }) => (
            <span key={symbol} class="c-held">
              {symbol} <b class={direction(held)}>{signed(quantity(held))}</b>
            </span>
          ))
        )}
      </td>
      <td class="num">{row.openOrders}</td>
      <td class="num">{row.fills}</td>
      <td class={`num ${row.breaches > 0 ? "c-warn" : ""}`}>{row.breaches}</td>
    </tr>
  );
}
