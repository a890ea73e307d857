import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, date, millis, money, price, quantity } from "../ui/format";
import { said } from "../wire/rest";
import { askBust } from "./asking";
import { Foot } from "./foot";
import type { House } from "./house";
import type { Room } from "./room";
import { merged, sideOf, tradesPath, understood, whyNoBust } from "./trading";
import type { TradeRow, TradesPage } from "./words";

const PAGE = 100;
const AGAIN_MS = 2_000;

/** Every trade of the session with both its sides: found by instrument, person or number, and taken back. */
export function TradesPanel({ house, room }: { house: House; room: Room }) {
  const rows = useSignal<readonly TradeRow[] | null>(null);
  const next = useSignal<number | null>(null);
  const problem = useSignal("");
  const { sought } = house;
  // People sit down and go all the time; the question is another one only when what is asked for changes.
  const query = useComputed(() => JSON.stringify(understood(sought.value.symbol, sought.value.text, room.participants.value ?? [])));
  const asked = JSON.parse(query.value) as ReturnType<typeof understood>;

  const read = async (how: "anew" | "newest" | "older"): Promise<void> => {
    const about = query.peek();
    if (asked.problem !== "") return;
    try {
      const page = await house.rest.get<TradesPage>(room.path(tradesPath(asked, how === "older" ? next.peek() : null, PAGE)));
      if (about !== query.peek()) return;
      const found = asked.trade === null ? page.trades : page.trades.filter(({ trade }) => trade === asked.trade);
      const known = rows.peek() ?? [];
      // A page that does not reach what is known would leave a hole: then the list begins anew.
      const reaches = (found.at(-1)?.trade ?? 0) <= (known[0]?.trade ?? Number.POSITIVE_INFINITY);
      if (how === "older") rows.value = [...known, ...found];
      else rows.value = how === "newest" && reaches ? merged(found, known) : found;
      if (how !== "newest" || !reaches) next.value = asked.trade === null ? page.next : null;
      problem.value = "";
    } catch (refusal) {
      problem.value = said(refusal);
    }
  };
  useEffect(() => {
    rows.value = null;
    next.value = null;
    const first = setTimeout(() => void read("anew"), 150);
    const timer = setInterval(() => {
      if (!document.hidden) void read("newest");
    }, AGAIN_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [query.value, room]);

  const symbols = room.session.value?.symbols ?? [];
  const empty = rows.value === null ? "Reading the trades…" : "Nothing was traded that is like that.";
  return (
    <section class="panel" data-testid="panel-trades">
      <header>
        Trades
        <span class="c-chips" role="group" aria-label="Instrument">
          {["", ...symbols].map((symbol) => (
            <button key={symbol} class="c-chip" aria-pressed={sought.value.symbol === symbol} onClick={() => (sought.value = { ...sought.value, symbol })}>
              {symbol || "all"}
            </button>
          ))}
        </span>
        <span class="c-fill" />
        <span class="dim c-wide">prices and values in currency, quantities in units</span>
        <input
          class="input c-search"
          type="search"
          placeholder="Participant or number"
          aria-label="Find trades of a participant, or a trade by its number"
          data-testid="trades-search"
          list="c-people"
          value={sought.value.text}
          onInput={({ currentTarget }) => (sought.value = { ...sought.value, text: currentTarget.value })}
        />
        <datalist id="c-people">
          {(room.participants.value ?? []).map(({ name, user }) => (
            <option key={name} value={user}>
              {name}
            </option>
          ))}
        </datalist>
      </header>
      <div class="body">
        <table class="c-trades">
          <thead>
            <tr>
              <th class="num">Trade</th>
              <th>Time</th>
              <th>Symbol</th>
              <th class="num">Price</th>
              <th class="num">Quantity</th>
              <th class="num">Value</th>
              <th>Buyer</th>
              <th>Seller</th>
              <th>State</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {(rows.value ?? []).map((row) => (
              <Line key={row.trade} house={house} room={room} row={row} again={() => void read("newest")} />
            ))}
          </tbody>
        </table>
        <Foot older={next.value === null ? null : () => void read("older")} testid="trades-older" problem={asked.problem || problem.value} none={(rows.value ?? []).length === 0 ? empty : ""} />
      </div>
    </section>
  );
}

function Line({ house, room, row, again }: { house: House; room: Room; row: TradeRow; again: () => void }) {
  const market = room.markets.value.get(row.symbol);
  const zone = room.session.value?.zone ?? "";
  const time = millis(row.time);
  const may = house.may.value.has("run_session");
  const not = whyNoBust(row);
  return (
    <tr data-testid={`control-trade-${row.trade}`} data-state={row.busted ? "busted" : "done"}>
      <td class="num">{row.trade}</td>
      <td title={date(time, zone)}>{clock(time, zone)}</td>
      <td>{row.symbol}</td>
      <td class={`num ${row.aggressor === "buy" ? "up" : "down"}`} title={row.aggressor === "buy" ? "The buyer came to the seller's price" : "The seller came to the buyer's price"}>
        {price(row.price, market?.tick_size ?? 0.01)}
      </td>
      <td class="num">{quantity(row.quantity, market?.lot_size ?? 1)}</td>
      <td class="num">{money(row.price * row.quantity)}</td>
      <Side who={row.buyer} house={house} room={room} />
      <Side who={row.seller} house={house} room={room} />
      <td title={row.busted ? `By ${row.by}: ${row.reason || "no reason was given"}` : ""}>{row.busted ? <span class="c-stand" data-state="suspended">busted</span> : <span class="dim">done</span>}</td>
      <td class="c-buttons">
        <button class="button small c-danger" data-testid="control-bust" disabled={!may || not !== ""} title={not} onClick={() => askBust(house, room, row, again)}>
          Bust…
        </button>
      </td>
    </tr>
  );
}

/** A side by name: those with a seat lead to their trades, the market's own do not. */
function Side({ who, house, room }: { who: string; house: House; room: Room }) {
  const seat = room.participants.value?.find(({ user }) => user === who);
  if (seat === undefined) return <td class="dim">{sideOf(who)}</td>;
  return (
    <td>
      <button class="c-link" title={`${seat.name}: show their trades`} onClick={() => (house.sought.value = { ...house.sought.value, text: who })}>
        {who}
      </button>
    </td>
  );
}
