import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isOver } from "./acts";
import { askLimit } from "./asking";
import { Doing } from "./doing";
import type { House } from "./house";
import { killAct, reinstateAct, suspendAct, whom } from "./peopleacts";
import type { Room } from "./room";
import { Empty, Line } from "./rosterrow";
import { FILTERS, mentions, passes, sorted, type Filter, type RosterRow, type Sort } from "./roster";

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
        if (isOver(room.session.peek()?.state)) house.ui.toast("info", "The session is over.");
        else if (house.may.value.has(permission)) act(row);
        else house.ui.toast("info", "Instructors may do this; ask one of this class.");
      });
    const gone = [
      keys.register("ArrowDown", "Next participant", () => go(1), "Roster"),
      keys.register("ArrowUp", "Participant before", () => go(-1), "Roster"),
      keys.register("/", "Find a participant", () => search.current?.focus(), "Roster"),
      keys.register("Enter", "Look at the participant's account", on((row) => (house.watched.value = row.seat)), "Roster"),
      keys.register("s", "Suspend or reinstate", trusted((row) => void house.attempt(row.suspended ? reinstateAct(room.name, whom(row)) : suspendAct(room.name, whom(row), false)), "set_limits"), "Roster"),
      keys.register("k", "Cancel the participant's orders", trusted((row) => void house.attempt(killAct(room.name, whom(row))), "run_session"), "Roster"),
      keys.register("l", "Set a limit", trusted((row) => askLimit(house, room, whom(row)), "set_limits"), "Roster"),
    ];
    return () => gone.forEach((forget) => forget());
  }, [room]);

  const count = (each: Filter): number => room.rows.value.filter((row) => passes(row, each)).length;
  return (
    <section class="panel c-roster-panel" data-testid="panel-roster">
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
          placeholder="Find ( / )"
          aria-label="Find a participant"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      </header>
      <Doing house={house} room={room} row={pointed} />
      <div class="body" ref={body} tabIndex={0} role="region" aria-label="All participants">
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
