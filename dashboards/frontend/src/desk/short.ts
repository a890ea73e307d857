/** A quantity in at most four characters, where the exact one is in a title: 10,700 as 11K, 1,500 as 1.5K. */
export function short(quantity: number): string {
  for (const [size, letter] of [[1e9, "B"], [1e6, "M"], [1e3, "K"]] as const) {
    // 999,600 is a million, not a thousand thousands.
    if (quantity >= size * 0.9995) {
      const scaled = quantity / size;
      return `${scaled < 9.95 ? Number(scaled.toFixed(1)) : Math.round(scaled)}${letter}`;
    }
  }
  return String(quantity < 10 ? Number(quantity.toPrecision(3)) : Math.round(quantity));
}
