const PAD = 2;

/** An SVG path through values from left to right, the largest on top; a flat line lies in the middle. */
export function line(values: readonly number[], width: number, height: number): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = high - low;
  const room = height - 2 * PAD;
  return values
    .map((value, place) => {
      const x = values.length < 2 ? 0 : (place / (values.length - 1)) * width;
      const y = span === 0 ? height / 2 : PAD + (1 - (value - low) / span) * room;
      return `${place === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
