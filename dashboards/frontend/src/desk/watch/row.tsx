import { useRef } from "preact/hooks";
import type { Instrument } from "../../store/types";
import { compact, direction, millis, percent, price, quantity, signed, words } from "../../ui/format";
import type { Desk } from "../desk-context";
import { changeOf } from "./order";
import { pathOf } from "./spark";
import type { Sparks } from "./sparks";

/** The box that the line is made for; it is stretched to the place there is. */
const SPARK = { width: 52, height: 16 } as const;

/** Phases in a few letters; what trades as usual is a dot. */
const BADGES: Readonly<Record<string, string>> = {
  pre_open: "PRE",
  opening_auction: "AUC",
  closing_auction: "AUC",
  reopening_auction: "AUC",
  halted: "HALT",
  closed: "CLOSED",
};

interface RowProps {
  desk: Desk;
  terms: Instrument;
  sparks: Sparks;
  /** Counts histories that were read, so that the line is drawn when its own came. */
  loaded: number;
  top: number;
  index: number;
  chosen: boolean;
  choose: (symbol: string) => void;
}

/** One instrument; it is drawn anew only when its own market changes. */
export function WatchRow({ desk: { store }, terms, sparks, top, index, chosen, choose }: RowProps) {
  const { symbol, tick_size: tick, lot_size: lot } = terms;
  const market = store.market(symbol).value;
  const { last = null, bid = null, ask = null, volume = 0, phase = "" } = market;
  const change = changeOf(market);
  const colour = direction(change);
  // A number of another length begins elsewhere: it comes as another element, for the old one would jump.
  const [moved, much, bids, asks] = [signed(percent(change)), compact(volume), price(bid, tick), price(ask, tick)];
  const path = pathOf(sparks.of(symbol, millis(market.last_time), last), SPARK.width, SPARK.height);
  return (
    <div
      class="watch-row"
      style={{ transform: `translateY(${top}px)` }}
      id={`watch-${index}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      data-testid={`watch-row-${symbol}`}
      onClick={() => choose(symbol)}
    >
      <span role="gridcell" class="watch-symbol">
        <b>{symbol}</b>
        <Phase phase={market.halted === true ? "halted" : phase} />
      </span>
      <span role="gridcell" class="watch-spark" aria-hidden="true">
        <svg viewBox={`0 -1 ${SPARK.width} ${SPARK.height + 2}`} preserveAspectRatio="none" class={colour}>
          <path d={path} />
        </svg>
      </span>
      <Last value={last} tick={tick} />
      <span key={`change ${moved.length}`} role="gridcell" class={`num watch-change ${colour}`} data-testid="watch-change" title="Change since the open">
        {moved}
      </span>
      <span key={`volume ${much.length}`} role="gridcell" class="num watch-volume" title={`Volume ${quantity(volume, lot)}`}>
        {much}
      </span>
      <span key={`bid ${bids.length}`} role="gridcell" class="num watch-bid" data-testid="watch-bid" title={`Bid, for ${quantity(market.bid_quantity, lot)}`}>
        {bids}
      </span>
      <span key={`ask ${asks.length}`} role="gridcell" class="num watch-ask" data-testid="watch-ask" title={`Ask, for ${quantity(market.ask_quantity, lot)}`}>
        {asks}
      </span>
    </div>
  );
}

/** The last price, with a short breath of colour when it moves. */
function Last({ value, tick }: { value: number | null; tick: number }) {
  const seen = useRef<{ value: number | null; turn: number; flash: string }>({ value: null, turn: 0, flash: "" });
  const before = seen.current;
  if (value !== before.value) {
    const moved = before.value === null || value === null ? 0 : value - before.value;
    // Two names of one animation in turn, so that a second move in the same direction starts it anew.
    const turn = before.turn ^ 1;
    seen.current = { value, turn, flash: moved === 0 ? "" : `flash-${moved > 0 ? "up" : "down"}-${turn}` };
  }
  return (
    <span role="gridcell" class={`num watch-last ${seen.current.flash}`} data-testid="watch-last">
      {price(value, tick)}
    </span>
  );
}

function Phase({ phase }: { phase: string }) {
  const badge = BADGES[phase];
  return badge === undefined ? (
    <i class="watch-dot" title={words(phase)} data-state={phase} />
  ) : (
    <i class="watch-phase" title={words(phase)} data-state={phase}>
      {badge}
    </i>
  );
}
