import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clock, zoneName } from "../../ui/format";
import type { Desk } from "../desk-context";
import { stopOf } from "./bands";
import { ChartController } from "./controller";
import { FillList, FillTip, Legend } from "./legend";
import { Labels } from "./labels";
import { Toolbar } from "./toolbar";

/** Candles, volume and indicators of the chosen instrument, with one's own orders, fills and position in them. */
export function ChartPanel({ desk }: { desk: Desk }) {
  const host = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const chart = useSignal<ChartController | null>(null);
  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new ChartController(desk, host.current);
    made.rules.stand(stage.current);
    chart.value = made;
    return () => made.close();
  }, [desk]);
  return (
    <section class="panel chart" data-testid="panel-chart" aria-label="Chart">
      <Toolbar desk={desk} chart={chart.value} />
      <div class="chart-stage" ref={stage}>
        <div class="chart-host" ref={host} data-testid="chart" />
        {chart.value !== null && (
          <>
            <Labels desk={desk} rules={chart.value.rules} />
            <Legend desk={desk} chart={chart.value} />
            <FillTip desk={desk} chart={chart.value} />
            <FillList desk={desk} chart={chart.value} />
            <Empty desk={desk} chart={chart.value} />
            <Zone desk={desk} />
          </>
        )}
      </div>
    </section>
  );
}

/** What is said in the place of candles while there are none. */
function Empty({ desk: { store }, chart }: { desk: Desk; chart: ChartController }) {
  if (chart.last.value !== null) return null;
  const symbol = store.symbol.value;
  const { trades, phase = "" } = store.market(symbol).value;
  const terms = store.instrument(symbol);
  const opens = Date.parse(store.session.value?.opens ?? "");
  const zone = store.session.value?.zone || "UTC";
  if (store.problem.value !== "") return <div class="empty chart-empty">{store.problem.value}</div>;
  if (trades === undefined || trades > 0 || terms === undefined) return <div class="empty chart-empty">Reading candles…</div>;
  const stop = stopOf(phase);
  return (
    <div class="empty chart-empty" data-testid="chart-empty">
      <strong>No trade in {symbol} yet</strong>
      <span>
        {stop === undefined ? "The first one begins the chart." : `${stop[1]}: the chart begins with the first trade.`}
        {phase === "pre_open" && opens > 0 && ` Trading opens at ${clock(opens, zone)} ${zoneName(opens, zone)}.`}
      </span>
    </div>
  );
}

/** Whose clocks the time axis shows, in the corner below the price axis. */
function Zone({ desk: { store } }: { desk: Desk }) {
  const zone = store.session.value?.zone || "UTC";
  const at = Date.parse(store.session.value?.opens ?? "") || Date.now();
  return (
    <span class="chart-zone" title={`Times are of ${zone}`}>
      {zoneName(at, zone)}
    </span>
  );
}
