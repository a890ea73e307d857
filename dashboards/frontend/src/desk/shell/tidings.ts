import { effect } from "@preact/signals-core";
import { money, price, quantity } from "../../ui/format";
import type { Fill } from "../../store/types";
import type { LimitsOut } from "../../wire/answers";
import type { AccountRow, NewsRow } from "../../wire/frames";
import type { Desk } from "../desk-context";
import { limitsTold } from "./limits-told";
import { bustTold, movementTold } from "./money-told";

/** Fills of one order that come together are told as one. */
const GATHER_MS = 300;

/** Tell of fills and announcements as they come, also those that a panel out of sight would show. Returns what ends it. */
export function announce({ store, ui }: Desk): () => void {
  const waiting = new Map<number, Fill[]>();

  function tell(order: number): void {
    const fills = waiting.get(order) ?? [];
    waiting.delete(order);
    const [first] = fills;
    if (first === undefined) return;
    const done = fills.reduce((sum, fill) => sum + fill.quantity, 0);
    const average = fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0) / done;
    const terms = store.instrument(first.symbol);
    const at = fills.length === 1 ? price(average, terms?.price_increment) : money(average, "", 4);
    const rest = fills.at(-1)?.leaves ?? 0;
    const left = rest > 0 ? `, ${quantity(rest, terms?.quantity_increment)} still open` : "";
    const verb = first.side === "sell" ? "Sold" : "Bought";
    ui.toast("good", `${verb} ${quantity(done, terms?.quantity_increment)} ${first.symbol} at ${at}${left}`);
    if (ui.settings.sounds.peek()) beep(first.side === "sell" ? 520 : 780);
  }

  /** What the exchange did to the account, and no page shows by itself. */
  function changed({ event, symbol, reason = "", text, amount }: AccountRow): void {
    const currency = store.instruments.peek()[0]?.currency ?? "";
    if (event === "cash_changed" && amount !== undefined) ui.toast(amount < 0 ? "bad" : "info", movementTold(reason, amount, currency, symbol, text));
    else if (event === "fee_changed") ui.toast("info", `Fees were changed${symbol ? ` in ${symbol}` : ""}: they count from the next fill on.`);
  }

  // The stream tells that a limit was changed; which, and to what, is in the account that is read after it.
  let known: LimitsOut | null = null;
  const compare = (limits: LimitsOut | null): void => {
    const currency = store.instruments.peek()[0]?.currency ?? "";
    if (known !== null && limits !== null) for (const text of limitsTold(known, limits, currency)) ui.toast("info", text);
    known = limits;
  };

  const gone = [
    effect(() => compare(store.account.value.latest?.limits ?? null)),
    store.onFill((fill) => {
      const fills = waiting.get(fill.order);
      if (fills !== undefined) return void fills.push(fill);
      waiting.set(fill.order, [fill]);
      setTimeout(() => tell(fill.order), GATHER_MS);
    }),
    store.onBust(({ symbol, trade_id }, reason) => ui.toast("bad", bustTold(trade_id ?? 0, symbol, reason))),
    store.onChange(({ topic, whole, rows }) => {
      if (whole) return;
      if (topic === "news") for (const row of rows as NewsRow[]) ui.toast("info", `News: ${row.headline ?? ""}`);
      if (topic === "account") for (const row of rows as AccountRow[]) changed(row);
    }),
  ];
  return () => {
    for (const each of gone) each();
  };
}

function beep(hertz: number): void {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const level = audio.createGain();
  tone.frequency.value = hertz;
  level.gain.setValueAtTime(0.08, audio.currentTime);
  level.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.18);
  tone.connect(level).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.2);
  tone.onended = () => void audio.close();
}
