import { useEffect, useState } from "preact/hooks";

export type Shade = "light" | "dark";

/** What the person's system asks for now; it follows a system that changes in the evening. */
export function useSystemShade(): Shade {
  const [asked] = useState(() => matchMedia("(prefers-color-scheme: light)"));
  const [light, setLight] = useState(asked.matches);
  useEffect(() => {
    const hear = (): void => setLight(asked.matches);
    hear();
    asked.addEventListener("change", hear);
    return () => asked.removeEventListener("change", hear);
  }, [asked]);
  return light ? "light" : "dark";
}
