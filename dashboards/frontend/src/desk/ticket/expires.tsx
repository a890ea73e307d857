import type { Signal } from "@preact/signals-core";

interface Props {
  value: Signal<number | null>;
  zone: string;
  disabled: boolean;
  bad: boolean;
}

/** When a good-till-date order ends, in the session's zone: what is typed is a time there. */
export function Expires({ value, zone, disabled, bad }: Props) {
  return (
    <label class="number" data-disabled={disabled} data-bad={bad} title={`Time in ${zone}`}>
      <span>Until</span>
      {disabled ? (
        <input data-testid="ticket-expires" aria-label="Good until" disabled value="" />
      ) : (
        <input
          type="datetime-local"
          data-testid="ticket-expires"
          aria-label={`Good until, time in ${zone}`}
          aria-invalid={bad}
          value={value.value === null ? "" : local(value.value, zone)}
          onChange={(event) => (value.value = moment(event.currentTarget.value, zone))}
        />
      )}
    </label>
  );
}

/** `2025-03-18T16:00` of a moment in a zone. */
export function local(ms: number, zone: string): string {
  const options: Intl.DateTimeFormatOptions = {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  };
  const parts = new Map(new Intl.DateTimeFormat("en-CA", options).formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}T${parts.get("hour")}:${parts.get("minute")}`;
}

/** The moment of a local time in a zone; of a time that occurs twice when clocks go back, one of them. */
export function moment(text: string, zone: string): number | null {
  const wanted = Date.parse(`${text}Z`);
  if (Number.isNaN(wanted)) return null;
  let guess = wanted;
  // The second round is for times near a change of the clocks.
  for (let round = 0; round < 2; round++) guess += wanted - Date.parse(`${local(guess, zone)}Z`);
  return guess;
}
