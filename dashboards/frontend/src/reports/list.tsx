import type { ReportRunOut } from "../wire/answers";
import { about, pageOf, told, waits } from "./run";
import type { Shelf } from "./shelf";

const WORDS: Readonly<Record<string, string>> = { waiting: "waiting", running: "being made", done: "done", failed: "failed", skipped: "skipped" };

/** Reports, the newest first, each with what it says and the ways to open and keep it. */
export function List({ shelf }: { shelf: Shelf }) {
  const told = shelf.told.value;
  return (
    <>
      <ul class="r-list" aria-label="Reports" data-testid="report-list">
        {shelf.runs.value.map((run) => (
          <Row key={run.run} api={shelf.rest.api} run={run} />
        ))}
      </ul>
      {told !== null && shelf.runs.value.length === 0 && <None shelf={shelf} />}
      {told !== null && told.next !== null && (
        <p>
          <button class="button" data-testid="report-older" onClick={() => void shelf.older()}>
            Older ones
          </button>
        </p>
      )}
    </>
  );
}

/** Where no report is: what can be done about it, which for who was in no session that is over is to trade. */
function None({ shelf }: { shelf: Shelf }) {
  if (shelf.told.value?.problem !== "") return <div class="empty">No report was made before.</div>;
  const head = <strong>No report yet</strong>;
  if (shelf.sessions.value.length > 0) {
    return (
      <div class="empty">
        {head}
        <span>Choose one above and run it now. Those that are made by the clock appear here by themselves.</span>
      </div>
    );
  }
  const runs = shelf.me.value?.permissions.includes("run_session") === true;
  return (
    <div class="empty">
      {head}
      <span>
        {runs
          ? "Reports are made of sessions that are over, and none is yet: close one in the control room, and they can be made here."
          : "Reports are made of sessions that are over, and you took part in none that is. Trade in one, and come back after its close."}
      </span>
      <a class="button primary" href={`${shelf.rest.api}${runs ? "/control" : "/desk"}`}>
        {runs ? "Go to the control room" : "Go to the desk"}
      </a>
    </div>
  );
}

function Row({ api, run }: { api: string; run: ReportRunOut }) {
  return (
    <li class="panel r-row" data-testid={`report-${run.run}`} data-state={run.state}>
      <div class="r-what">
        <strong>{run.title}</strong>
        <span>{about(run)}</span>
        <p>{run.sentence === "" && waits(run) ? "…" : told(run)}</p>
      </div>
      <div class="r-when dim">
        <span class="r-state" data-state={run.state} role="status">
          {WORDS[run.state] ?? run.state}
        </span>
        <time dateTime={run.ended ?? run.made}>{(run.ended ?? run.made).slice(0, 16).replace("T", " ")} UTC</time>
        <span>{run.asked_by === "" ? "by the clock" : `asked for by ${run.asked_by}`}</span>
      </div>
      <div class="r-doing">
        {run.page !== null && (
          <>
            <a class="button primary" href={pageOf(api, run)} target="_blank" rel="noopener" data-testid="report-open" aria-label={`Open ${run.title}, ${about(run)}`}>
              Open
            </a>
            <a class="button" href={pageOf(api, run, true)} download data-testid="report-download" aria-label={`Download ${run.title}, ${about(run)}`}>
              Download
            </a>
          </>
        )}
      </div>
    </li>
  );
}
