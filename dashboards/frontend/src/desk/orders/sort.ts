export type Value = number | string;

export interface Sorting {
  column: string;
  down: boolean;
}

/** What a click on a column's head makes of the order: that column, larger first; then smaller first; then as it came. */
export function nextSorting(now: Sorting | null, column: string): Sorting | null {
  if (now === null || now.column !== column) return { column, down: true };
  return now.down ? { column, down: false } : null;
}

/** Sorted copy; rows of equal value stay in the order they have. */
export function sortedBy<T>(rows: readonly T[], value: (row: T) => Value, down: boolean): T[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const left = value(a);
    const right = value(b);
    if (typeof left === "number" && typeof right === "number") {
      // A number that there is not is last both ways.
      if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
      return sign * (left - right);
    }
    return sign * (String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0);
  });
}
