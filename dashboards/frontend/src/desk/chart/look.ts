/** Colours of the theme in the form that a canvas can use. */

export interface Look {
  readonly back: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
  readonly up: string;
  readonly down: string;
  /** The same, faint enough to stand behind candles. */
  readonly upFaint: string;
  readonly downFaint: string;
  readonly grid: string;
  readonly accent: string;
  readonly warn: string;
  /** What halts and auctions are shaded with. */
  readonly halt: string;
  readonly auction: string;
  readonly font: string;
  /** Any custom property of the theme, or what it falls back to, with an opacity. */
  of(property: string, fallback: string, alpha?: number): string;
}

/**
 * Reads the theme where the chart stands. Colours go through a canvas of one pixel, so whatever CSS can write
 * (`color-mix`, `oklch`) comes out as plain rgba.
 */
export function lookOf(element: HTMLElement): Look {
  const style = getComputedStyle(element);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const of = (property: string, fallback: string, alpha = 1): string => {
    const written = style.getPropertyValue(property).trim() || fallback;
    if (pen === null) return fallback;
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = fallback;
    pen.fillStyle = written;
    pen.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, opacity = 255] = pen.getImageData(0, 0, 1, 1).data;
    return `rgba(${red}, ${green}, ${blue}, ${(opacity / 255) * alpha})`;
  };
  return {
    back: of("--bg-1", "#11151c"),
    raised: of("--bg-3", "#2a313c"),
    line: of("--line", "#232a35"),
    text: of("--text", "#d6dbe3"),
    dim: of("--text-dim", "#8c96a6"),
    up: of("--up", "#26a69a"),
    down: of("--down", "#ef5350"),
    upFaint: of("--up", "#26a69a", 0.35),
    downFaint: of("--down", "#ef5350", 0.35),
    grid: of("--line", "#232a35", 0.5),
    accent: of("--accent", "#4c8dff"),
    warn: of("--warn", "#e0a33a"),
    halt: of("--warn", "#e0a33a", 0.14),
    auction: of("--accent", "#4c8dff", 0.12),
    font: style.fontFamily,
    of,
  };
}
