import type { Gauge } from "./standing";

interface Props {
  name: string;
  hint: string;
  testid: string;
  gauge: Gauge;
  /** The number against its limit. */
  text: string;
}

/** A number against its limit, with a bar; without a limit the number alone. */
export function GaugeRow({ name, hint, testid, gauge, text }: Props) {
  const part = Math.min(1, gauge.part ?? 0);
  return (
    <div class="gauge" title={hint} data-alarm={gauge.alarm}>
      <span class="dim">{name}</span>
      <span class="num" data-testid={testid}>
        {text}
      </span>
      <span
        class="gauge-bar"
        role={gauge.part === null ? undefined : "meter"}
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={gauge.part === null ? undefined : Math.round(gauge.part * 100)}
      >
        <span style={{ transform: `scaleX(${part})` }} />
      </span>
    </div>
  );
}
