/** Sessions whose day can be looked at. */
const OVER: ReadonlySet<string> = new Set(["closed", "debrief"]);

export function isOver(state: string | undefined): boolean {
  return OVER.has(state ?? "");
}

/** Where one's own day of a session is looked at, once it is over. */
export function reviewOf(session: string): string {
  return `/review?session=${encodeURIComponent(session)}`;
}

/** The address of this page for a session; without one the page asks which. */
export function addressOf(session: string): string {
  const url = new URL(location.href);
  if (session === "") url.searchParams.set("choose", "1");
  else {
    url.searchParams.delete("choose");
    url.searchParams.set("session", session);
  }
  if (session === "") url.searchParams.delete("session");
  return url.pathname + url.search;
}
