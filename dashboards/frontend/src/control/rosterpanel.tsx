import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { direction, money, percent, quantity, signed } from "../ui/format";
import { fineAct, killAct, killAllAct, limitAct, LIMITS, reinstateAct, suspendAct, transferAct, type Whom } from "./acts";
import type { House } from "./house";
import type { Room } from "./room";
import { FILTERS, mentions, passes, sorted, stateOf, type Filter, type RosterRow, type Sort } from "./roster";

const HEADS: readonly (readonly [sort: Sort | null, label: string, number: boolean, title: string])[] = [
  ["seat", "Seat", false, "Account"],
  ["user", "Participant", false, "Who sits there"],
  ["state", "State", false, "What matters most: suspended, margin call, breach, online, flat, offline"],
  ["equity", "Equity", true, "Cash and positions at their marks, in currency"],
  ["pnl", "PnL", true, "Equity less what was paid in, in currency"],
  ["drawdown", "Drawdown", true, "Deepest fall below the peak before it"],
  ["exposure", "Exposure", true, "Value of long and short positions added up, in currency"],
  [null, "Positions", false, "Units of each instrument"],
  ["openOrders", "Orders", true, "Open orders"],
  ["fills", "Fills", true, "Fills so far"],
  ["breaches", "Breaches", true, "Limits broken so far"],
];

const whom = (row: RosterRow): Whom => ({ account: row.seat, user: row.user, openOrders: row.openOrders });

/** Everybody with a seat: found, sorted and dealt with, by mouse or keys. */
export function RosterPanel({ house, room }: { house: House; room: Room }) {
  const filter = useSignal<Filter>("all");
  const text = useSignal("");
  const sort = useSignal<Sort>("seat");
  const down = useSignal(false);
  const search = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const shown = useComputed(() =>
    sorted(
      room.rows.value.filter((row) => passes(row, filter.value) && mentions(row, text.value)),
      sort.value,
      down.value,
    ),
  );
  const pointed = shown.value.find(({ account }) => account === house.pointed.value) ?? null;

  useEffect(() => {
    const go = (by: number): void => {
      const rows = shown.value;
      const at = rows.findIndex(({ account }) => account === house.pointed.value);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
      if (next === undefined) return;
      house.pointed.value = next.account;
      body.current?.querySelector(`[data-account="${next.account}"]`)?.scrollIntoView({ block: "nearest" });
    };
    const on = (act: (row: RosterRow) => void) => () => {
      const row = shown.value.find(({ account }) => account === house.pointed.value);
      if (row !== undefined) act(row);
    };
    const { keys } = house.ui;
    const trusted = (act: (row: RosterRow) => void, permission: string) =>
      on((row) => {
        if (house.may.value.has(permission)) act(row);
        else house.ui.toast("info", "Instructors may do this; ask one of this class.");
      });
    const gone = [
      keys.register("ArrowDown", "Next participant", () => go(1), "Roster"),
      keys.register("ArrowUp", "Participant before", () => go(-1), "Roster"),
      keys.register("/", "Find a participant", () => search.current?.focus(), "Roster"),
      keys.register("Enter", "Look at the participant's account", on((row) => (house.watched.value = row.seat)), "Roster"),
      keys.register("s", "Suspend or reinstate", trusted((row) => void house.attempt(row.suspended ? reinstateAct(room.name, whom(row)) : suspendAct(room.name, whom(row), false)), "set_limits"), "Roster"),
      keys.register("k", "Cancel the participant's orders", trusted((row) => void house.attempt(killAct(room.name, whom(row))), "run_session"), "Roster"),
      keys.register("l", "Set a limit", trusted((row) => askLimit(house, room, row), "set_limits"), "Roster"),
    ];
    return () => gone.forEach((forget) => forget());
  }, [room]);

  const count = (each: Filter): number => room.rows.value.filter((row) => passes(row, each)).length;
  const trusted = house.may.value.has("set_limits");
  const runs = house.may.value.has("run_session");
  return (
    <section class="panel" data-testid="panel-roster">
      <header>
        Roster
        <span class="c-chips" role="group" aria-label="Which participants">
          {FILTERS.map((each) => (
            <button key={each} class="c-chip" aria-pressed={filter.value === each} onClick={() => (filter.value = each)}>
              {each === "breach" ? "in breach" : each} <b>{count(each)}</b>
            </button>
          ))}
        </span>
        <span class="c-fill" />
        <input
          ref={search}
          class="input c-search"
          type="search"
          placeholder="Name, symbol ( / )"
          aria-label="Find a participant"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      </header>
      <Doing house={house} room={room} row={pointed} trusted={trusted} runs={runs} />
      <div class="body" ref={body}>
        <table class="c-roster">
          <thead>
            <tr>
              {HEADS.map(([key, label, number, title]) => (
                <th key={label} class={number ? "num" : ""} title={title} aria-sort={sort.value !== key ? "none" : down.value ? "descending" : "ascending"}>
                  {key === null ? (
                    label
                  ) : (
                    <button
                      class="c-sort"
                      onClick={() => {
                        // Of numbers the largest are looked for first.
                        down.value = sort.value === key ? !down.value : number;
                        sort.value = key;
                      }}
                    >
                      {label}
                      <i aria-hidden="true">{sort.value !== key ? "" : down.value ? "▾" : "▴"}</i>
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.value.map((row) => (
              <Line key={row.account} row={row} house={house} />
            ))}
          </tbody>
        </table>
        <Empty room={room} shown={shown.value.length} />
      </div>
    </section>
  );
}

function Empty({ room, shown }: { room: Room; shown: number }) {
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

function Line({ row, house }: { row: RosterRow; house: House }) {
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
      <td class="num">{money(row.equity)}</td>
      <td class={`num ${direction(row.pnl)}`}>{signed(money(row.pnl))}</td>
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

/** What can be done with the participant that is pointed at, or with all. */
function Doing({ house, room, row, trusted, runs }: { house: House; room: Room; row: RosterRow | null; trusted: boolean; runs: boolean }) {
  const seats = room.session.value?.seats_taken ?? 0;
  const why = trusted ? "" : "Instructors of this class may do this";
  if (row === null) {
    return (
      <div class="c-doing">
        <span class="dim">Choose a participant (↑ ↓), or for everybody:</span>
        <button class="button small c-danger" data-testid="control-kill-all" disabled={!runs || seats === 0} onClick={() => void house.attempt(killAllAct(room.name, seats))}>
          Cancel all orders
        </button>
        <button class="button small" disabled={!trusted} title={why} onClick={() => askLimit(house, room, null)}>
          Limit for all…
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
        Cancel {row.openOrders} orders
      </button>
      <button class="button small" disabled={!trusted} title={why} onClick={() => askLimit(house, room, row)}>
        Limit…
      </button>
      <button class="button small" disabled={!trusted} title={why} onClick={() => askMoney(house, room, row, "Transfer")}>
        Transfer…
      </button>
      <button class="button small" disabled={!trusted} title={why} onClick={() => askMoney(house, room, row, "Fine")}>
        Fine…
      </button>
      <span class="c-fill" />
      <button class="icon-button" title="Choose nobody" aria-label="Choose nobody" onClick={() => (house.pointed.value = null)}>
        ×
      </button>
    </div>
  );
}

function askLimit(house: House, room: Room, row: RosterRow | null): void {
  house.ask({
    title: row === null ? "Limit for every trader" : `Limit for ${row.user} (${row.seat})`,
    text: "It holds at once: who has already lost more than a new loss or drawdown limit is suspended, and their orders end. Other limits hold from the next order on. 0 takes the limit away.",
    fields: [
      { name: "limit", label: "Limit", value: "max_order_lots", options: LIMITS.map(([name, label, unit]) => [name, `${label} (${unit})`] as const) },
      { name: "value", label: "Value", value: "" },
    ],
    yes: "Set limit",
    danger: row === null,
    act: (values) => house.perform(limitAct(room.name, row === null ? null : whom(row), values.limit ?? "", values.value ?? "")),
  });
}

function askMoney(house: House, room: Room, row: RosterRow, what: "Transfer" | "Fine"): void {
  house.ask({
    title: `${what}: ${row.user} (${row.seat})`,
    text:
      what === "Fine"
        ? "The amount goes from the account to the house and lowers the PnL."
        : "Pay an amount into the account, or with a minus in front take it out. The PnL does not change by it.",
    fields: [{ name: "amount", label: "Amount", unit: "currency", value: "" }],
    yes: what,
    danger: what === "Fine",
    act: (values) => house.perform((what === "Fine" ? fineAct : transferAct)(room.name, whom(row), values.amount ?? "")),
  });
}
