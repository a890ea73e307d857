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
