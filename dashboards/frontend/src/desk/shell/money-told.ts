import { money } from "../../ui/format";
import { reasonWord } from "../orders/words";

/** A sentence for money that came to the account or went from it without a trade. */
export function movementTold(reason: string, amount: number, currency: string, symbol = ""): string {
  const sum = money(Math.abs(amount), currency);
  if (reason === "fine") return `You were fined ${sum}.`;
  const what = `${reasonWord(reason)}${symbol === "" ? "" : ` of ${symbol}`}`;
  return amount < 0 ? `${sum} was taken from your account: ${what}.` : `${sum} was paid into your account: ${what}.`;
}

/** A sentence for an own trade that was undone. */
export function bustTold(trade: number, symbol = "", reason = ""): string {
  const why = reason === "" ? "" : ` Reason: ${reason}`;
  return `The exchange has undone trade ${trade}${symbol === "" ? "" : ` in ${symbol}`}: it counts no more.${why}`;
}
