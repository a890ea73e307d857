import { useSignal } from "@preact/signals";
import { clock, millis } from "../ui/format";
import type { House } from "./house";
import type { Room } from "./room";

/** What happened that somebody should look at, the newest first, in exchange time. */
export function AlertsPanel({ house, room }: { house: House; room: Room }) {
  const grave = useSignal(false);
  const all = room.alerts.value;
  const shown = grave.value ? all.filter(({ kind }) => kind === "bad" || kind === "warn") : all;
  const zone = room.session.value?.zone ?? "";
  return (
    <section class="panel" data-testid="panel-alerts">
      <header>
        Alerts
        <span class="badge">{all.filter(({ kind }) => kind === "bad").length}</span>
        <span class="c-fill" />
        <button class="c-chip" aria-pressed={grave.value} onClick={() => (grave.value = !grave.value)}>
          grave only
        </button>
      </header>
      <ul class="body c-alerts" aria-live="polite">
        {shown.map(({ time, kind, what, account }, place) => (
          <li key={`${all.length - place}`} data-kind={kind} data-testid="control-alert">
            <time>{clock(millis(time), zone)}</time>
            {account === undefined ? (
              <span>{what}</span>
            ) : (
              <button title="Choose this participant" onClick={() => (house.pointed.value = account)}>
                {what}
              </button>
            )}
          </li>
        ))}
        {shown.length === 0 && (
          <li class="empty">
            <strong>All is well</strong>
            <span>Margin calls, breaches, suspensions, halts, lost connections and a journal that fails are told here, from the moment this page is open.</span>
          </li>
        )}
      </ul>
    </section>
  );
}
