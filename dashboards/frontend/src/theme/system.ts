import { signal } from "@preact/signals";
import type { Theme } from "./kept";

export type Shade = "light" | "dark";

const asked = matchMedia("(prefers-color-scheme: light)");
const system = signal(shadeOf(asked));
// Heard here and read nowhere else: Chromium tells of no change that somebody saw in `matches` before it was told.
asked.addEventListener("change", () => (system.value = shadeOf(asked)));

function shadeOf({ matches }: MediaQueryList): Shade {
  return matches ? "light" : "dark";
}

/** What a theme comes to on this screen; where it is the system's, it follows one that changes in the evening. */
export function shade(theme: Theme): Shade {
  return theme === "system" ? system.value : theme;
}
