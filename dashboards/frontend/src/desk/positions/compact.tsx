import type { ComponentChildren } from "preact";
import * as format from "../../ui/format";
import type { Position } from "../../store/types";
import type { Desk } from "../desk-context";
import { Change, Profit } from "./change";
import { CloseButtons } from "./close-buttons";
import { part, rowId } from "./valuation";

interface Props {
  desk: Desk;
  rows: readonly Position[];
  empty: ComponentChildren;
}

/** Positions for a phone: what is held, what it earns, and buttons that a thumb finds. */
export function CompactPositions({ desk, rows, empty }: Props) {
  const { store } = desk;
  const { equity, pnl, latest } = store.account.value;
  const currency = store.instruments.value[0]?.currency ?? "";
  return (
    <div class="cards">
      <div class="cards-head">
        <span>
          <small>Equity {currency}</small>
          <b>{format.money(latest === null ? null : equity)}</b>
        </span>
        <span>
          <small>Profit and loss {currency}</small>
          <b>
            <Change value={pnl} text={format.money(latest === null ? null : pnl)} />
          </b>
        </span>
      </div>
      {rows.length === 0
        ? empty
        : rows.map((each) => {
            const terms = store.instrument(each.symbol);
            return (
              <article key={each.symbol} class="card" data-testid={rowId(each)} data-state={each.quantity === 0 ? "flat" : "open"}>
                <div>
                  <button type="button" class="symbol-link symbol" onClick={() => store.select(each.symbol)}>
                    {each.symbol}
                  </button>{" "}
                  <span data-testid="position-quantity" class={format.direction(each.quantity)}>
                    {format.quantity(each.quantity, terms?.lot_size)}
                  </span>
                  <div class="dim">
                    <span data-testid="position-average">{format.price(each.average_price, (terms?.tick_size ?? 0.01) / 100)}</span>
                    {" → "}
                    <span data-testid="position-mark">{format.price(each.mark, terms?.tick_size)}</span>
                  </div>
                </div>
                <div class="num">
                  <b>
                    <Profit value={each.unrealised} of={part(each)} testid="position-unrealised" />
                  </b>
                  <div class="dim">
                    realised <span data-testid="position-realised">{format.signed(format.money(each.realised))}</span>
                  </div>
                </div>
                {each.quantity !== 0 && <CloseButtons desk={desk} position={each} />}
              </article>
            );
          })}
    </div>
  );
}
