// Numbers and times as the pages write them. All of them have a fixed number of digits where that is known, so that with
// tabular figures columns stay where they are.

const plain = new Map<number, Intl.NumberFormat>();

function fixed(digits: number): Intl.NumberFormat {
  let format = plain.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    plain.set(digits, format);
  }
  return format;
}

export const NONE = "–";
const MINUS = "\u2212";

/** Decimals that a step of this size needs: 0.01 has 2, 0.005 has 3, 5 has 0. */
export function decimals(step: number): number {
  if (!(step > 0)) return 2;
  for (let digits = 0; digits < 9; digits++) {
    const scaled = step * 10 ** digits;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return digits;
  }
  return 9;
}

function written(value: number, digits: number): string {
  const text = fixed(digits).format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export function price(value: number | null | undefined, tickSize = 0.01): string {
  return value === null || value === undefined || !Number.isFinite(value) ? NONE : written(value, decimals(tickSize));
}

export function quantity(value: number | null | undefined, lotSize = 1): string {
  return value === null || value === undefined || !Number.isFinite(value) ? NONE : written(value, decimals(lotSize));
}

/** 12,345 as 12.3K, for places where the scale matters more than the last digit. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size < 10_000) return written(value, 0);
  if (size < 1e6) return `${written(value / 1e3, 1)}K`;
  return size < 1e9 ? `${written(value / 1e6, 2)}M` : `${written(value / 1e9, 2)}B`;
}

/** An amount with its currency, "USD 1,234.50"; without a currency where a heading says it. */
export function money(value: number | null | undefined, currency = "", digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = written(value, digits);
  return currency === "" ? text : `${text} ${currency}`;
}

/** An amount that somebody typed, as money with all of its decimals: 1e3 as 1,000.00, 0.125 as 0.125. */
export function sum(typed: string): string {
  const value = Number(typed);
  return typed.trim() === "" || !Number.isFinite(value) ? typed.trim() : written(value, Math.max(2, decimals(Math.abs(value) % 1)));
}

/** A fraction as a percentage: 0.0123 as 1.23%. */
export function percent(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined || !Number.isFinite(value) ? NONE : `${written(value * 100, digits)}%`;
}

/** Any of the above with a plus in front of what is above zero. */
export function signed(text: string): string {
  return /[1-9]/.test(text) && !text.startsWith(MINUS) && text !== NONE ? `+${text}` : text;
}

/** Class of a change: up, down or nothing. */
export function direction(value: number | null | undefined): "up" | "down" | "" {
  return value === null || value === undefined || value === 0 || Number.isNaN(value) ? "" : value > 0 ? "up" : "down";
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string, parts: "time" | "minutes" | "date"): Intl.DateTimeFormat {
  const key = `${zone}|${parts}`;
  let format = clocks.get(key);
  if (format === undefined) {
    const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const options: Intl.DateTimeFormatOptions =
      parts === "date"
        ? { weekday: "short", day: "2-digit", month: "short", year: "numeric" }
        : parts === "time"
          ? { ...time, second: "2-digit" }
          : time;
    // Without a zone the browser's own; an unknown one must not take the page down.
    try {
      format = new Intl.DateTimeFormat("en-GB", zone === "" ? options : { ...options, timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
    }
    clocks.set(key, format);
  }
  return format;
}

/** 14:30:05 in a zone. */
export function clock(ms: number, zone: string): string {
  return ms > 0 ? clockOf(zone, "time").format(ms) : "––:––:––";
}

/** 14:30 in a zone. */
export function hours(ms: number, zone: string): string {
  return ms > 0 ? clockOf(zone, "minutes").format(ms) : "––:––";
}

/** Tue, 18 Mar 2025 in a zone. */
export function date(ms: number, zone: string): string {
  return ms > 0 ? clockOf(zone, "date").format(ms) : "";
}

/** The short name of a zone at a moment: EDT. */
export function zoneName(ms: number, zone: string): string {
  try {
    const options: Intl.DateTimeFormatOptions = zone === "" ? {} : { timeZone: zone };
    const parts = new Intl.DateTimeFormat("en-US", { ...options, timeZoneName: "short" }).formatToParts(ms);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
  } catch {
    return zone;
  }
}

/** Milliseconds of a time as the API says it, ISO 8601 with nanoseconds; 0 for none. */
export function millis(iso: string | null | undefined): number {
  return iso ? Date.parse(iso.replace(/(\.\d{3})\d+/, "$1")) : 0;
}

/** A sentence of the API with a capital at its beginning. */
export function sentence(text: string): string {
  return text === "" ? "" : (text[0] ?? "").toUpperCase() + text.slice(1);
}

/** `stop_limit` as "stop limit". */
export function words(code: string | null | undefined): string {
  return (code ?? "").replaceAll("_", " ");
}
