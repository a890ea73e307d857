import { effect, untracked } from "@preact/signals-core";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { decimals, money, price as asPrice, quantity as asQuantity, sentence } from "../../ui/format";
import type { Ticket } from "../../ui/ticket";
import type { Desk } from "../desk-context";
import { isOver } from "../session-address";
import { short } from "../short";
import { Choice } from "./choice";
import { useDefaults } from "./defaults";
import { Expires } from "./expires";
import { NumberInput } from "./number-input";
import { Previews } from "./previews";
import { registerKeys } from "./shortcuts";
import { send, type Refused } from "./sending";
import { sized } from "./sizing";
import { Summary } from "./summary";
import { Trail } from "./trail";
import { CLASSES, fieldOf, needsOf, orderOf, TIMES, TYPES, warning, type Field } from "./terms";

const SHARES = [0.25, 0.5, 0.75, 1];
const TIMES_DEFAULT = [1, 2, 5, 10];
const much = new Intl.NumberFormat("en-US", { maximumFractionDigits: 9 });

/** The order ticket: every input has its place whether or not the order has it, so that nothing moves. */
export function TicketPanel({ desk }: { desk: Desk }) {
  const { store, ui, stream } = desk;
  const { ticket } = ui;
  const symbol = store.symbol.value;
  const instrument = store.instruments.value.find((each) => each.symbol === symbol);
  const step = instrument?.price_increment ?? 0.01;
  const digits = decimals(step);
  const currency = instrument?.currency ?? "";
  const market = store.market(symbol).value;
  const buys = ticket.side.value === "buy";
  const orderClass = ticket.orderClass.value;
  const needs = needsOf(orderClass === "oco" ? "limit" : ticket.type.value, ticket.tif.value, orderClass);

  const asked = useComputed(() => orderOf(ticket, store.symbol.value, store.instrument(store.symbol.value)));
  const previews = useMemo(() => new Previews(desk, () => ("order" in asked.value && store.symbol.value !== "" ? asked.value.order : null)), []);
  useEffect(() => () => previews.close(), []);
  const busy = useSignal<"" | "asking" | "sending">("");
  const refused = useSignal<(Refused & { of: string }) | null>(null);
  const inputs = useRef<{ quantity: HTMLInputElement | null; price: HTMLInputElement | null }>({ quantity: null, price: null });

  // What the server would refuse is not sent; what it did refuse may be tried again.
  const refusedBefore = useComputed(() => previews.fresh.value && (previews.problem.value !== "" || (previews.found.value?.refusal ?? null) !== null));
  const submit = async (): Promise<void> => {
    const now = asked.peek();
    if (busy.peek() !== "" || refusedBefore.peek() || !("order" in now)) return;
    busy.value = "asking";
    const answer = await send(desk, now.order, previews.fresh.peek() ? previews.found.peek() : null, () => (busy.value = "sending"));
    busy.value = "";
    refused.value = answer ? { ...answer, of: JSON.stringify(now.order) } : null;
    previews.refresh();
  };
  useEffect(() => registerKeys(desk), []);
  useCount(() => ticket.send.value, () => void submit());
  useCount(() => ticket.focus.value.count, () => enter(inputs.current[ticket.focus.peek().field], hasNow(ticket)));
  useDefaults(desk);
  // What was refused in a pause or a halt may be taken after it.
  const phase = useComputed(() => {
    const { halted, phase = "" } = store.market(store.symbol.value).value;
    return [store.session.value?.state, store.account.value.state, phase, halted].join();
  });
  useSignalEffect(() => {
    void phase.value;
    refused.value = null;
    previews.refresh();
  });

  const found = previews.found.value;
  const wanted = "order" in asked.value ? asked.value.order : null;
  const sent = refused.value !== null && wanted !== null && refused.value.of === JSON.stringify(wanted) ? refused.value : null;
  const fresh = previews.fresh.value;
  const refusal = fresh ? (found?.refusal ?? null) : null;
  const reason = sent?.reason || String(refusal?.details.reason ?? "");
  const problem = sent?.sentence ?? refusal?.message ?? (fresh ? previews.problem.value : "");
  const missing = "missing" in asked.value ? asked.value : null;
  const field: Field = missing?.field ?? (problem !== "" && wanted !== null ? fieldOf(reason.toUpperCase(), problem, wanted) : "");
  const wrong = missing === null ? problem !== "" : missing.wrong === true;
  const caution = wanted === null ? "" : warning(wanted, market.last, digits);
  const bad = (each: Field): boolean => wrong && field === each;
  const open = stream.link.value === "open";
  const choose = (price: number | null | undefined): void => {
    if (price == null) return;
    if (needs.limit) ticket.price.value = price;
    else if (needs.stop) ticket.stop.value = price;
  };
  const share = async (part: number): Promise<void> => {
    const now = asked.peek();
    const order = "order" in now ? now.order : { symbol, side: ticket.side.peek(), type: "market" };
    const quantity = await ui.attempt(() => sized(desk, previews, order, part));
    if (quantity === null) ui.toast("info", "There is nothing left to order with.");
    else if (quantity !== undefined) {
      ticket.notional.value = null;
      ticket.quantity.value = quantity;
    }
  };
  const mid = market.bid != null && market.ask != null ? Math.round((market.bid + market.ask) / 2 / step) * step : null;
  const each = ui.settings.defaultQuantity.value;
  // As much as would be sent, to the last digit, also where the instrument has no such steps.
  const size = wanted?.notional == null ? much.format(Number(wanted?.quantity)) : `${money(Number(wanted.notional), currency)} of`;
  const name = [buys ? "Buy" : "Sell", ...(wanted === null ? [] : [size]), symbol].join(" ");

  return (
    <section class="panel ticket" data-testid="panel-ticket" aria-label="Order ticket">
      <header>
        <span class="title">Order</span>
        <span class="dim">{symbol}</span>
      </header>
      <form
        class="body"
        data-side={ticket.side.value}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          // Enter sends from an input of a number, once: not while it is held down, and not from a box to tick.
          const box = event.target instanceof HTMLInputElement && event.target.type === "checkbox";
          if (event.key === "Enter" && (event.repeat || box)) event.preventDefault();
        }}
      >
        <div class="sides" role="radiogroup" aria-label="Side">
          {(["buy", "sell"] as const).map((side) => (
            <button
              key={side}
              type="button"
              role="radio"
              data-testid={`ticket-side-${side}`}
              data-side={side}
              aria-checked={ticket.side.value === side}
              onClick={() => (ticket.side.value = side)}
            >
              <b>{side === "buy" ? "Buy" : "Sell"}</b>
              <span>{asPrice(side === "buy" ? market.ask : market.bid, step)}</span>
            </button>
          ))}
        </div>
        <div class="pair">
          <Choice value={ticket.type} options={TYPES} label="Order type" testid="ticket-type" disabled={orderClass === "oco"} />
          <Choice value={ticket.tif} options={TIMES} label="Time in force" testid="ticket-tif" bad={bad("tif")} />
        </div>
        <div class="pair">
          <NumberInput
            value={ticket.quantity}
            step={instrument?.quantity_increment ?? 1}
            digits={decimals(instrument?.lot_size ?? 1)}
            label="Quantity"
            testid="ticket-quantity"
            bad={bad("quantity") && wanted?.notional === undefined}
            disabled={needs.notional && ticket.notional.value !== null}
            input={(element) => (inputs.current.quantity = element)}
          />
          <NumberInput
            value={ticket.notional}
            step={100}
            digits={0}
            label="or value"
            testid="ticket-notional"
            unit={currency}
            bad={bad("quantity") && wanted?.notional !== undefined}
            disabled={!needs.notional}
          />
        </div>
        <div class="quick">
          {TIMES_DEFAULT.map((times) => (
            <button
              key={times}
              type="button"
              title={`Quantity ${asQuantity(times * each)}`}
              onClick={() => {
                ticket.notional.value = null;
                ticket.quantity.value = times * each;
              }}
            >
              {short(times * each)}
            </button>
          ))}
          {SHARES.map((part) => (
            <button key={part} type="button" title={`${100 * part}% of the buying power, or of the position that it closes`} onClick={() => void share(part)}>
              {part === 1 ? "Max" : `${100 * part}%`}
            </button>
          ))}
        </div>
        <NumberInput
          value={ticket.price}
          step={step}
          digits={digits}
          label="Limit price"
          testid="ticket-price"
          unit={currency}
          disabled={!needs.limit}
          bad={bad("price")}
          from={() => market.last ?? instrument?.reference ?? null}
          input={(element) => (inputs.current.price = element)}
        />
        <div class="quick">
          {([["Bid", market.bid], ["Mid", mid], ["Ask", market.ask], ["Last", market.last]] as const).map(([what, value]) => (
            <button
              key={what}
              type="button"
              disabled={value == null || !(needs.limit || needs.stop)}
              title={`${what} ${asPrice(value, step)}`}
              onClick={() => choose(value)}
            >
              {what}
            </button>
          ))}
        </div>
        <div class="exits terms">
          <NumberInput value={ticket.stop} step={step} digits={digits} label="Trigger" testid="ticket-stop" disabled={!needs.stop} bad={bad("stop")} from={() => market.last ?? instrument?.reference ?? null} />
          <Trail ticket={ticket} step={step} digits={digits} currency={currency} disabled={!needs.trail} bad={bad("trail")} />
          <NumberInput value={ticket.display} step={instrument?.quantity_increment ?? 1} digits={decimals(instrument?.lot_size ?? 1)} label="Display" testid="ticket-display" placeholder="all" disabled={!needs.display} bad={bad("display")} />
        </div>
        <div class="checks">
          <label data-disabled={!needs.postOnly} title="Refused instead of trading at once">
            <input type="checkbox" data-testid="ticket-post-only" disabled={!needs.postOnly} checked={needs.postOnly && ticket.postOnly.value} onChange={(event) => (ticket.postOnly.value = event.currentTarget.checked)} />
            Post-only
          </label>
          <label title="Refused if it would open or turn a position">
            <input type="checkbox" data-testid="ticket-reduce-only" checked={ticket.reduceOnly.value} onChange={(event) => (ticket.reduceOnly.value = event.currentTarget.checked)} />
            Reduce-only
          </label>
        </div>
        <div class="class">
          <Choice value={ticket.orderClass} options={CLASSES} label="Order class" testid="ticket-class" bad={bad("class")} />
          <Expires value={ticket.expires} zone={store.session.value?.zone ?? "UTC"} disabled={!needs.expires} bad={bad("expires")} />
        </div>
        <div class="exits">
          <NumberInput value={ticket.takeProfit} step={step} digits={digits} label="Profit" testid="ticket-take-profit" disabled={!needs.takeProfit} bad={bad("takeProfit")} from={() => market.last ?? null} />
          <NumberInput value={ticket.stopLoss} step={step} digits={digits} label="Stop" testid="ticket-stop-loss" disabled={!needs.stopLoss} bad={bad("stopLoss")} from={() => market.last ?? null} />
          <NumberInput value={ticket.stopLossLimit} step={step} digits={digits} label="Limit" testid="ticket-stop-loss-limit" placeholder="none" disabled={!needs.stopLoss} bad={bad("stopLossLimit")} from={() => ticket.stopLoss.peek()} />
        </div>
        <Summary preview={found} instrument={instrument} fresh={fresh} />
        <div class="foot">
          <p class="problem" data-testid="ticket-problem" role="alert" title={problem} data-kind={wrong ? "bad" : missing === null && caution !== "" ? "warn" : ""}>
            {missing?.missing ?? (problem !== "" ? sentence(problem) : caution)}
          </p>
          <button
            type="submit"
            class={`send ${buys ? "buy" : "sell"}`}
            data-testid="ticket-send"
            disabled={wanted === null || busy.value !== "" || refusedBefore.value || !open || symbol === "" || isOver(store.session.value?.state)}
            title={open ? "Send the order (Enter)" : "The connection is lost"}
          >
            {busy.value === "sending" ? "Sending…" : name}
          </button>
        </div>
      </form>
    </section>
  );
}

/** Whether the order that the ticket holds now has a limit price; the last drawing may know of another type. */
function hasNow({ type, tif, orderClass }: Ticket): boolean {
  return needsOf(type.peek(), tif.peek(), orderClass.peek()).limit;
}

/** The cursor into an input, and all of it chosen, before the next key comes. */
function enter(input: HTMLInputElement | null, limited: boolean): void {
  if (input === null) return;
  if (limited && input.dataset.testid === "ticket-price") input.disabled = false;
  input.focus();
  input.select();
}

/** Act each time that a count goes up, but not on its first value; in the same moment, not after the next drawing. */
function useCount(read: () => number, act: () => void): void {
  const before = useRef<number | null>(null);
  const latest = useRef(act);
  latest.current = act;
  useLayoutEffect(
    () =>
      effect(() => {
        const count = read();
        if (before.current !== null && count > before.current) untracked(latest.current);
        before.current = count;
      }),
    [],
  );
}
