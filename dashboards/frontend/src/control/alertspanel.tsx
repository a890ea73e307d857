import { useSignal } from "@preact/signals";
import { clock, date, millis } from "../ui/format";
import type { House } from "./house";
import type { Room } from "./room";

/** What happened that somebody should look at, the newest first, in exchange time. */
export function AlertsPanel({ house, room }: { house: House; room: Room }) {
  const grave = useSignal(false);
  const all = room.alerts.value;
  const shown = grave.value ? all.filter(({ kind }) => kind === "bad" || kind === "warn") : all;
  const zone = room.session.value?.zone ?? "";
  const { history } = room;
  return (
    <section class="panel" data-testid="panel-alerts">
      <header>
        Alerts
        <span class="badge" title="Grave ones of those that are listed">
          {all.filter(({ kind }) => kind === "bad").length}
        </span>
        <span class="c-fill" />
        <button class="c-chip" aria-pressed={grave.value} onClick={() => (grave.value = !grave.value)}>
          grave only
        </button>
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="All alerts">
        <ul class="c-alerts" aria-live="polite" aria-relevant="additions">
          {shown.map(({ time, kind, what, account, seq }, place) => (
            <li key={seq ?? `here-${all.length - place}`} data-kind={kind} data-testid="control-alert">
              <time title={date(millis(time), zone)}>{clock(millis(time), zone)}</time>
              {account === undefined ? (
                <span>{what}</span>
              ) : (
                <button title="Choose this participant" onClick={() => (house.pointed.value = account)}>
                  {what}
                </button>
              )}
            </li>
          ))}
        </ul>
        {history.problem.value !== "" && (
          <p class="c-problem c-pad" role="alert">
            {history.problem.value}
          </p>
        )}
        {history.next.value !== null && (
          <p class="c-pad">
            <button class="button small" data-testid="alerts-older" onClick={() => void house.ui.attempt(() => history.older())}>
              Older ones
            </button>
          </p>
        )}
        {shown.length === 0 && history.problem.value === "" && (
          <div class="empty">
            <strong>All is well</strong>
            <span>Margin calls, breaches, suspensions, halts and a journal that fails stand here from the session's beginning on, lost connections from when this page is open.</span>
          </div>
        )}
      </div>
    </section>
  );
}
