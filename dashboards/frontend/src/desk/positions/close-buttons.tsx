import type { Position } from "../../store/types";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { closePosition } from "./closing";

/** Half of a position, or all of it, at the market. */
export function CloseButtons({ desk, position }: { desk: Desk; position: Position }) {
  const { symbol } = position;
  const over = isOver(desk.store.session.value?.state);
  return (
    <span class="acts closing">
      <button type="button" class="button" data-testid="position-half" disabled={over} aria-label={`Close half of ${symbol}`} title={`Close half of ${symbol} at the market`} onClick={() => void closePosition(desk, position, "half")}>
        ½
      </button>
      <button type="button" class="button" data-testid="position-close" disabled={over} aria-label={`Close ${symbol}`} title={`Close ${symbol} at the market`} onClick={() => void closePosition(desk, position, "all")}>
        Close
      </button>
    </span>
  );
}
