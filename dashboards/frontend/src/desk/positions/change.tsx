import * as format from "../../ui/format";

/** A number with its sign and its colour. */
export function Change({ value, text }: { value: number | null; text: string }) {
  return <span class={/[1-9]/.test(text) ? format.direction(value) : ""}>{format.signed(text)}</span>;
}

/** An amount of profit and what part it is. */
export function Profit({ value, of, testid }: { value: number; of: number | null; testid?: string }) {
  return (
    <span class={format.direction(Math.abs(value) < 0.005 ? 0 : value)}>
      <span data-testid={testid}>{format.signed(format.money(value))}</span>
      <span class="profit-part">{of === null ? "" : format.signed(format.percent(of))}</span>
    </span>
  );
}
