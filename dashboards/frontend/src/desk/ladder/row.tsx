import { Component } from "preact";
import { price as asPrice, quantity as asQuantity } from "../../ui/format";
import { short } from "../short";
import type { Row as Shown } from "./book";

export type Column = "bid" | "price" | "ask";

export interface RowProps {
  row: Shown;
  step: number;
  lot: number;
  /** Size of the last trade, on the row of its price. */
  lastSize: number;
  lastUp: boolean;
  onPick: (price: number, column: Column, event: MouseEvent) => void;
  onCancel: (price: number) => void;
}

/** One price. It is drawn anew only when what it shows has changed: most of the book stays as it is. */
export class LadderRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { row, step, lot, lastSize, lastUp } = this.props;
    if (next.step !== step || next.lot !== lot) return true;
    if (row.last && (next.lastSize !== lastSize || next.lastUp !== lastUp)) return true;
    return (Object.keys(row) as (keyof Shown)[]).some((name) => row[name] !== next.row[name]);
  }

  override render({ row, step, lot, lastSize, lastUp, onPick, onCancel }: RowProps) {
    const text = asPrice(row.price, step);
    const own = row.ownBuy + row.ownSell;
    const side = row.ownBuy > 0 ? "buy" : "sell";
    const pick = (column: Column) => (event: MouseEvent) => onPick(row.price, column, event);
    const style = `--bar:${row.bar}%`;
    // A number of another length begins elsewhere: it comes as another element, for the old one would jump.
    const size = row.last ? `${lastUp ? "▲" : "▼"}${short(lastSize)}` : "";
    const bid = row.bid > 0 ? asQuantity(row.bid, lot) : "";
    return (
      <div class="rung" role="row" data-testid={`ladder-row-${text}`} data-mark={row.mark} data-indicative={row.indicative}>
        <span class="own" role="cell" data-testid="ladder-own" data-side={own > 0 ? side : ""}>
          {own > 0 && (
            <button
              type="button"
              onClick={() => onCancel(row.price)}
              title={`Your ${row.ownBuy > 0 ? "bid" : "offer"}: ${asQuantity(own, lot)}${
                row.ahead === null ? "" : `, ${asQuantity(row.ahead, lot)} ahead when it queued`
              }. Click to cancel.`}
            >
              <b>{short(own)}</b>
              {row.ahead !== null && <i>{short(row.ahead)}</i>}
              <span class="sr">of yours at {text}: cancel</span>
            </button>
          )}
        </span>
        <span key={`bid ${bid.length}`} class="bid" role="cell" data-testid="ladder-bid" style={row.bid > 0 ? style : ""} onClick={pick("bid")}>
          {bid}
        </span>
        <span class="at" role="cell">
          <button type="button" data-testid="ladder-price" tabIndex={-1} onClick={pick("price")} aria-label={`Price ${text}`} title={row.indicative ? "Indicative auction price" : ""}>
            {text}
          </button>
        </span>
        <span class="ask" role="cell" data-testid="ladder-ask" style={row.ask > 0 ? style : ""} onClick={pick("ask")}>
          {row.ask > 0 ? asQuantity(row.ask, lot) : ""}
        </span>
        <span key={`last ${size.length}`} role="cell" class={`last ${row.last ? (lastUp ? "up" : "down") : ""}`} title={row.last ? "Size of the last trade, at its price" : ""}>
          {size}
        </span>
      </div>
    );
  }
}
