import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { about, pageOf, told, waits } from "../reports/run";
import { quantity } from "../ui/format";
import { said } from "../wire/rest";
import { Foot } from "./foot";
import type { House } from "./house";
import type { ReportRunOut, ReportsOut } from "./words";

const PAGE = 100;
const AGAIN_MS = 3_000;

/** A time as the server has it, to the minute. */
function at(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

/** Why no run is shown; null stands for a list that was not read yet. */
function none(runs: readonly ReportRunOut[] | null, shown: readonly ReportRunOut[]): string {
  if (runs === null) return "Reading the runs…";
  if (runs.length === 0) return "Nothing has run yet. What is made by the clock or asked for appears here.";
  return shown.length === 0 ? "No run is in that state." : "";
}

/** Everything that ran by the clock or because somebody asked, the newest first. */
export function ReportsPanel({ house }: { house: House }) {
  const runs = useSignal<readonly ReportRunOut[] | null>(null);
  const next = useSignal<string | null>(null);
  const state = useSignal("");
  const problem = useSignal("");
  const read = async (before: string | null): Promise<void> => {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (before !== null) query.set("before", before);
    try {
      const page = await house.rest.get<ReportsOut>(`/api/reports/history?${query.toString()}`);
      runs.value = before === null ? page.reports : [...(runs.value ?? []), ...page.reports];
      next.value = page.next;
      problem.value = page.problem;
    } catch (refusal) {
      problem.value = said(refusal);
    }
  };
  useEffect(() => {
    void read(null);
    const timer = setInterval(() => {
      // Whoever reads older ones is not brought back to the newest.
      if (!document.hidden && (runs.peek()?.length ?? 0) <= PAGE) void read(null);
    }, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const shown = (runs.value ?? []).filter((run) => state.value === "" || (state.value === "waits" ? waits(run) : run.state === state.value));
  return (
    <section class="panel" data-testid="panel-reports">
      <header>
        Reports and other runs
        <select class="select c-search" aria-label="State" data-testid="runs-state" value={state.value} onChange={({ currentTarget }) => (state.value = currentTarget.value)}>
          <option value="">all</option>
          <option value="waits">waiting or being made</option>
          <option value="done">done</option>
          <option value="failed">failed</option>
          <option value="skipped">skipped</option>
        </select>
        <span class="c-fill" />
        <a class="button small" href={`${house.rest.api}/reports`}>
          Make a report
        </a>
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="Runs">
        <table class="c-runs">
          <thead>
            <tr>
              <th>Due (UTC)</th>
              <th>Report</th>
              <th>Of</th>
              <th>State</th>
              <th>What came of it</th>
              <th>Asked for by</th>
              <th class="num">Attempts</th>
              <th class="num">Seconds</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {shown.map((run) => (
              <tr key={run.run} data-testid={`run-${run.run}`}>
                <td>{at(run.due)}</td>
                <td title={run.job}>{run.title}</td>
                <td title={about(run)}>{about(run)}</td>
                <td data-state={run.state}>{run.state}</td>
                <td title={run.sentence}>{told(run)}</td>
                <td>{run.asked_by === "" ? run.job : run.asked_by}</td>
                <td class="num">{run.attempts}</td>
                <td class="num">{run.state === "done" ? quantity(run.seconds, 0.1) : ""}</td>
                <td>
                  {run.page !== null && (
                    <a class="button small" href={pageOf(house.rest.api, run)} target="_blank" rel="noopener" aria-label={`Open ${run.title}, ${about(run)}`}>
                      Open
                    </a>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <Foot older={next.value === null ? null : () => void read(next.value)} problem={problem.value} none={none(runs.value, shown)} />
      </div>
    </section>
  );
}
