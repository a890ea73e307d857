import type { ClassOut, ReviewAccountOut, ReviewSessionOut } from "../wire/answers";

/** What somebody asks a report of. */
export interface Wish {
  report: string;
  of: "session" | "days";
  session: string;
  /** Days as YYYY-MM-DD, both included; empty is no bound. */
  first: string;
  last: string;
  /** `account:NAME`, over days the name of a person; `class:ID`; empty for one's own. */
  whose: string;
}

/** Somebody or a class that may be chosen. */
export interface Whose {
  value: string;
  text: string;
}

export const NO_WISH: Wish = { report: "", of: "session", session: "", first: "", last: "", whose: "" };
const OWN: Whose = { value: "", text: "Your own" };
const EVERYBODY = "class:all";

/** What the server is asked, which knows whose own it is. */
export function asked({ report, of, session, first, last, whose }: Wish): Record<string, string> {
  const [kind, name] = [whose.slice(0, whose.indexOf(":")), whose.slice(whose.indexOf(":") + 1)];
  const about: Record<string, string> = kind === "class" ? { class_id: name } : kind === "account" ? { account: name } : {};
  if (of === "session") return { report, session, ...about };
  return { report, ...(first === "" ? {} : { first_day: first }), ...(last === "" ? {} : { last_day: last }), ...about };
}

/** Whether there is enough of it to ask. */
export function complete({ report, of, session, first, last }: Wish): boolean {
  return report !== "" && (of === "session" ? session !== "" : first !== "" || last !== "");
}

/** Bounds of days of which one was changed: the other follows, so that they stay in order. */
export function moved(wish: Wish, change: Partial<Pick<Wish, "first" | "last">>): Wish {
  const { first, last } = { ...wish, ...change };
  if (first === "" || last === "" || first <= last) return { ...wish, first, last };
  return change.first === undefined ? { ...wish, first: last, last } : { ...wish, first, last: first };
}

/** Sessions that have a day within the bounds. */
export function within(sessions: readonly ReviewSessionOut[], { first, last }: Wish): ReviewSessionOut[] {
  return sessions.filter((each) => (last === "" || each.first_day <= last) && (first === "" || each.last_day >= first));
}

/** Whose report of a session who may read its class can have; `own` is their own account there. */
export function ofSession(accounts: readonly ReviewAccountOut[], own: string): Whose[] {
  const others = accounts.filter(({ account }) => account !== own);
  return [
    ...(own === "" ? [] : [OWN]),
    { value: EVERYBODY, text: "Everybody in the session" },
    ...others.map(({ account, user }) => ({ value: `account:${account}`, text: user === "" || user === account ? account : `${user} (${account})` })),
  ];
}

/** Whose report of days they can have: classes, and whoever sat in sessions of these days. */
export function ofDays(accounts: readonly ReviewAccountOut[], classes: readonly ClassOut[], me: string, own: boolean, administers: boolean): Whose[] {
  const people = [...new Set(accounts.map(({ user }) => user))].filter((user) => user !== "" && user !== me).sort((a, b) => a.localeCompare(b));
  return [
    ...(own ? [OWN] : []),
    ...(administers ? [{ value: EVERYBODY, text: "Everybody" }] : []),
    ...classes.map(({ class_id, name }) => ({ value: `class:${class_id}`, text: name })),
    ...people.map((user) => ({ value: `account:${user}`, text: user })),
  ];
}
