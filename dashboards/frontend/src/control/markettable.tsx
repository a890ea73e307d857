import type { InstrumentsOut } from "../wire/answers";
import { compact, direction, percent, price, quantity, signed, words } from "../ui/format";
import { haltAct, liftAct } from "./marketacts";
import type { House } from "./house";
import type { Room } from "./room";
import { Spark } from "./spark";

export type Instruments = InstrumentsOut["instruments"];

/** Every instrument in a line: phase, price, activity, what the class holds, and the halt. */
export function MarketTable({ house, room }: { house: House; room: Room }) {
  const session = room.session.value;
  const symbols = session?.symbols ?? [];
  const seats = session?.seats_taken ?? 0;
  const markets = room.markets.value;
  const may = house.may.value.has("run_session");
  const halted = symbols.filter((symbol) => markets.get(symbol)?.halted);
  return (
    <section class="panel" data-testid="panel-market">
      <header>
        Market
        <span class="dim">prices in currency, quantities in units</span>
        <span class="c-fill" />
        {halted.length > 0 && (
          <button class="button small" disabled={!may} onClick={() => void house.attempt(liftAct(room.name, halted, true))}>
            Lift all by auction
          </button>
        )}
        <button
          class="button small c-danger"
          data-testid="control-halt-all"
          disabled={!may || symbols.every((symbol) => markets.get(symbol)?.halted || markets.get(symbol)?.phase === "closed")}
          onClick={() => void house.attempt(haltAct(room.name, [], seats))}
        >
          Halt all
        </button>
      </header>
      <div class="body">
        <table class="c-market">
          <thead>
            <tr>
              <th>Symbol</th>
              <th>Phase</th>
              <th class="num">Last</th>
              <th class="num">Day</th>
              <th class="num">Bid</th>
              <th class="num">Ask</th>
              <th class="num" title="Ask less bid, in ticks">
                Spread <em>ticks</em>
              </th>
              <th class="num">Volume</th>
              <th class="num" title="Over the last 20 seconds">
                Trades/min
              </th>
              <th class="num" title="What the class is long and short, all seats added up">
                Long / short
              </th>
              <th>Last 2 h</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {symbols.map((symbol) => (
              <Line key={symbol} house={house} room={room} symbol={symbol} seats={seats} may={may} />
            ))}
          </tbody>
        </table>
        {symbols.length === 0 && <div class="empty">Reading the instruments…</div>}
      </div>
    </section>
  );
}

function Line({ house, room, symbol, seats, may }: { house: House; room: Room; symbol: string; seats: number; may: boolean }) {
  const market = room.markets.value.get(symbol);
  const interest = room.interest.value.get(symbol);
  const tick = market?.tick_size ?? 0.01;
  const day = change(market?.last, market?.open);
  const spread = market?.ask == null || market.bid == null ? null : Math.round((market.ask - market.bid) / tick);
  return (
    <tr data-testid={`control-market-${symbol}`}>
      <td>
        <b>{symbol}</b>
      </td>
      <td>
        <Phase phase={market?.phase} />
      </td>
      <td class="num">
        <b>{price(market?.last, tick)}</b>
      </td>
      <td class={`num ${direction(day)}`}>{signed(percent(day))}</td>
      <td class="num">{price(market?.bid, tick)}</td>
      <td class="num">{price(market?.ask, tick)}</td>
      <td class="num">{quantity(spread)}</td>
      <td class="num">{compact(market?.volume)}</td>
      <td class="num">{quantity(room.tradesPerMinute.value.get(symbol) ?? null)}</td>
      <td class="num">
        {compact(interest?.long ?? 0)} / {compact(interest?.short ?? 0)}
      </td>
      <td>
        <Spark candles={room.candles.value.get(symbol) ?? []} width={100} height={20} />
      </td>
      <td class="c-buttons">
        {market?.halted ? (
          <>
            <button class="button small primary" data-testid="control-lift" title="Lift the halt by a reopening auction" disabled={!may} onClick={() => void house.attempt(liftAct(room.name, [symbol], true))}>
              <span class="c-wide">By auction</span>
              <span class="c-narrow">Lift</span>
            </button>
            <button class="button small c-second" title="Lift the halt at once" disabled={!may} onClick={() => void house.attempt(liftAct(room.name, [symbol], false))}>
              At once
            </button>
          </>
        ) : (
          <button class="button small c-danger" data-testid="control-halt" disabled={!may || market?.phase === "closed"} onClick={() => void house.attempt(haltAct(room.name, [symbol], seats))}>
            Halt
          </button>
        )}
      </td>
    </tr>
  );
}

/** A phase as a word in the colour of what it means for trading. */
export function Phase({ phase }: { phase: string | undefined }) {
  return (
    <span class="c-phase" data-phase={phase ?? ""}>
      {words(phase) || "–"}
    </span>
  );
}

/** The change from one price to another as a fraction; null where there is none. */
export function change(now: number | null | undefined, before: number | null | undefined): number | null {
  return now == null || before == null || before === 0 ? null : now / before - 1;
}
