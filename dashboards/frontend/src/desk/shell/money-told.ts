import { money } from "../../ui/format";
import { reasonWord } from "../orders/words";

/** A sentence for money that came to the account or went from it without a trade. */
export function movementTold(reason: string, amount: number, currency: string, symbol = "", text = ""): string {
  const sum = money(Math.abs(amount), currency);
  if (reason === "fine") return `You were fined ${sum}.${why(text)}`;
  const what = `${reasonWord(reason)}${symbol === "" ? "" : ` of ${symbol}`}`;
  return `${sum} was ${amount < 0 ? "taken from" : "paid into"} your account: ${what}.${why(text)}`;
}

/** A sentence for an own trade that was undone. */
export function bustTold(trade: number, symbol = "", reason = ""): string {
  return `The exchange has undone trade ${trade}${symbol === "" ? "" : ` in ${symbol}`}: it counts no more.${why(reason)}`;
}

const why = (reason: string): string => (reason === "" ? "" : ` Reason: ${reason}`);
