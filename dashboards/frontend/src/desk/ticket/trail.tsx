import type { Ticket } from "../../ui/ticket";
import { NumberInput } from "./number-input";

interface Props {
  ticket: Ticket;
  step: number;
  digits: number;
  currency: string;
  disabled: boolean;
  bad: boolean;
}

/** How far a trailing stop trails, by an amount or by percent. */
export function Trail({ ticket, step, digits, currency, disabled, bad }: Props) {
  const percent = ticket.trailUnit.value === "percent";
  return (
    <div class="with-unit">
      <NumberInput
        value={ticket.trail}
        step={percent ? 0.1 : step}
        digits={percent ? 1 : digits}
        label="Trail"
        testid="ticket-trail"
        disabled={disabled}
        bad={bad}
      />
      <button
        type="button"
        class="flip"
        data-testid="ticket-trail-unit"
        disabled={disabled}
        aria-label={percent ? "Trails by percent; change to an amount" : "Trails by an amount; change to percent"}
        title={`Trails by ${percent ? "percent" : `an amount in ${currency}`}; click for the other`}
        onClick={() => (ticket.trailUnit.value = percent ? "amount" : "percent")}
      >
        {percent ? "%" : "Δ"}
      </button>
    </div>
  );
}
