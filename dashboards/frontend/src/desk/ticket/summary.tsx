import { money, NONE, price as asPrice, quantity as asQuantity, words } from "../../ui/format";
import type { PreviewOut } from "../../wire/answers";
import type { Instrument } from "../../store/types";

interface Props {
  preview: PreviewOut | null;
  instrument: Instrument | undefined;
  /** Whether the preview is of the order as it is now. */
  fresh: boolean;
}

/** What the order would do now. Its lines are always there, so that nothing moves when numbers come. */
export function Summary({ preview, instrument, fresh }: Props) {
  const step = instrument?.price_increment ?? 0.01;
  const lot = instrument?.lot_size ?? 1;
  const currency = instrument?.currency ?? "";
  const good = preview !== null && preview.accepted ? preview : null;
  const { before = null, after = null } = preview ?? {};
  const received = good !== null && good.cost < 0;
  return (
    <dl class="summary" data-fresh={fresh} aria-label="What the order would do now">
      <div>
        <dt>Would</dt>
        <dd>{good === null ? NONE : outcome(good, step, lot)}</dd>
      </div>
      <div title="Average and worst price against what the book shows now; hidden quantity is not counted">
        <dt>Average · worst</dt>
        <dd>
          {good === null || good.fill.quantity === 0
            ? NONE
            : `${asPrice(good.fill.average_price, step / 10)} · ${asPrice(good.fill.worst_price, step)}`}
        </dd>
      </div>
      <div data-testid="ticket-cost">
        <dt>{received ? "Received" : "Cost"} · fees</dt>
        <dd>
          {good === null || good.fill.quantity === 0
            ? NONE
            : `${money(Math.abs(good.cost))} · ${money(good.fees)} ${currency}`}
        </dd>
      </div>
      <Change name={`Buying power ${currency}`} before={before?.buying_power} after={good === null ? undefined : after?.buying_power} text={money} />
      <Change name={`Margin ${currency}`} before={before?.initial_margin} after={good === null ? undefined : after?.initial_margin} text={money} />
      <Change name="Position" before={before?.position} after={good === null ? undefined : after?.position} text={(value) => asQuantity(value, lot)} />
    </dl>
  );
}

interface ChangeProps {
  name: string;
  before: number | undefined;
  after: number | undefined;
  text: (value: number | undefined) => string;
}

function Change({ name, before, after, text }: ChangeProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="dim">{text(before)} →</span> {text(after)}
      </dd>
    </div>
  );
}

/** What would become of the order at once, in few words. */
export function outcome(preview: PreviewOut, step: number, lot: number): string {
  const { state, reason, fill, leaves, ahead, limit_price } = preview;
  const rest = leaves > 0 ? `${limit_price === null ? "wait with" : "rest"} ${asQuantity(leaves, lot)}${limit_price === null ? "" : ` at ${asPrice(limit_price, step)}`}` : "";
  const queue = ahead === null || leaves === 0 ? "" : ` (${asQuantity(ahead, lot)} ahead)`;
  if (state === "held") return `wait for its ${fill.quantity > 0 ? "rest" : "trigger or time"}`;
  if (state === "canceled") return fill.quantity > 0 ? `fill ${asQuantity(fill.quantity, lot)}, then end` : `not fill: ${words(reason)}`;
  if (fill.quantity > 0) return `fill ${asQuantity(fill.quantity, lot)}${rest === "" ? "" : `, ${rest}`}`;
  return `${rest}${queue}`;
}
