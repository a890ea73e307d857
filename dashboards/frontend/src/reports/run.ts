import type { ReportRunOut } from "../wire/answers";
import { sentence } from "../ui/format";

/** Whether a run is still to be made. */
export function waits({ state }: Pick<ReportRunOut, "state">): boolean {
  return state === "waiting" || state === "running";
}

/** What a run is about, in words: whose, in which session, on which days. */
export function about(run: ReportRunOut): string {
  return [whose(run), run.session, days(run)].filter((part) => part !== "").join(" · ");
}

/** Whose it is: who sat there with the account, or a class. */
export function whose({ account, user, class_name }: ReportRunOut): string {
  if (account === "") return class_name;
  return user === "" || user === account ? account : `${user} (${account})`;
}

function days({ first_day: first, last_day: last }: ReportRunOut): string {
  if (first === last) return first;
  if (first === "") return `to ${last}`;
  return last === "" ? `from ${first}` : `${first} to ${last}`;
}

/** Where its page opens; as a file to keep with `download`. */
export function pageOf(api: string, run: ReportRunOut, download = false): string {
  return run.page === null ? "" : `${api}${run.page}${download ? "?download=true" : ""}`;
}

/** What came of it: the report's own headline, which may begin with a name, or why there is none. */
export function told({ state, sentence: text }: Pick<ReportRunOut, "state" | "sentence">): string {
  return state === "done" ? text : sentence(text);
}
