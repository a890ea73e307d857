import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

/** No name that a machine may have another version of. */
const FAMILY = "Inter Workbench";
/** What the file has; other characters are the system's. */
const LATIN =
  "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, U+0304, U+0308, U+0329, U+2000-206F, U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215, U+FEFF, U+FFFD";

/**
 * The pages' own font, which comes with the program: figures of one width on every machine, and no request for it.
 *
 * What is drawn before the promise is kept would be drawn again in other widths.
 */
export async function useFont(): Promise<void> {
  if ([...document.fonts].some((face) => face.family === FAMILY)) return;
  const face = new FontFace(FAMILY, inter.buffer, { weight: "100 900", unicodeRange: LATIN });
  document.fonts.add(face);
  // A browser that cannot read it shows the page in the system's font.
  await face.load().catch(() => undefined);
}
