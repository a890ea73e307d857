import type { Desk } from "../desk-context";
import { compact, direction, percent, price, quantity, signed, words } from "../../ui/format";

interface StatProps {
  name: string;
  value: string;
  /** What styles know it by. */
  kind: string;
  colour?: string;
  testid?: string;
}

function Stat({ name, value, kind, colour = "", testid }: StatProps) {
  return (
    <span class={`stat stat-${kind}`}>
      <small>{name}</small>
      {/* A number of another length begins elsewhere: it comes as another element, for the old one would jump. */}
      <span key={value.length} class={colour} data-testid={testid}>
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
  const difference = signed(price(moved, tick));
  const part = signed(percent(moved === null || !reference ? null : moved / reference));
  const auction = market.phase?.endsWith("auction") || market.phase === "pre_open";
  return (
    <div class="quote">
      <span class={`quote-last ${direction(moved)}`} title={`Last price, ${terms?.currency ?? ""}`}>
        {price(last, tick)}
      </span>
      <span key={`${difference.length} ${part.length}`} class={`quote-change ${direction(moved)}`} title={terms?.reference == null ? "Change since the first trade" : "Change since the reference price"}>
        {difference}
        <br />
        {part}
      </span>
      <Stat kind="bid" name="Bid" value={price(market.bid, tick)} />
      <Stat kind="ask" name="Ask" value={price(market.ask, tick)} />
      <Stat kind="high" name="High" value={price(market.high, tick)} />
      <Stat kind="low" name="Low" value={price(market.low, tick)} />
      <Stat kind="volume" name="Volume" value={compact(market.volume)} />
      {auction ? (
        <Stat
          kind="indicative"
          name="Indicative"
          value={`${price(market.indicative_price, tick)} × ${quantity(market.indicative_quantity ?? 0)}`}
          testid="quote-indicative"
        />
      ) : (
        <Stat kind="phase" name="Phase" value={market.halted ? "halted" : words(market.phase ?? terms?.phase)} testid="quote-phase" />
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
      <Stat kind="equity" name={name("Equity")} value={price(known ? equity : null, 0.01)} testid="status-equity" />
      <Stat kind="pnl" name={name("P&L")} value={signed(price(known ? pnl : null, 0.01))} colour={direction(known ? Math.round(pnl * 100) : 0)} testid="status-pnl" />
      <Stat kind="power" name={name("Buying power")} value={price(known ? buyingPower : null, 0.01)} testid="status-buying-power" />
    </div>
  );
}
