// Numbers as people type them. A comma is a decimal mark to half the world: where it could be one, nothing is guessed.

/** Thousands in groups of exactly three, by commas or by spaces, and a point before decimals. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:[ \u00a0\u2009\u202f]\d{3})+)(?:\.\d*)?$/;
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/** What is said beside what cannot be read. */
export const UNREADABLE = "is not a number; write 1.5 with a point";

/** What was typed as text that is a number everywhere; `null` for what cannot be read. */
export function plainOf(text: string): string | null {
  const given = text.trim().replace("\u2212", "-");
  if (PLAIN.test(given)) return given;
  return GROUPED.test(given) ? given.replaceAll(/[^\d.+-]/g, "") : null;
}

/** The number in a text: `null` when there is nothing, NaN for what cannot be read, so that it is never taken for nothing. */
export function read(text: string): number | null {
  if (text.trim() === "") return null;
  const plain = plainOf(text);
  return plain === null ? Number.NaN : Number(plain);
}
