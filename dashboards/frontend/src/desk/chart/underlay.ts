/** Paints the shaded bands behind the candles, and tells when the price scale has been laid out anew. */
import type {
  IChartApi,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

/** A band in bars: from the index `from` to `to`, or to the right edge. */
export interface Shade {
  readonly from: number;
  readonly to: number | null;
  readonly fill: string;
  readonly ink: string;
  readonly label: string;
}

export class Underlay implements ISeriesPrimitive<Time> {
  #chart: IChartApi | null = null;
  #request: (() => void) | null = null;
  #shades: readonly Shade[] = [];
  readonly #views: readonly IPrimitivePaneView[];

  /** `painted` is called after every layout of the price scale, in the same animation frame. */
  constructor(
    private readonly font: () => string,
    painted: () => void,
  ) {
    const renderer: IPrimitivePaneRenderer = {
      draw: () => undefined,
      drawBackground: (target) => {
        this.#paint(target);
        painted();
      },
    };
    this.#views = [{ zOrder: () => "bottom", renderer: () => renderer }];
  }

  set(shades: readonly Shade[]): void {
    this.#shades = shades;
    this.refresh();
  }

  /** Has the chart laid out and painted anew. */
  refresh(): void {
    this.#request?.();
  }

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#chart = chart as IChartApi;
    this.#request = requestUpdate;
  }

  detached(): void {
    this.#chart = this.#request = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views;
  }

  #paint(target: Target): void {
    const scale = this.#chart?.timeScale();
    if (scale === undefined) return;
    const half = scale.options().barSpacing / 2;
    target.useMediaCoordinateSpace(({ context: pen, mediaSize }) => {
      for (const { from, to, fill, ink, label } of this.#shades) {
        const start = scale.logicalToCoordinate(from as Logical);
        if (start === null) continue;
        const end = to === null ? null : scale.logicalToCoordinate(to as Logical);
        const left = Math.max(0, start + half);
        const right = end === null ? mediaSize.width : Math.min(mediaSize.width, Math.max(end - half, start + half + 2));
        if (right <= left) continue;
        pen.fillStyle = fill;
        pen.fillRect(left, 0, right - left, mediaSize.height);
        pen.fillStyle = ink;
        pen.fillRect(left, 0, 1, mediaSize.height);
        if (to !== null) pen.fillRect(right - 1, 0, 1, mediaSize.height);
        pen.font = `600 11px ${this.font()}`;
        pen.save();
        pen.textBaseline = "middle";
        pen.translate(left + 9, mediaSize.height / 2);
        pen.rotate(-Math.PI / 2);
        pen.textAlign = "center";
        if (right - left >= 16) pen.fillText(label, 0, 0);
        pen.restore();
      }
    });
  }
}
