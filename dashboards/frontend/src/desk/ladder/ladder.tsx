import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { MarketRow } from "../../wire/frames";
import { NONE, price as asPrice, quantity as asQuantity } from "../../ui/format";
import type { Desk } from "../desk-context";
import { followed, middleOf, rowsOf, ticksOf, type Shown } from "./book";
import { LadderRow, type Column } from "./row";
import { placeAt } from "./quick";

const ROW_PX = 18;

/** Prices around the market, one row for each step; it moves only when the market nears an edge, or when asked to. */
export function LadderPanel({ desk }: { desk: Desk }) {
  const { store, ui } = desk;
  const symbol = store.symbol.value;
  const instrument = store.instruments.value.find((each) => each.symbol === symbol);
  const market = store.market(symbol).value;
  const step = instrument?.price_increment ?? 0.01;
  const lot = instrument?.lot_size ?? 1;
  const body = useRef<HTMLDivElement>(null);
  const count = useSignal(21);
  // The chosen top row, and of which instrument; kept out of the signals, for it changes while drawing.
  const place = useRef<{ symbol: string; step: number; top: number } | null>(null);
  const free = useSignal(false);
  const hovered = useRef(false);
  const oneClick = ui.settings.layout.value.ladder_one_click === true;

  useEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const sized = new ResizeObserver(() => {
      count.value = Math.max(7, Math.floor(element.clientHeight / ROW_PX));
    });
    sized.observe(element);
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      if (place.current === null) return;
      place.current.top -= Math.sign(event.deltaY) * (event.shiftKey ? 10 : 2);
      free.value = true;
      moved.value++;
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => {
      sized.disconnect();
      element.removeEventListener("wheel", turn);
    };
  }, []);
  const moved = useSignal(0);
  const centre = (): void => {
    place.current = null;
    free.value = false;
    moved.value++;
  };
  useEffect(() => ui.keys.register("c", "Centre the ladder on the market", centre, "Ladder"), []);
  void moved.value;

  const auction = isAuction(market.phase);
  const indicative = auction ? (market.indicative_price ?? null) : null;
  const shown: Shown = {
    depth: store.depth.value,
    orders: store.working.value.filter((order) => order.symbol === symbol),
    last: market.last ?? null,
    indicative,
  };
  const middle = middleOf(shown, instrument?.reference ?? null, step);
  const rows = count.value;
  let at = place.current;
  if (middle !== null && (at === null || at.symbol !== symbol || at.step !== step)) {
    at = { symbol, step, top: middle + Math.floor(rows / 2) };
    if (place.current !== null && free.peek()) queueMicrotask(() => (free.value = false));
  } else if (middle !== null && at !== null && !free.value && !hovered.current) {
    at = { ...at, top: followed(at.top, rows, middle) };
  }
  place.current = at;

  const pick = (price: number, column: Column, event: MouseEvent): void => {
    const side = column === "bid" ? "buy" : column === "ask" ? "sell" : ui.ticket.side.peek();
    if ((event.ctrlKey || event.metaKey || event.altKey) && oneClick && column !== "price") {
      void placeAt(desk, symbol, side, price, step);
      return;
    }
    ui.ticket.side.value = side;
    if (ui.ticket.type.peek() === "market") ui.ticket.type.value = "limit";
    ui.ticket.price.value = price;
  };
  const cancel = (price: number): void => {
    const ticks = ticksOf(price, step);
    const there = shown.orders.filter((order) => order.limit_price !== null && ticksOf(order.limit_price, step) === ticks);
    for (const order of there) void ui.attempt(() => desk.stream.cancel(order.id));
  };
  // Rows are drawn only when they change, so what they call has to be the same for good and do what is right now.
  const latest = useRef({ pick, cancel });
  latest.current = { pick, cancel };
  const acts = useRef({
    pick: (...given: Parameters<typeof pick>) => latest.current.pick(...given),
    cancel: (price: number) => latest.current.cancel(price),
  });
  const newest = store.trades.value[0];
  const empty = shown.depth.bids.length + shown.depth.asks.length === 0;
  return (
    <section class="panel ladder" data-testid="panel-ladder" aria-label="Price ladder">
      <header>
        <span class="title">Ladder</span>
        <span class="dim fill">{symbol}</span>
        <label class="one-click" title="With it, Ctrl+click in the bid column buys and in the ask column sells the ticket's quantity at that price, at once">
          <input type="checkbox" checked={oneClick} onChange={() => ui.settings.remember("ladder_one_click", !oneClick)} />
          Ctrl+click
        </label>
        <button type="button" class="icon-button" data-on={free.value} onClick={centre} title="Centre on the market (C)" aria-label="Centre on the market">
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M8 1v4M8 11v4M1 8h4M11 8h4" stroke="currentColor" stroke-width="1.5" />
          </svg>
        </button>
      </header>
      <Inside market={market} step={step} lot={lot} empty={empty} auction={auction} />
      <div class="rung titles" aria-hidden="true">
        <span>Own</span>
        <span class="num">Bid</span>
        <span>Price</span>
        <span>Ask</span>
        <span class="num">Last</span>
      </div>
      <div
        class="body"
        ref={body}
        role={at === null ? undefined : "table"}
        aria-label={at === null ? undefined : "Own orders, bids, prices and asks"}
        onPointerEnter={() => (hovered.current = true)}
        onPointerLeave={() => (hovered.current = false)}
      >
        {at === null ? (
          <div class="empty">
            <strong>No price yet</strong>The ladder opens with the first order or trade.
          </div>
        ) : (
          rowsOf(shown, at.top, rows, step).map((row, slot) => (
            // By place and not by price: a row never moves, also when the ladder does.
            <LadderRow
              key={slot}
              row={row}
              step={step}
              lot={lot}
              lastSize={market.last_quantity ?? 0}
              lastUp={newest?.side !== "sell"}
              onPick={acts.current.pick}
              onCancel={acts.current.cancel}
            />
          ))
        )}
      </div>
    </section>
  );
}

interface InsideProps {
  market: MarketRow;
  step: number;
  lot: number;
  empty: boolean;
  auction: boolean;
}

/** The spread, or what the auction would do; always one line. */
function Inside({ market, step, lot, empty, auction }: InsideProps) {
  const { bid, ask, imbalance = 0 } = market;
  if (auction) {
    const at = market.indicative_price ?? null;
    return (
      <div class="inside" data-testid="ladder-spread">
        {at === null ? (
          <span>Auction: nothing would trade yet</span>
        ) : (
          <span title="What the auction would do if it ended now">
            Auction <b>{asPrice(at, step)}</b> × {asQuantity(market.indicative_quantity, lot)}
          </span>
        )}
        <span title="Imbalance: quantity at that price that finds no other side; above zero to buy, below to sell">Rest <b>{asQuantity(imbalance, lot)}</b></span>
      </div>
    );
  }
  if (empty) {
    return (
      <div class="inside" data-testid="ladder-spread">
        <span data-testid="ladder-empty">No orders in the book</span>
        <span>Last {asPrice(market.last, step)}</span>
      </div>
    );
  }
  const both = bid != null && ask != null;
  const points = both ? `${(((ask - bid) / ((ask + bid) / 2)) * 10_000).toFixed(1)} bp` : NONE;
  return (
    <div class="inside" data-testid="ladder-spread">
      <span>
        Spread <b>{both ? asPrice(ask - bid, step) : NONE}</b> <span class="dim">{points}</span>
      </span>
      <span>
        Mid <b>{both ? asPrice((bid + ask) / 2, step / 2) : NONE}</b>
      </span>
    </div>
  );
}

function isAuction(phase = ""): boolean {
  return phase !== "" && phase !== "continuous" && phase !== "closed" && phase !== "halted";
}
