import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk-context";
import type { ChartController } from "./controller";
import { INDICATORS } from "./indicators";
import { INTERVALS, intervalOf } from "./intervals";

/** Interval, indicators and scale of the chart. */
export function Toolbar({ desk, chart }: { desk: Desk; chart: ChartController | null }) {
  const { settings } = desk.ui;
  const chosen = intervalOf(settings.interval.value).name;
  return (
    <header class="chart-bar">
      <div role="group" aria-label="Interval">
        {INTERVALS.map(({ name, seconds }) => (
          <button
            key={name}
            type="button"
            data-testid={`chart-interval-${name}`}
            aria-pressed={name === chosen}
            title={seconds === null ? `Candles of ${name}` : `Candles of ${name}, made here from the trades`}
            onClick={() => settings.setInterval(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <IndicatorMenu desk={desk} />
      <div role="group" aria-label="Scale" class="chart-scale">
        <Toggle on={chart?.auto.value === true} label="Auto" title="Fit prices to what is in sight" act={() => chart && (chart.auto.value = !chart.auto.value)} />
        <Toggle on={chart?.log.value === true} label="Log" title="Logarithmic prices" act={() => chart && (chart.log.value = !chart.log.value)} />
        <button type="button" title="All candles" onClick={() => chart?.fit()}>
          Fit
        </button>
        <button type="button" class="chart-live" data-live={chart?.live.value !== false} title="Go to the newest candle" onClick={() => chart?.goLive()}>
          Live
        </button>
      </div>
    </header>
  );
}

function Toggle({ on, label, title, act }: { on: boolean; label: string; title: string; act: () => void }) {
  return (
    <button type="button" aria-pressed={on} title={title} onClick={act}>
      {label}
    </button>
  );
}

const ENTRIES = [{ name: "volume", label: "Volume", about: "Quantity traded in each candle" }, ...INDICATORS];

function IndicatorMenu({ desk: { ui } }: { desk: Desk }) {
  const open = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open.value) return undefined;
    const shut = (event: Event): void => {
      if (place.current !== null && !event.composedPath().includes(place.current)) open.value = false;
    };
    document.addEventListener("pointerdown", shut);
    return () => document.removeEventListener("pointerdown", shut);
  }, [open.value]);
  const on = ui.settings.indicators.value;
  const toggle = (name: string): void =>
    ui.settings.setIndicators(on.includes(name) ? on.filter((each) => each !== name) : [...on, name]);
  const shut = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open.value) return;
    event.stopPropagation();
    open.value = false;
    place.current?.querySelector("button")?.focus();
  };
  return (
    <div class="chart-menu" ref={place} onKeyDown={shut}>
      <button
        type="button"
        data-testid="chart-indicators"
        aria-haspopup="true"
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        Indicators <span class="badge">{ENTRIES.filter((each) => on.includes(each.name)).length}</span>
      </button>
      {open.value && (
        <div class="chart-entries" role="group" aria-label="Indicators">
          {ENTRIES.map(({ name, label, about }) => (
            <label key={name} title={about} data-testid={`chart-indicator-${name}`}>
              <input type="checkbox" checked={on.includes(name)} onChange={() => toggle(name)} />
              <span class={`ink-${name}`}>{label}</span>
              <small>{about}</small>
            </label>
          ))}
        </div>
      )}
    </div>
  );
}
