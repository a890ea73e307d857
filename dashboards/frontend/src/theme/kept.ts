export type Theme = "dark" | "light" | "system";

const KEY = "workbench.theme";

/** What this browser showed last, for pages that do not know yet who looks at them; dark as long as nobody chose. */
export function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "system" ? kept : "dark";
  } catch {
    return "dark";
  }
}

export function keepTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing shows what everybody sees first.
  }
}
