import { compact, direction, percent, price, quantity, signed } from "../ui/format";
import type { LevelRow } from "../wire/frames";
import { haltAct, liftAct } from "./marketacts";
import { summary } from "./book";
import { Chart } from "./chart";
import type { House } from "./house";
import { change, Phase } from "./markettable";
import type { Room } from "./room";
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";

const LEVELS = 8;

/** Every instrument with its chart, its book and what the class holds of it. */
export function Monitor({ house, room }: { house: House; room: Room }) {
  const symbols = room.session.value?.symbols ?? [];
  return (
    <div class="c-cards">
      {symbols.map((symbol) => (
        <Card key={symbol} house={house} room={room} symbol={symbol} />
      ))}
    </div>
  );
}

function useDepth(room: Room, symbol: string): readonly LevelRow[] {
  const levels = useSignal<readonly LevelRow[]>([]);
  useEffect(() => {
    const topic = `depth:${symbol}`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const deaf = room.stream.listen(({ topic: of, table }) => {
      if (of !== topic) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        levels.value = table.values<LevelRow>();
      }, 250);
    });
    const leave = room.stream.follow(topic);
    return () => {
      clearTimeout(timer);
      deaf();
      leave();
    };
  }, [room, symbol]);
  return levels.value;
}

function Card({ house, room, symbol }: { house: House; room: Room; symbol: string }) {
  const market = room.markets.value.get(symbol);
  const interest = room.interest.value.get(symbol);
  const book = summary(useDepth(room, symbol), LEVELS);
  const tick = market?.tick_size ?? 0.01;
  const lot = market?.lot_size ?? 1;
  const day = change(market?.last, market?.open);
  const seats = room.session.value?.seats_taken ?? 0;
  const may = house.may.value.has("run_session");
  const most = Math.max(1, ...book.bids.map((level) => level[2]), ...book.asks.map((level) => level[2]));
  return (
    <section class="panel" data-testid={`control-card-${symbol}`}>
      <header>
        {symbol} <Phase phase={market?.phase} />
        <span class="c-fill" />
        <b>{price(market?.last, tick)}</b>
        <span class={direction(day)}>{signed(percent(day))}</span>
        <button class="button small" onClick={() => house.seek({ symbol })}>
          Trades
        </button>
        {market?.halted ? (
          <button class="button small primary" disabled={!may} onClick={() => void house.attempt(liftAct(room.name, [symbol], true))}>
            Lift by auction
          </button>
        ) : (
          <button class="button small c-danger" disabled={!may || market?.phase === "closed"} onClick={() => void house.attempt(haltAct(room.name, [symbol], seats))}>
            Halt
          </button>
        )}
      </header>
      <div class="body c-card">
        <Chart symbol={symbol} rows={room.candles.value.get(symbol) ?? []} tick={tick} zone={room.session.value?.zone ?? ""} />
        <dl class="c-facts">
          <Fact name="Volume" unit="units" value={compact(market?.volume)} />
          <Fact name="Trades" unit="" value={quantity(market?.trades)} />
          <Fact name="Trades/min" unit="" value={quantity(room.tradesPerMinute.value.get(symbol) ?? null)} />
          <Fact name="Day low" unit="" value={price(market?.low, tick)} />
          <Fact name="Day high" unit="" value={price(market?.high, tick)} />
          <Fact name="Spread" unit="ticks" value={book.spread === null ? "–" : quantity(Math.round(book.spread / tick))} />
          <Fact name="Bids" unit={`${LEVELS} levels`} value={compact(book.bidQuantity)} />
          <Fact name="Asks" unit={`${LEVELS} levels`} value={compact(book.askQuantity)} />
          <Fact name="Indicative" unit={market?.indicative_price == null ? "" : `${compact(market.indicative_quantity)} units`} value={price(market?.indicative_price, tick)} />
          <Fact name="Class long" unit="units" value={quantity(interest?.long ?? 0, lot)} />
          <Fact name="Class short" unit="units" value={quantity(interest?.short ?? 0, lot)} />
          <Fact name="Class net" unit="units" value={signed(quantity(interest?.net ?? 0, lot))} />
        </dl>
        <table class="c-book" aria-label={`Book of ${symbol}`}>
          <thead>
            <tr>
              <th class="num">Orders</th>
              <th class="num">Units</th>
              <th class="num">Bid</th>
              <th>Ask</th>
              <th>Units</th>
              <th>Orders</th>
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: LEVELS }, (_, place) => {
              const bid = book.bids[place];
              const ask = book.asks[place];
              return (
                <tr key={place}>
                  <td class="num dim">{bid === undefined ? "" : bid[3]}</td>
                  <td class="num c-depth" style={`--share:${bid === undefined ? 0 : bid[2] / most}`} data-side="bid">
                    {bid === undefined ? "" : quantity(bid[2], lot)}
                  </td>
                  <td class="num up">{bid === undefined ? "" : price(bid[1], tick)}</td>
                  <td class="down">{ask === undefined ? "" : price(ask[1], tick)}</td>
                  <td class="c-depth" style={`--share:${ask === undefined ? 0 : ask[2] / most}`} data-side="ask">
                    {ask === undefined ? "" : quantity(ask[2], lot)}
                  </td>
                  <td class="dim">{ask === undefined ? "" : ask[3]}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Fact({ name, unit, value }: { name: string; unit: string; value: string }) {
  return (
    <div>
      <dt>
        {name} <em>{unit}</em>
      </dt>
      <dd>{value}</dd>
    </div>
  );
}
