import { delaySeconds, boardAct } from "./board";
import type { Dialog, House } from "./house";
import { equityTold, feeAct, FEES, fineAct, limitAct, LIMITS, transferAct, type Whom } from "./peopleacts";
import type { Room } from "./room";
import { bustAct, sideOf } from "./trading";
import type { AccountOut, TradeRow } from "./words";

const called = (whom: Whom): string => `${whom.user} (${whom.account})`;
const unitOf = (all: typeof LIMITS, name: string | undefined): string => all.find(([each]) => each === name)?.[2] ?? "";

/** What holds for somebody, or where all are asked about for the first of them, once it is known; the dialog is open before. */
function standing(house: House, room: Room, whom: Whom | null): { value: AccountOut | null } {
  const found: { value: AccountOut | null } = { value: null };
  // Reading what somebody has is written into the audit log: for all it is one, and said so.
  const account = whom?.account ?? room.rows.peek()[0]?.seat;
  if (account === undefined) return found;
  house.rest
    .get<AccountOut>(room.path(`account?account=${encodeURIComponent(account)}`))
    .then((account) => {
      found.value = account;
      house.redraw();
    })
    // Without it the dialog does not say what holds now, and what is set is judged by the server all the same.
    .catch(() => undefined);
  return found;
}

/** What holds now as a sentence; others than the one whose account was read may have something else. */
const now = (whom: Whom | null, account: AccountOut, what: string): string => `Now${whom === null ? ` for ${account.name}, others may differ` : ""}: ${what}.`;

/** Ask for a limit of one or of all. */
export function askLimit(house: House, room: Room, whom: Whom | null): void {
  const stands = standing(house, room, whom);
  house.ask({
    title: whom === null ? "Limit for every trader" : `Limit for ${called(whom)}`,
    text: "It holds at once: who has already lost more than a new loss or drawdown limit is suspended, and their orders end. Other limits hold from the next order on. 0 takes the limit away.",
    fields: [
      { name: "limit", label: "Limit", value: "max_order_lots", options: LIMITS.map(([name, label, unit]) => [name, `${label} (${unit})`] as const) },
      { name: "value", label: "Value", value: "" },
    ],
    yes: "Set limit",
    danger: whom === null,
    now: ({ limit = "" }) => {
      if (stands.value === null) return "";
      const held = (stands.value.limits as unknown as Record<string, number | undefined>)[limit];
      return held === undefined ? "" : now(whom, stands.value, held === 0 ? "no limit" : `${held.toLocaleString("en-US")} ${unitOf(LIMITS, limit)}`);
    },
    act: (values) => house.perform(limitAct(room.name, whom, values.limit ?? "", values.value ?? "")),
  });
}

/** Ask for a fee of one or of all, in one instrument or all. */
export function askFee(house: House, room: Room, whom: Whom | null): void {
  const stands = standing(house, room, whom);
  const symbols = room.session.peek()?.symbols ?? [];
  house.ask({
    title: whom === null ? "Fee for every trader" : `Fee for ${called(whom)}`,
    text: "It is taken from the next fill on; what was charged stays charged. Below zero it is a rebate. Those concerned are told.",
    fields: [
      { name: "fee", label: "Fee", value: "taker_bps", options: FEES.map(([name, label, unit]) => [name, `${label} (${unit})`] as const) },
      { name: "symbol", label: "Instrument", value: "", options: [["", "all instruments"], ...symbols.map((symbol) => [symbol, symbol] as const)] },
      { name: "value", label: "Value", value: "" },
    ],
    yes: "Set fee",
    danger: whom === null,
    now: ({ fee = "", symbol = "" }) => {
      if (stands.value === null) return "";
      const schedules = stands.value.fee_schedules.filter((each) => symbol === "" || each.symbol === symbol);
      const held = schedules.map((each) => `${each.symbol} ${(each as unknown as Readonly<Record<string, number>>)[fee] ?? 0}`);
      return held.length === 0 ? "" : now(whom, stands.value, `${held.join(", ")} ${unitOf(FEES, fee)}`);
    },
    act: (values) => house.perform(feeAct(room.name, whom, values.symbol ?? "", values.fee ?? "", values.value ?? "")),
  });
}

/** Ask for an amount that goes to or from somebody. */
export function askMoney(house: House, room: Room, whom: Whom, what: "Transfer" | "Fine"): void {
  const fine = what === "Fine";
  house.ask({
    title: `${what}: ${called(whom)}`,
    text: fine
      ? "The amount goes from the account to the house and lowers the PnL. This cannot be undone: a transfer gives the money back, and not the PnL."
      : "Pay an amount into the account, or with a minus in front take it out. The PnL does not change by it.",
    fields: [
      { name: "amount", label: "Amount", unit: "currency", value: "" },
      { name: "reason", label: "Reason", unit: "told to the participant and kept", value: "" },
    ],
    yes: what,
    danger: fine,
    now: ({ amount = "" }) => {
      const equity = room.rows.value.find((row) => row.seat === whom.account)?.equity;
      return equity === undefined ? "" : equityTold(equity, (fine ? -1 : 1) * Number(amount));
    },
    act: (values) => house.perform((fine ? fineAct : transferAct)(room.name, whom, values.amount ?? "", values.reason ?? "")),
  });
}

/** Ask how late students see the leaderboard. */
export function askDelay(house: House, room: Room, seconds: number): void {
  house.ask({
    title: "Leaderboard with a delay",
    text: "Students see the standings as they were so long ago, in exchange time; you see them as they are.",
    fields: [{ name: "delay", label: "Delay", unit: "minutes of exchange time", value: String(seconds / 60) }],
    yes: "Show with this delay",
    danger: false,
    act: async ({ delay = "" }) => {
      const wanted = delaySeconds(delay);
      return wanted === null ? "The delay must be a number of minutes above zero." : house.perform(boardAct(room.name, "delayed", wanted));
    },
  });
}

/** Ask why a trade is taken back; what will happen is said first. */
export function askBust(house: House, room: Room, trade: TradeRow, done: () => void): void {
  const dialog: Dialog = {
    title: `Bust trade ${trade.trade}`,
    text: `${sideOf(trade.buyer)} bought ${trade.quantity.toLocaleString("en-US")} ${trade.symbol} at ${trade.price} from ${sideOf(trade.seller)}. Position, cash and fees of both become what they were without it, and tape, candles and statistics are corrected. Their orders are not revived. This cannot be undone.`,
    fields: [{ name: "reason", label: "Reason", value: "", unit: "told to both and kept" }],
    yes: "Bust trade",
    danger: true,
    act: async ({ reason = "" }) => {
      const answer = await house.perform(bustAct(room.name, trade, reason));
      done();
      return answer;
    },
  };
  house.ask(dialog);
}

