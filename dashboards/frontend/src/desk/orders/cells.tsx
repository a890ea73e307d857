import type { ComponentChildren } from "preact";
import * as format from "../../ui/format";
import type { Instrument, Order } from "../../store/types";

/** Buy or sell, told by word and colour. */
export function SideCell({ side }: { side: string }) {
  return (
    <span class={side === "buy" ? "up" : "down"} data-testid="order-side" data-side={side}>
      {side === "buy" ? "Buy" : "Sell"}
    </span>
  );
}

/** How much of an order has traded and still counts: the number, over a bar of the part. */
export function FilledCell({ order, terms }: { order: Order; terms: Instrument | undefined }) {
  const part = order.quantity > 0 ? Math.min(1, order.executed / order.quantity) : 0;
  const text = format.quantity(order.executed, terms?.lot_size);
  const busted = order.busted > 0 ? `, without ${format.quantity(order.busted, terms?.lot_size)} that were busted` : "";
  return (
    <span class="filled" title={`${text} of ${format.quantity(order.quantity, terms?.lot_size)} units traded${busted}`}>
      <span class="filled-bar" style={{ transform: `scaleX(${part})` }} aria-hidden="true" />
      <span data-testid="order-filled">{text}</span>
    </span>
  );
}

interface IconProps {
  id?: string;
  name: string;
  onClick: () => void;
  disabled?: boolean;
  children: ComponentChildren;
}

/** A small button in a row. */
export function RowButton({ id, name, onClick, disabled = false, children }: IconProps) {
  return (
    <button
      type="button"
      class="row-button"
      data-testid={id}
      aria-label={name}
      title={name}
      disabled={disabled}
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
    >
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {children}
      </svg>
    </button>
  );
}

export const CROSS = <path d="M4 4l8 8M12 4l-8 8" />;
export const PENCIL = <path d="M3 13l.6-2.8L10.8 3 13 5.2 5.8 12.4zM9.3 4.5l2.2 2.2" />;
export const QUESTION = <path d="M5.7 6a2.3 2.3 0 1 1 3.4 2c-.8.4-1.1.9-1.1 1.7M8 12.2v.2" />;
export const COPY = <path d="M6 6h7v7H6zM3.5 10V3h7" />;
