import * as format from "../../ui/format";

/** A number with its sign and its colour. */
export function Change({ value, text }: { value: number | null; text: string }) {
  // A number of another length begins elsewhere: it comes as another element, for the old one would jump.
  return <span key={text.length} class={/[1-9]/.test(text) ? format.direction(value) : ""}>{format.signed(text)}</span>;
}

/** An amount of profit and what part it is. */
export function Profit({ value, of, testid }: { value: number; of: number | null; testid?: string }) {
  const amount = format.signed(format.money(value));
  const percent = of === null ? "" : format.signed(format.percent(of));
  return (
    <span class={format.direction(Math.abs(value) < 0.005 ? 0 : value)}>
      <span key={`amount ${amount.length}`} data-testid={testid}>
        {amount}
      </span>
      <span key={`part ${percent.length}`} class="profit-part">
        {percent}
      </span>
    </span>
  );
}
