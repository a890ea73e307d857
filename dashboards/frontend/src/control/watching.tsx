import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { EquityOut, ExplanationOut, FillsOut } from "../wire/answers";
import { said } from "../wire/rest";
import type { House } from "./house";
import { ReviewLink } from "./reviewlink";
import type { Room } from "./room";
import { Fills, Orders, Positions, Worth } from "./watchedtables";
import type { AccountOut, OrderOut, PositionOut } from "./words";

const AGAIN_MS = 2_000;

interface Seen {
  account: AccountOut;
  positions: PositionOut[];
  orders: OrderOut[];
  fills: FillsOut["fills"];
  equity: EquityOut;
}

/** What somebody has on their desk, to look at and not to touch. The server writes the look down. */
export function Watching({ house, room, account }: { house: House; room: Room; account: string }) {
  const seen = useSignal<Seen | null>(null);
  const problem = useSignal("");
  const explained = useSignal<ExplanationOut | null>(null);
  const of = encodeURIComponent(account);
  useEffect(() => {
    let gone = false;
    const read = async (): Promise<void> => {
      const get = <T,>(what: string): Promise<T> => house.rest.get<T>(room.path(`${what}${what.includes("?") ? "&" : "?"}account=${of}`));
      try {
        const [stands, positions, orders, fills, equity] = await Promise.all([
          get<AccountOut>("account"),
          get<{ positions: PositionOut[] }>("positions"),
          get<{ orders: OrderOut[] }>("orders?limit=50"),
          get<FillsOut>("fills?limit=30"),
          get<EquityOut>("equity?points=200"),
        ]);
        if (gone) return;
        seen.value = { account: stands, positions: positions.positions, orders: orders.orders, fills: fills.fills, equity };
        problem.value = "";
      } catch (refusal) {
        problem.value = said(refusal);
      }
    };
    void read();
    const timer = setInterval(() => {
      if (!document.hidden) void read();
    }, AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [account, room]);
  const now = seen.value;
  const zone = room.session.value?.zone ?? "";
  const explain = async (order: number): Promise<void> => {
    explained.value = (await house.ui.attempt(() => house.rest.get<ExplanationOut>(room.path(`orders/${order}/explanation?account=${of}`)))) ?? null;
  };
  return (
    <aside class="panel c-watching" data-testid="panel-watching" aria-label={`What ${account} sees`}>
      <header>
        <span>
          {now?.account.user || account} <span class="dim">{account} · read only, and in the audit log</span>
        </span>
        <span class="c-fill" />
        <button class="button small" onClick={() => house.seek({ text: now?.account.user ?? account })}>
          Trades
        </button>
        <ReviewLink house={house} room={room} account={account} />
        <button class="icon-button" aria-label="Close" title="Close (Escape)" onClick={() => (house.watched.value = null)}>
          ×
        </button>
      </header>
      {problem.value !== "" && (
        <p class="c-problem c-pad" role="alert">
          {problem.value}
        </p>
      )}
      {now === null ? (
        <div class="empty">Reading the account…</div>
      ) : (
        <div class="body">
          <Worth account={now.account} equity={now.equity} />
          <Positions positions={now.positions} />
          <Orders orders={now.orders} zone={zone} explain={(order) => void explain(order)} />
          <Fills fills={now.fills} zone={zone} seek={(trade) => house.seek({ text: `#${trade}` })} />
        </div>
      )}
      {explained.value !== null && (
        <pre class="c-why" data-testid="explanation">
          {explained.value.text}
        </pre>
      )}
    </aside>
  );
}
