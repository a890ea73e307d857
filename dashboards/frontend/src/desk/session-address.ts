import type { Desk } from "./desk-context";

/** Sessions whose day can be looked at. */
const OVER: ReadonlySet<string> = new Set(["closed", "debrief"]);

export function isOver(state: string | undefined): boolean {
  return OVER.has(state ?? "");
}

/** Where one's own day of a session is looked at, once it is over. */
export function reviewOf(session: string): string {
  return `/review?session=${encodeURIComponent(session)}`;
}

/** Whether there is a day that somebody may look at: their own, or everybody's. */
export function hasReview({ store, me }: Pick<Desk, "store" | "me">): boolean {
  return store.seated.value || me.permissions.includes("read_class");
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
