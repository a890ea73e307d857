import type { Desk } from "../desk-context";
import { compact, direction, percent, price, quantity, signed, words } from "../../ui/format";

function Stat({ name, value, kind = "", testid }: { name: string; value: string; kind?: string; testid?: string }) {
  return (
    <span class={`stat stat-${name.toLowerCase().replaceAll(" ", "-")}`}>
      <small>{name}</small>
      <span class={kind} data-testid={testid}>
        {value}
      </span>
    </span>
  );
}

/** The chosen instrument's market in one line; in an auction what it would trade at. */
export function QuoteLine({ desk: { store } }: { desk: Desk }) {
  const symbol = store.symbol.value;
  const terms = store.instrument(symbol);
  const market = store.market(symbol).value;
  const tick = terms?.price_increment ?? market.tick_size;
  const last = market.last ?? terms?.last;
  // Without a close of the day before, the day is measured from its first trade.
  const reference = terms?.reference ?? market.open ?? terms?.open;
  const moved = last == null || !reference ? null : last - reference;
  const auction = market.phase?.endsWith("auction") || market.phase === "pre_open";
  return (
    <div class="quote">
      <span class={`quote-last ${direction(moved)}`} title={`Last price, ${terms?.currency ?? ""}`}>
        {price(last, tick)}
      </span>
      <span class={`quote-change ${direction(moved)}`} title={terms?.reference == null ? "Change since the first trade" : "Change since the reference price"}>
        {signed(price(moved, tick))}
        <br />
        {signed(percent(moved === null || !reference ? null : moved / reference))}
      </span>
      <Stat name="Bid" value={price(market.bid, tick)} />
      <Stat name="Ask" value={price(market.ask, tick)} />
      <Stat name="High" value={price(market.high, tick)} />
      <Stat name="Low" value={price(market.low, tick)} />
      <Stat name="Volume" value={compact(market.volume)} />
      {auction ? (
        <Stat
          name="Indicative"
          value={`${price(market.indicative_price, tick)} × ${quantity(market.indicative_quantity ?? 0)}`}
          testid="quote-indicative"
        />
      ) : (
        <Stat name="Phase" value={market.halted ? "halted" : words(market.phase ?? terms?.phase)} testid="quote-phase" />
      )}
    </div>
  );
}

/** What the own account is worth now. */
export function AccountLine({ desk: { store } }: { desk: Desk }) {
  const { equity, pnl, buyingPower, latest } = store.account.value;
  const known = latest !== null;
  const currency = store.instruments.value[0]?.currency ?? "";
  const name = (text: string): string => (currency === "" ? text : `${text} ${currency}`);
  return (
    <div class="own">
      <span class="stat stat-equity">
        <small>{name("Equity")}</small>
        <span data-testid="status-equity">{price(known ? equity : null, 0.01)}</span>
      </span>
      <span class="stat stat-pnl">
        <small>{name("P&L")}</small>
        <span data-testid="status-pnl" class={direction(known ? Math.round(pnl * 100) : 0)}>
          {signed(price(known ? pnl : null, 0.01))}
        </span>
      </span>
      <span class="stat stat-power">
        <small>{name("Buying power")}</small>
        <span data-testid="status-buying-power">{price(known ? buyingPower : null, 0.01)}</span>
      </span>
    </div>
  );
}
