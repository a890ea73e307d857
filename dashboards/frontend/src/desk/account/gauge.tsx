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
      <span key={`text ${text.length}`} class="num" data-testid={testid}>
        {text}
      </span>
      {gauge.part === null ? (
        <span class="gauge-bar" />
      ) : (
        <span class="gauge-bar" role="meter" aria-label={name} aria-valuetext={text} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(part * 100)}>
          <span style={{ transform: `scaleX(${part})` }} />
        </span>
      )}
    </div>
  );
}
