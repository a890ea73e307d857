import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { said } from "../wire/rest";
import { Foot } from "./foot";
import type { House } from "./house";
import type { AuditEntryOut, AuditOut } from "./words";

/** Details of an act as `name value` pairs. */
function told(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
}

/** Who did what, the newest first, a page at a time. */
export function AuditPanel({ house }: { house: House }) {
  const entries = useSignal<readonly AuditEntryOut[] | null>(null);
  const next = useSignal<number | null>(null);
  const action = useSignal("");
  const target = useSignal("");
  const problem = useSignal("");
  const read = async (before: number | null): Promise<void> => {
    const query = new URLSearchParams({ limit: "100" });
    if (action.value !== "") query.set("action", action.value);
    if (target.value !== "") query.set("target", target.value);
    if (before !== null) query.set("before", String(before));
    try {
      const page = await house.rest.get<AuditOut>(`/api/audit?${query.toString()}`);
      entries.value = before === null ? page.entries : [...(entries.value ?? []), ...page.entries];
      next.value = page.next;
      problem.value = "";
    } catch (refusal) {
      problem.value = said(refusal);
    }
  };
  useEffect(() => {
    const timer = setTimeout(() => void read(null), 200);
    return () => clearTimeout(timer);
  }, [action.value, target.value]);
  return (
    <section class="panel" data-testid="panel-audit">
      <header>
        Audit log
        <input class="input c-search" placeholder="Act, such as account" aria-label="Act" value={action.value} onInput={({ currentTarget }) => (action.value = currentTarget.value)} />
        <input class="input c-search" placeholder="Target, such as session:monday" aria-label="Target" value={target.value} onInput={({ currentTarget }) => (target.value = currentTarget.value)} />
        <span class="c-fill" />
        <button class="button small" onClick={() => void read(null)}>
          Read again
        </button>
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="Entries of the audit log">
        <table class="c-audit">
          <thead>
            <tr>
              <th>Time (UTC)</th>
              <th>Who</th>
              <th>Act</th>
              <th>Target</th>
              <th>Details</th>
              <th>From</th>
            </tr>
          </thead>
          <tbody>
            {(entries.value ?? []).map((entry) => (
              <tr key={entry.id}>
                <td>{entry.time.slice(0, 19).replace("T", " ")}</td>
                <td title={entry.actor_id}>{entry.actor || entry.actor_kind}</td>
                <td>{entry.action}</td>
                <td title={entry.target}>{entry.target}</td>
                <td title={told(entry.details)}>{told(entry.details)}</td>
                <td>{entry.address}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Foot older={next.value === null ? null : () => void read(next.value)} problem={problem.value} none={entries.value === null ? "Reading the log…" : entries.value.length === 0 ? "No act is like that." : ""} />
      </div>
    </section>
  );
}
