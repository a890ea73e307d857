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
  const text = good === null ? NONE : cost(good, instrument?.multiplier ?? 1, currency);
  const prices =
    good === null || good.fill.quantity === 0
      ? NONE
      : `${asPrice(good.fill.average_price, step / 10)} · ${asPrice(good.fill.worst_price, step)}`;
  return (
    <dl class="summary" data-fresh={fresh} aria-label="What the order would do now">
      <Fact name="Would" text={good === null ? NONE : outcome(good, step, lot)} />
      <Fact name="Average · worst" text={prices} title="Average and worst price against what the book shows now; hidden quantity is not counted" />
      <Fact name={`${received ? "Received" : "Cost"} · fees`} text={text} testid="ticket-cost" title="Of what trades at once, with its fees; of an order that rests, what it trades for at its limit" />
      <Change name={`Buying power ${currency}`} before={before?.buying_power} after={good === null ? undefined : after?.buying_power} text={money} />
      <Change name={`Margin ${currency}`} before={before?.initial_margin} after={good === null ? undefined : after?.initial_margin} text={money} />
      <Change name="Position" before={before?.position} after={good === null ? undefined : after?.position} text={(value) => asQuantity(value, lot)} />
    </dl>
  );
}

interface FactProps {
  name: string;
  text: string;
  title?: string;
  testid?: string;
}

function Fact({ name, text, title, testid }: FactProps) {
  return (
    <div title={title} data-testid={testid}>
      <dt>{name}</dt>
      {/* A text of another length begins elsewhere: it comes as another element, for the old one would jump. */}
      <dd key={text.length}>{text}</dd>
    </div>
  );
}

interface ChangeProps {
  name: string;
  before: number | undefined;
  after: number | undefined;
  text: (value: number | undefined) => string;
}

function Change({ name, before, after, text }: ChangeProps) {
  const [was, is] = [`${text(before)} →`, text(after)];
  return (
    <div>
      <dt>{name}</dt>
      <dd key={`${was.length} ${is.length}`}>
        <span class="dim">{was}</span> {is}
      </dd>
    </div>
  );
}

/** What an order costs: of what trades at once with its fees, else what it trades for at its limit. */
export function cost(preview: PreviewOut, multiplier: number, currency: string): string {
  const { fill, leaves, limit_price } = preview;
  if (fill.quantity > 0) return `${money(Math.abs(preview.cost))} · ${money(preview.fees)} ${currency}`;
  if (limit_price === null || leaves === 0) return NONE;
  return `${money(leaves * limit_price * multiplier, currency)} when filled`;
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
