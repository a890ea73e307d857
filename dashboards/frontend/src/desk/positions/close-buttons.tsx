import type { Position } from "../../store/types";
import type { Desk } from "../desk-context";
import { closePosition } from "./closing";

/** Half of a position, or all of it, at the market. */
export function CloseButtons({ desk, position }: { desk: Desk; position: Position }) {
  const { symbol } = position;
  return (
    <span class="acts closing">
      <button type="button" class="button" data-testid="position-half" aria-label={`Close half of ${symbol}`} title={`Close half of ${symbol} at the market`} onClick={() => void closePosition(desk, position, "half")}>
        ½
      </button>
      <button type="button" class="button" data-testid="position-close" aria-label={`Close ${symbol}`} title={`Close ${symbol} at the market`} onClick={() => void closePosition(desk, position, "all")}>
        Close
      </button>
    </span>
  );
}
