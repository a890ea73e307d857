/** The indicators that can be switched on (beside volume), and how each of their lines is drawn. */
import { Bollinger, Ema, Sma, Vwap, type History, type Study } from "./studies";

export type IndicatorName = "vwap" | "sma20" | "sma50" | "ema20" | "bollinger20";

export interface IndicatorLine {
  /** Custom property of the theme that has its colour, and the colour where the theme has none. */
  readonly colour: readonly [property: string, fallback: string];
  readonly width: 1 | 2;
  readonly dashed?: boolean;
}

export interface Indicator {
  readonly name: IndicatorName;
  readonly label: string;
  /** What exactly it is, for who asks. */
  readonly about: string;
  readonly lines: readonly IndicatorLine[];
  /** Whether it says anything about bars that are a day long. */
  readonly intraday: boolean;
  study(dayOf: (time: number) => number, history: History): Study;
}

const band: IndicatorLine = { colour: ["--chart-bollinger", "#8a7fd6"], width: 1 };

export const INDICATORS: readonly Indicator[] = [
  {
    name: "vwap",
    label: "VWAP (day)",
    about: "Average price by quantity of all trades of the session's day so far, whatever the interval of the candles",
    lines: [{ colour: ["--chart-vwap", "#d99a2b"], width: 2 }],
    intraday: true,
    study: (dayOf, history) => new Vwap(dayOf, history),
  },
  {
    name: "sma20",
    label: "SMA 20",
    about: "Mean of the last 20 closes",
    lines: [{ colour: ["--chart-sma20", "#2f8ee0"], width: 1 }],
    intraday: false,
    study: () => new Sma(20),
  },
  {
    name: "sma50",
    label: "SMA 50",
    about: "Mean of the last 50 closes",
    lines: [{ colour: ["--chart-sma50", "#c65fb5"], width: 1 }],
    intraday: false,
    study: () => new Sma(50),
  },
  {
    name: "ema20",
    label: "EMA 20",
    about: "Exponential mean of closes, weight 2/21, begun with the mean of the first 20",
    lines: [{ colour: ["--chart-ema20", "#1aa6a6"], width: 1 }],
    intraday: false,
    study: () => new Ema(20),
  },
  {
    name: "bollinger20",
    label: "BB 20×2",
    about: "Mean of the last 20 closes, plus and minus 2 population standard deviations",
    lines: [band, { ...band, dashed: true }, band],
    intraday: false,
    study: () => new Bollinger(20, 2),
  },
];

export function indicatorOf(name: string): Indicator | undefined {
  return INDICATORS.find((each) => each.name === name);
}
