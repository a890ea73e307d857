import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { SessionOut, StoredOut } from "../../wire/answers";
import { Mark } from "../../ui/brand";
import { clock, date, millis, words, zoneName } from "../../ui/format";
import { addressOf, isOver, reviewOf } from "../session-address";

const OVER_MAX = 5;

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

interface SessionsProps {
  sessions: readonly SessionOut[];
  stored: readonly StoredOut[];
  /** Why the one that was asked for cannot be shown; empty when none was. */
  sentence: string;
}

/** Sessions to choose from, and the days that are over. */
export function Sessions({ sessions, stored, sentence }: SessionsProps) {
  return (
    <Opening title="Choose a session">
      {sentence !== "" && (
        <p role="alert" class="opening-problem" data-testid="session-problem">
          {sentence}
        </p>
      )}
      {sessions.length === 0 && <p class="dim">No session is open.</p>}
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
              {isOver(session.state) && (
                <a href={reviewOf(session.name)} class="opening-more">
                  Review the day of {session.title || session.name}
                </a>
              )}
            </li>
          );
        })}
      </ul>
      <Over stored={stored} />
    </Opening>
  );
}

/** There is nothing to trade in now. */
export function NoSession({ stored }: { stored: readonly StoredOut[] }) {
  return (
    <Opening title="No session is open">
      <p class="dim">This page goes on by itself as soon as your instructor opens one.</p>
      <Over stored={stored} />
    </Opening>
  );
}

/** Days that can be looked at, the last first; older ones behind a button. */
function Over({ stored }: { stored: readonly StoredOut[] }) {
  const all = useSignal(false);
  if (stored.length === 0) return null;
  return (
    <>
      <h2>Over</h2>
      <ul class="opening-list" data-testid="sessions-over">
        {stored.slice(0, all.value ? stored.length : OVER_MAX).map(({ name, title, closed }) => (
          <li key={name}>
            <a href={reviewOf(name)}>
              <b>{title || name}</b>
              <span class="dim">{date(millis(closed), "")}</span>
              <span class="dim">Review the day</span>
            </a>
          </li>
        ))}
      </ul>
      {stored.length > OVER_MAX && !all.value && (
        <button class="button" onClick={() => (all.value = true)}>
          Show all {stored.length}
        </button>
      )}
    </>
  );
}
