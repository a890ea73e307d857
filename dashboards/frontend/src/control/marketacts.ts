import { crowd, move, type Act } from "./acts";

const named = (symbols: string[]): string => (symbols.length === 0 ? "all instruments" : symbols.join(", "));

export function haltAct(session: string, symbols: string[], seats: number): Act {
  return move(
    session,
    "Halt",
    "halt",
    { symbols },
    `Halt ${named(symbols)}? Nothing trades there until you lift it; ${crowd(seats)} can only cancel.`,
    `Trading in ${named(symbols)} is halted.`,
    true,
  );
}

export function liftAct(session: string, symbols: string[], byAuction: boolean): Act {
  const how = byAuction ? "by a reopening auction" : "at once";
  return move(
    session,
    byAuction ? "Lift by auction" : "Lift",
    "lift",
    { symbols, by_auction: byAuction },
    byAuction ? "" : `Lift the halt of ${named(symbols)} at once? Orders that wait trade at the prices they have now.`,
    `The halt of ${named(symbols)} is lifted ${how}.`,
  );
}
