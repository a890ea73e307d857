import * as format from "../../ui/format";
import type { Account } from "../../store/types";
import type { Desk } from "../desk-context";
import { reasonWord } from "../orders/words";
import { zoneOf } from "../orders/zone";
import { Change } from "../positions/change";
import { EquityCurve } from "./equity-curve";
import { GaugeRow } from "./gauge";
import { Movements } from "./movements";
import { dayLoss, dayProfit, drawdown, exposure, largestPosition, maintenanceUse, marginUse, remaining, type Gauge } from "./standing";

function against(gauge: Gauge, write: (value: number) => string): string {
  return gauge.limit > 0 ? `${write(gauge.value)} / ${write(gauge.limit)}` : write(gauge.value);
}

function whole(value: number): string {
  return format.money(value, "", 0);
}

/** That the account may not trade, or must bring up margin, and until when. */
function Trouble({ desk, account }: { desk: Desk; account: Account }) {
  if (account.state === "suspended") {
    const why = reasonWord(account.suspendedFor);
    return (
      <p class="trouble" role="alert" data-testid="account-suspended">
        <b>Suspended</b>
        {why === "" ? "" : ` (${why})`}: no new orders are taken.
      </p>
    );
  }
  if (!account.marginCall) return null;
  const { now } = desk.store;
  return (
    <p class="trouble" role="alert" data-testid="account-margin-call">
      <b>Margin call</b>: {format.money(Math.max(0, account.maintenance - account.equity))} missing
      {account.callDeadline > 0 && (
        <>
          , until {format.clock(account.callDeadline, zoneOf(desk))} <b class="countdown">{remaining(account.callDeadline, now.value)}</b>
        </>
      )}
    </p>
  );
}

/** What the account is worth, what it can still do, and how near its limits are. */
export function AccountPanel({ desk }: { desk: Desk }) {
  const { store } = desk;
  const account = store.account.value;
  const known = account.latest !== null;
  const currency = store.instruments.value[0]?.currency ?? "";
  const money = (value: number): string => format.money(known ? value : null);
  const today = dayProfit(account);
  const positions = store.positions.value;
  const { gross, net, leverage } = exposure(account, positions);
  const margin = marginUse(account);
  const maintenance = maintenanceUse(account);
  const fallen = drawdown(account, store.equity.value);
  const lost = dayLoss(account);
  const largest = largestPosition(account, positions, (symbol) => store.instrument(symbol)?.lot_size ?? 1);
  return (
    <section class="panel account" data-testid="panel-account" aria-label="Account">
      <header>
        <span class="title">Account</span> <span class="dim account-name">{account.name}</span>
        <span class="space" />
        <span class="dim account-unit" title="All amounts are in this currency">
          {currency}
        </span>
      </header>
      {/* It scrolls where a margin call and all limits have to fit. */}
      <div class="body" tabIndex={0}>
        <Trouble desk={desk} account={account} />
        <div class="worth">
          <div>
            <small>Equity</small>
            <b data-testid="account-equity">{money(account.equity)}</b>
          </div>
          <div class="num" title="Profit since the exchange's day began, without money from outside">
            <small>Profit of the day</small>
            <b data-testid="account-day">
              <Change value={today} text={format.money(today)} />
            </b>
            <Change value={today} text={format.percent(today === null || !account.latest?.day_equity ? null : today / account.latest.day_equity)} />
          </div>
        </div>
        <dl class="pairs">
          <div>
            <dt>Cash</dt>
            <dd data-testid="account-cash">{money(account.cash)}</dd>
          </div>
          <div title="What is free for new orders">
            <dt>Buying power</dt>
            <dd data-testid="account-buying-power">{money(account.buyingPower)}</dd>
          </div>
          <div title="Longs and shorts added, at their marks, and in multiples of equity">
            <dt>Gross exposure</dt>
            <dd data-testid="account-gross">
              {known ? whole(gross) : format.NONE} <span class="dim">{leverage === null ? "" : `${leverage.toFixed(2)}×`}</span>
            </dd>
          </div>
          <div title="Longs less shorts, at their marks">
            <dt>Net exposure</dt>
            <dd data-testid="account-net">{known ? whole(net) : format.NONE}</dd>
          </div>
        </dl>
        <div class="gauges">
          <GaugeRow name="Margin used" hint="Margin to open what is held, of the equity that carries it" testid="account-margin" gauge={margin} text={known ? against(margin, whole) : format.NONE} />
          <GaugeRow name="Maintenance" hint="Margin that must be there, of equity: when it is all of it, the exchange calls" testid="account-maintenance" gauge={maintenance} text={known ? against(maintenance, whole) : format.NONE} />
          <GaugeRow name="Drawdown" hint={`Lost since the highest equity${fallen.limit > 0 ? ", of the most that may be: then the account is suspended" : "; no limit is set"}`} testid="account-drawdown" gauge={fallen} text={known ? against(fallen, whole) : format.NONE} />
          {lost.limit > 0 && <GaugeRow name="Day's loss" hint="Lost today, of the most that may be: then the account is suspended" testid="account-loss" gauge={lost} text={against(lost, whole)} />}
          {largest !== null && <GaugeRow name={`Position ${largest.symbol}`} hint="Largest position in lots, of the most that one instrument may have" testid="account-position" gauge={largest} text={`${against(largest, (value) => format.quantity(value))} lots`} />}
        </div>
        <Movements desk={desk} />
        <EquityCurve desk={desk} currency={currency} />
      </div>
    </section>
  );
}
