import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, direction, millis, money, price, quantity, signed, words } from "../ui/format";
import type { EquityOut, ExplanationOut, FillsOut } from "../wire/answers";
import { said, type House } from "./house";
import { line } from "./path";
import type { Room } from "./room";
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
          <h3>
            Positions <span class="dim">prices and amounts in currency</span>
          </h3>
          <table>
            <thead>
              <tr>
                <th>Symbol</th>
                <th class="num">Units</th>
                <th class="num">Average</th>
                <th class="num">Mark</th>
                <th class="num">Unrealised</th>
                <th class="num">Realised</th>
              </tr>
            </thead>
            <tbody>
              {now.positions.map((each) => (
                <tr key={each.symbol}>
                  <td>{each.symbol}</td>
                  <td class={`num ${direction(each.quantity)}`}>{signed(quantity(each.quantity))}</td>
                  <td class="num">{price(each.average_price)}</td>
                  <td class="num">{price(each.mark)}</td>
                  <td class={`num ${direction(each.unrealised)}`}>{signed(money(each.unrealised))}</td>
                  <td class={`num ${direction(each.realised)}`}>{signed(money(each.realised))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {now.positions.length === 0 && <p class="c-pad dim">Nothing was traded.</p>}
          <h3>
            Orders <span class="dim">the latest 50</span>
          </h3>
          <table class="c-orders">
            <thead>
              <tr>
                <th>Time</th>
                <th>Symbol</th>
                <th>Order</th>
                <th class="num">Price</th>
                <th class="num">Filled</th>
                <th>State</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {now.orders.map((order) => (
                <tr key={order.id}>
                  <td>{clock(millis(order.created), zone)}</td>
                  <td>{order.symbol}</td>
                  <td class={order.side === "buy" ? "up" : "down"}>
                    {order.side} {words(order.type)}
                  </td>
                  <td class="num">{price(order.limit_price ?? order.stop_price)}</td>
                  <td class="num">
                    {quantity(order.executed)}/{quantity(order.quantity)}
                  </td>
                  <td title={words(order.reason)}>
                    {words(order.state)}
                    {order.reason !== "none" && <span class="dim"> {words(order.reason)}</span>}
                  </td>
                  <td class="c-buttons">
                    <button class="button small" title="Why it did not fill" onClick={() => void explain(order.id)}>
                      Why?
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {now.orders.length === 0 && <p class="c-pad dim">No order was sent.</p>}
          <h3>
            Fills <span class="dim">the latest 30</span>
          </h3>
          <table>
            <tbody>
              {now.fills.map((fill) => (
                <tr key={fill.seq}>
                  <td>{clock(millis(fill.time), zone)}</td>
                  <td>{fill.symbol}</td>
                  <td class={fill.side === "buy" ? "up" : "down"}>{fill.side}</td>
                  <td class="num">{quantity(fill.quantity)}</td>
                  <td class="num">{price(fill.price)}</td>
                  <td class="num dim">fee {money(fill.fee, "", 4)}</td>
                </tr>
              ))}
            </tbody>
          </table>
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

function Worth({ account, equity }: { account: AccountOut; equity: EquityOut }) {
  const facts: [string, string, string][] = [
    ["Equity", money(account.equity), ""],
    ["PnL", signed(money(account.pnl)), direction(account.pnl)],
    ["Cash", money(account.cash), ""],
    ["Maintenance", money(account.maintenance_margin), ""],
    ["Fees", money(account.fees), ""],
    ["State", account.margin_call ? "margin call" : account.state, account.margin_call || account.state === "suspended" ? "down" : ""],
  ];
  return (
    <>
      <dl class="c-facts">
        {facts.map(([name, value, tone]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class={tone}>{value}</dd>
          </div>
        ))}
      </dl>
      {equity.equity.length > 1 && (
        <svg class="c-spark c-equity" viewBox="0 0 400 60" preserveAspectRatio="none" role="img" aria-label="Equity through the session">
          <path d={line(equity.equity, 400, 60)} vector-effect="non-scaling-stroke" />
        </svg>
      )}
    </>
  );
}
