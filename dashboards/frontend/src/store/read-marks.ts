// Which announcements somebody has read, kept in the browser per user and session.

export interface Kept {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** All up to `upTo`, and those besides. */
export interface ReadMarks {
  upTo: number;
  also: ReadonlySet<number>;
}

export const NOTHING_READ: ReadMarks = { upTo: 0, also: new Set() };

export function isRead(marks: ReadMarks, number: number): boolean {
  return number <= marks.upTo || marks.also.has(number);
}

/** The marks with one more read. Announcements are numbered from 1, so what has no gap below it is one number. */
export function withRead(marks: ReadMarks, number: number): ReadMarks {
  if (isRead(marks, number)) return marks;
  const also = new Set(marks.also).add(number);
  let upTo = marks.upTo;
  while (also.delete(upTo + 1)) upTo += 1;
  return { upTo, also };
}

/** Everything up to a number is read. */
export function withAllRead(marks: ReadMarks, number: number): ReadMarks {
  const upTo = Math.max(marks.upTo, number);
  return { upTo, also: new Set([...marks.also].filter((each) => each > upTo)) };
}

/** `identity` is the session's, so that another session under the same name begins unread. */
export function marksKey(user: string, session: string): string {
  return `workbench.news.${user}.${session}`;
}

export function loadMarks(kept: Kept, key: string): ReadMarks {
  try {
    const found: unknown = JSON.parse(kept.getItem(key) ?? "null");
    if (!Array.isArray(found)) return NOTHING_READ;
    const numbers = found.filter((each): each is number => Number.isSafeInteger(each) && each >= 0);
    const [upTo = 0, ...also] = numbers;
    return { upTo, also: new Set(also.filter((each) => each > upTo)) };
  } catch {
    // What cannot be read (storage that is switched off, another's text) is as if nothing had been read.
    return NOTHING_READ;
  }
}

export function keepMarks(kept: Kept, key: string, marks: ReadMarks): void {
  try {
    kept.setItem(key, JSON.stringify([marks.upTo, ...marks.also]));
  } catch {
    // Without storage marks last as long as the page.
  }
}
