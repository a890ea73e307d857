import { clock, direction, millis, money, price, quantity, signed, words } from "../ui/format";
import type { EquityOut, FillsOut } from "../wire/answers";
import { line } from "./path";
import type { AccountOut, OrderOut, PositionOut } from "./words";

/** What somebody holds. */
export function Positions({ positions }: { positions: readonly PositionOut[] }) {
  return (
    <>
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
          {positions.map((each) => (
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
      {positions.length === 0 && <p class="c-pad dim">Nothing was traded.</p>}
    </>
  );
}

/** What somebody ordered, with why it did not fill. */
export function Orders({ orders, zone, explain }: { orders: readonly OrderOut[]; zone: string; explain: (order: number) => void }) {
  return (
    <>
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
          {orders.map((order) => (
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
                <button class="button small" title="Why it did not fill" onClick={() => explain(order.id)}>
                  Why?
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {orders.length === 0 && <p class="c-pad dim">No order was sent.</p>}
    </>
  );
}

/** What somebody traded; a trade's number leads to it. */
export function Fills({ fills, zone, seek }: { fills: FillsOut["fills"]; zone: string; seek: (trade: number) => void }) {
  return (
    <>
      <h3>
        Fills <span class="dim">the latest 30</span>
      </h3>
      <table class="c-fills">
        <thead>
          <tr>
            <th>Time</th>
            <th>Symbol</th>
            <th>Side</th>
            <th class="num">Units</th>
            <th class="num">Price</th>
            <th class="num">Fee</th>
            <th>As</th>
            <th class="num">Trade</th>
          </tr>
        </thead>
        <tbody>
          {fills.map((fill) => (
            <tr key={fill.seq}>
              <td>{clock(millis(fill.time), zone)}</td>
              <td>{fill.symbol}</td>
              <td class={fill.side === "buy" ? "up" : "down"}>{fill.side}</td>
              <td class="num">{quantity(fill.quantity)}</td>
              <td class="num">{price(fill.price)}</td>
              <td class="num">{money(fill.fee, "", 4)}</td>
              <td class="dim">{fill.maker ? "maker" : "taker"}</td>
              <td class="num">
                <button class="c-link" title="Show this trade" onClick={() => seek(fill.trade)}>
                  {fill.trade}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {fills.length === 0 && <p class="c-pad dim">Nothing was filled.</p>}
    </>
  );
}

/** What somebody is worth, and the way there. */
export function Worth({ account, equity }: { account: AccountOut; equity: EquityOut }) {
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
