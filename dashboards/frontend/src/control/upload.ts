import type { Failure } from "../wire/answers";
import { ApiProblem } from "../wire/rest";

function failureOf(text: string): Failure | null {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null && "message" in said ? (said as Failure) : null;
  } catch {
    return null;
  }
}

/** Send a CSV file's bytes, which are no JSON; the answer is. */
export async function upload<T>(address: string, body: Blob): Promise<T> {
  const answer = await fetch(address, { method: "POST", credentials: "include", headers: { "content-type": "text/csv" }, body });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as T;
  const failure = failureOf(text);
  throw new ApiProblem(answer.status, failure?.code ?? "failed", failure?.message ?? `The server answered ${answer.status} without a reason.`, failure?.details);
}

/** The wrong lines of a roster, as the server told them. */
export function wrongLines(problem: unknown): { line: number; what: string }[] {
  if (!(problem instanceof ApiProblem)) return [];
  const details = problem.details as { problems?: unknown } | undefined;
  if (!Array.isArray(details?.problems)) return [];
  return details.problems.filter(
    (each): each is { line: number; what: string } => typeof each === "object" && each !== null && "line" in each && "what" in each,
  );
}
