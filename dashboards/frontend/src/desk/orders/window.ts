/** Which rows of a long table are drawn: those in sight and some on both sides, so that scrolling shows no gap. */
export interface Window {
  first: number;
  /** One beyond the last. */
  end: number;
}

const BESIDE = 8;

export function windowOf(count: number, rowHeight: number, top: number, height: number): Window {
  if (count === 0 || rowHeight <= 0) return { first: 0, end: 0 };
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - BESIDE);
  const end = Math.min(count, Math.ceil((top + Math.max(height, rowHeight)) / rowHeight) + BESIDE);
  return { first: Math.min(first, Math.max(0, end - 1)), end };
}

/** Where to scroll so that a row is in sight; where it is already, the place stays. */
export function reveal(row: number, rowHeight: number, top: number, height: number): number {
  const from = row * rowHeight;
  if (from < top) return from;
  return from + rowHeight > top + height ? from + rowHeight - height : top;
}
