// What the pages compute of an account, from what the API says of it: one JSON document in, one out.

import { signal } from "@preact/signals-core";
import { readFileSync } from "node:fs";
import { dayProfit, drawdown, exposure, maintenanceUse, marginUse } from "../../../dashboards/frontend/src/desk/account/standing";
import { part, totals } from "../../../dashboards/frontend/src/desk/positions/valuation";
import { Standing } from "../../../dashboards/frontend/src/store/standing";
import type { AccountOut, EquityOut, InstrumentOut, PositionOut } from "../../../dashboards/frontend/src/wire/answers";
import { Rest } from "../../../dashboards/frontend/src/wire/rest";

interface Told {
  instruments: InstrumentOut[];
  positions: PositionOut[];
  account: AccountOut;
  equity: EquityOut;
}

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const terms = new Map(told.instruments.map((each) => [each.symbol, each]));
// The market as the stream tells it: quotes and last trades, no marks.
const market = (symbol: string) => {
  const { bid = null, ask = null, last = null, open = null } = terms.get(symbol) ?? {};
  return signal({ symbol, bid, ask, last, open });
};
const standing = new Standing(new Rest("http://nowhere"), "", market, signal(told.instruments));
const { account } = told;
standing.rows.value = told.positions.map(({ symbol, quantity, cost, realised, realised_fifo, fees }) => {
  return { account: account.account, symbol, quantity, cost, realised, realised_fifo, fees };
});
standing.row.value = { account: account.account, cash: account.cash, state: account.state };
standing.latest.value = account;
const now = standing.account.value;
const positions = standing.positions.value;
const curve = told.equity.equity.map((value, place) => ({ time: place, value }));

const { unrealised, realised, fees } = totals(positions);
const answer = {
  positions: positions.map((each) => ({
    symbol: each.symbol,
    average_price: each.average_price,
    mark: each.mark,
    value: each.marketValue,
    unrealised: each.unrealised,
    part: part(each),
  })),
  equity: now.equity,
  pnl: now.pnl,
  unrealised,
  realised,
  fees,
  exposure: exposure(now, positions),
  margin: marginUse(now).value,
  maintenance: maintenanceUse(now).value,
  drawdown: drawdown(now, curve).value,
  day: dayProfit(now),
};
process.stdout.write(JSON.stringify(answer));
