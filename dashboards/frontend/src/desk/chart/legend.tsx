import { clock, compact, date, decimals, direction, percent, price, quantity, signed, zoneName } from "../../ui/format";
import type { Desk } from "../desk-context";
import { stopOf } from "./bands";
import type { ChartController, Reading } from "./controller";
import type { Indicator } from "./indicators";
import { intervalOf } from "./intervals";

/** Open, high, low, close and indicators of the candle under the pointer, or of the last one. */
export function Legend({ desk, chart }: { desk: Desk; chart: ChartController }) {
  const { store, ui } = desk;
  const symbol = store.symbol.value;
  const terms = store.instrument(symbol);
  const tick = terms?.tick_size ?? 0.01;
  const reading = chart.under.value ?? chart.last.value;
  const zone = store.session.value?.zone || "UTC";
  const interval = intervalOf(ui.settings.interval.value);
  return (
    <div class="chart-legend" data-testid="chart-legend">
      <div>
        <strong>{symbol}</strong>
        <span class="dim">
          {interval.name}
          {terms === undefined ? "" : ` · ${terms.currency}`}
        </span>
        {reading !== null && (
          <>
            <span class="dim">
              {interval.detail === "date" ? date(reading.bar.time, zone) : clock(reading.bar.time, zone)}{" "}
              {zoneName(reading.bar.time, zone)}
            </span>
            <Ohlc reading={reading} tick={tick} lot={terms?.lot_size ?? 1} />
          </>
        )}
      </div>
      <div>
        {chart.indicators.value.map((indicator) => (
          <Values key={indicator.name} indicator={indicator} reading={reading} tick={tick} />
        ))}
      </div>
      <State desk={desk} />
    </div>
  );
}

function Ohlc({ reading: { bar, before }, tick, lot }: { reading: Reading; tick: number; lot: number }) {
  const change = bar.close - (before ?? bar.open);
  const colour = direction(change);
  const facts: [string, number][] = [["O", bar.open], ["H", bar.high], ["L", bar.low], ["C", bar.close]];
  return (
    <>
      {facts.map(([name, value]) => (
        <span key={name}>
          <i>{name}</i>
          <b class={colour}>{price(value, tick)}</b>
        </span>
      ))}
      <span class={`chart-change ${colour}`} title="Change from the close before it">
        {`${signed(price(change, tick))} (${signed(percent(change / (before ?? bar.open)))})`}
      </span>
      <span>
        <i>Vol</i>
        <b title={quantity(bar.volume, lot)}>{compact(bar.volume)}</b>
      </span>
    </>
  );
}

function Values({ indicator, reading, tick }: { indicator: Indicator; reading: Reading | null; tick: number }) {
  const values = reading?.values.get(indicator.name) ?? [];
  // A mean lies between prices: one digit more than they have.
  const digits = decimals(tick) + 1;
  return (
    <span title={indicator.about} class={`ink-${indicator.name}`}>
      {indicator.label}{" "}
      {indicator.lines.map((_, at) => (
        <b key={at}>{price(values[at], 10 ** -digits)} </b>
      ))}
    </span>
  );
}

/** What holds trading up, in words, with the auction's price. */
function State({ desk: { store } }: { desk: Desk }) {
  const market = store.market(store.symbol.value).value;
  const stop = market.halted === true ? stopOf("halted") : stopOf(market.phase ?? "");
  if (stop === undefined) return market.phase === "closed" ? <div class="chart-state">Closed</div> : null;
  const { indicative_price: found = null, indicative_quantity: paired = 0, imbalance = 0, tick_size: tick = 0.01, lot_size: lot = 1 } = market;
  const auction = stop[0] === "auction";
  return (
    <div class="chart-state" data-state={market.phase}>
      <strong>{stop[1]}</strong>
      {auction && found !== null && (
        <span>
          indicative {price(found, tick)} × {quantity(paired, lot)}
          {imbalance !== 0 && `, ${quantity(Math.abs(imbalance), lot)} more ${imbalance > 0 ? "to buy" : "to sell"}`}
        </span>
      )}
      {auction && found === null && <span>no price yet: bids and offers do not meet</span>}
      {!auction && <span>nothing trades; orders can be cancelled</span>}
    </div>
  );
}

/** Own fills under the pointer. */
export function FillTip({ desk, chart }: { desk: Desk; chart: ChartController }) {
  const { store } = desk;
  const hovered = chart.hovered.value;
  if (hovered === null) return null;
  const { mark, x, y } = hovered;
  const terms = store.instrument(store.symbol.value);
  const zone = store.session.value?.zone || "UTC";
  const style = { left: `${x}px`, top: `${y}px` };
  const [first, last] = [clock(mark.first, zone), clock(mark.last, zone)];
  return (
    <div class="chart-tip" style={style} role="status">
      <strong class={mark.side === "buy" ? "up" : "down"}>{mark.side === "buy" ? "Bought" : "Sold"}</strong>{" "}
      {quantity(mark.quantity, terms?.lot_size)} @ {price(mark.price, terms?.tick_size)}
      <div class="dim">
        {mark.count > 1 && `average of ${mark.count} fills, `}
        {first === last ? first : `${first} – ${last}`}
      </div>
    </div>
  );
}

/** The marks of own fills for who cannot see them. */
export function FillList({ desk, chart }: { desk: Desk; chart: ChartController }) {
  const { store } = desk;
  const terms = store.instrument(store.symbol.value);
  const zone = store.session.value?.zone || "UTC";
  return (
    <ul class="sr" aria-label="Own fills on the chart" data-testid="chart-fills">
      {chart.marks.value.map((mark) => (
        <li key={mark.id} data-side={mark.side}>
          {mark.side === "buy" ? "Bought" : "Sold"} {quantity(mark.quantity, terms?.lot_size)} at {price(mark.price, terms?.tick_size)}, {clock(mark.last, zone)}
        </li>
      ))}
    </ul>
  );
}
