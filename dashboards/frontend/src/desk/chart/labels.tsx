import { useEffect, useRef } from "preact/hooks";
import { direction, money, price, quantity, signed } from "../../ui/format";
import type { Desk } from "../desk-context";
import type { Level } from "./levels";
import type { Rules } from "./rules";

/** What belongs to the lines of the chart: handles of orders, and the position. */
export function Labels({ desk, rules }: { desk: Desk; rules: Rules }) {
  return (
    <div class="chart-labels">
      {rules.levels.value.map((level) => (
        <Handle key={level.key} desk={desk} rules={rules} level={level} />
      ))}
      <PositionLabel desk={desk} rules={rules} />
    </div>
  );
}

const LARGE_STEP = 10;

/** The label of an order's price: dragged, or moved with the arrow keys, it asks for another price. */
function Handle({ desk, rules, level }: { desk: Desk; rules: Rules; level: Level }) {
  const element = useRef<HTMLDivElement>(null);
  const grab = useRef(0);
  useEffect(() => {
    rules.label(level.key, element.current);
    return () => rules.label(level.key, null);
  }, [level.key]);
  const terms = desk.store.instrument(desk.store.symbol.value);
  const drag = rules.drag.value?.key === level.key ? rules.drag.value : null;
  const at = drag?.price ?? level.price;
  useEffect(() => rules.place(), [at]);
  const set = (to: number | null): void => {
    if (to !== null && to > 0) rules.drag.value = { key: level.key, price: to, sent: false };
  };
  const abort = (): void => {
    if (drag !== null && !drag.sent) rules.drag.value = null;
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || !level.movable || drag !== null) return;
    grab.current = event.clientY - (rules.heightOf(level.price) ?? 0);
    element.current?.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    if (element.current?.hasPointerCapture(event.pointerId) === true) set(rules.priceAt(event.clientY - grab.current));
  };
  const up = (event: PointerEvent): void => {
    if (element.current?.hasPointerCapture(event.pointerId) !== true) return;
    element.current.releasePointerCapture(event.pointerId);
    if (drag !== null) void rules.move(level, drag.price);
  };
  const key = (event: KeyboardEvent): void => {
    if (drag?.sent === true) return;
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: LARGE_STEP, PageDown: -LARGE_STEP }[event.key];
    if (steps !== undefined && level.movable) set(rules.stepFrom(at, steps));
    else if (event.key === "Enter" && drag !== null) void rules.move(level, drag.price);
    else if (event.key === "Escape" && drag !== null) abort();
    else if (event.key === "Delete" || event.key === "Backspace") void rules.cancel(level);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const written = price(at, terms?.tick_size);
  const side = level.side === "buy" ? "Buy" : "Sell";
  const count = level.orders.length;
  const what = `${side} ${quantity(level.quantity, terms?.lot_size)} ${level.kind}${count > 1 ? `, ${count} orders` : ""}`;
  const small = drag === null && !rules.labelled.value.has(level.key);
  useEffect(() => rules.place(), [small]);
  return (
    <div
      ref={element}
      class="chart-label"
      data-testid={`chart-order-${level.key}`}
      data-price={written}
      data-side={level.side}
      data-sent={drag?.sent === true}
      data-moved={drag !== null}
      data-movable={level.movable}
      data-small={small}
      title={level.movable ? "Drag to another price; with the keyboard: arrows, then Enter" : "Follows the market"}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={abort}
    >
      <span class="chart-grip" role="slider" tabIndex={small ? -1 : 0} aria-orientation="vertical" aria-label={what} aria-valuenow={at} aria-valuetext={written} onKeyDown={key}>
        <b>{side}</b> {quantity(level.quantity, terms?.lot_size)} <span class="dim">{count > 1 ? `${level.kind} ×${count}` : level.kind}</span>
        {drag !== null && <b> {written}</b>}
      </span>
      <button
        type="button"
        tabIndex={-1}
        aria-label={`Cancel: ${what}`}
        title="Cancel"
        onPointerDown={(event) => event.stopPropagation()}
        onClick={() => void rules.cancel(level)}
      >
        ×
      </button>
    </div>
  );
}

function PositionLabel({ desk, rules }: { desk: Desk; rules: Rules }) {
  const element = useRef<HTMLDivElement>(null);
  const position = rules.position.value;
  const there = position !== null && position.average_price !== null;
  useEffect(() => {
    rules.label("position", element.current);
    return () => rules.label("position", null);
  }, [there]);
  const average = position?.average_price ?? null;
  useEffect(() => rules.place(), [average]);
  if (position === null || average === null) return null;
  const terms = desk.store.instrument(position.symbol);
  const profit = signed(money(position.unrealised));
  return (
    <div
      ref={element}
      class="chart-label"
      data-testid="chart-position"
      data-price={price(average, terms?.tick_size)}
      data-side="position"
      title={`Average price of the position, and its profit at the mark, in ${terms?.currency ?? "currency"}`}
    >
      <b>{position.quantity > 0 ? "Long" : "Short"}</b> {quantity(Math.abs(position.quantity), terms?.lot_size)}{" "}
      <b key={profit.length} class={`chart-profit ${direction(position.unrealised)}`}>
        {profit}
      </b>
    </div>
  );
}
