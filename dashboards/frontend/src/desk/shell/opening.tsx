import type { ComponentChildren } from "preact";
import type { SessionOut, StoredOut } from "../../wire/answers";
import { Mark } from "../../ui/brand";
import { clock, millis, words, zoneName } from "../../ui/format";
import { addressOf } from "../session-address";

/** A page that is no desk: loading, a choice, or why there is nothing to see. */
export function Opening({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <main class="opening">
      <div class="opening-card">
        <p class="opening-brand">
          <Mark /> workbench
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

/** Sessions to choose from. */
export function Sessions({ sessions }: { sessions: readonly SessionOut[] }) {
  return (
    <Opening title="Choose a session">
      <ul class="opening-list">
        {sessions.map((session) => {
          const time = millis(session.time);
          return (
            <li key={session.name}>
              <a href={addressOf(session.name)} data-testid={`session-${session.name}`}>
                <b>{session.title || session.name}</b>
                <span class="chip" data-state={session.state}>
                  {words(session.state)}
                </span>
                <span class="dim">
                  {session.symbols.slice(0, 4).join(", ")}
                  {session.symbols.length > 4 ? ` and ${session.symbols.length - 4} more` : ""}
                </span>
                <span class="dim num">
                  {clock(time, session.zone)} {zoneName(time, session.zone)}, {session.seats_taken} of {session.seats} seats taken
                </span>
              </a>
            </li>
          );
        })}
      </ul>
    </Opening>
  );
}

/** There is nothing to trade in now. */
export function NoSession({ stored }: { stored: readonly StoredOut[] }) {
  return (
    <Opening title="No session is open">
      <p class="dim">This page goes on by itself as soon as your instructor opens one.</p>
      {stored.length > 0 && (
        <p class="dim" data-testid="sessions-over">
          Over: {stored.slice(0, 5).map((each) => each.title || each.name).join(", ")}
        </p>
      )}
    </Opening>
  );
}
