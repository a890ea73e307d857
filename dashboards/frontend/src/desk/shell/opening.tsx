import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { ReviewSessionOut, SessionOut } from "../../wire/answers";
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
  over: readonly ReviewSessionOut[];
  /** Why the one that was asked for cannot be shown; empty when none was. */
  sentence: string;
}

/** Sessions to choose from, and the days that are over. */
export function Sessions({ sessions, over, sentence }: SessionsProps) {
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
                <b>{called(session.title, session.name)}</b>
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
              {isOver(session.state) && over.some((each) => each.session === session.name) && (
                <a href={reviewOf(session.name)} class="opening-more">
                  Review the day of {called(session.title, session.name)}
                </a>
              )}
            </li>
          );
        })}
      </ul>
      <Over over={others(over, sessions)} />
    </Opening>
  );
}

/** There is nothing to trade in now. */
export function NoSession({ over }: { over: readonly ReviewSessionOut[] }) {
  return (
    <Opening title="No session is open">
      <p class="dim">This page goes on by itself as soon as your instructor opens one.</p>
      <Over over={over} />
    </Opening>
  );
}

/** A session's title with its name, which tells those of one title apart. */
function called(title: string, name: string): string {
  return title === "" || title === name ? name : `${title} · ${name}`;
}

/** Those that are not among the sessions above, which have a link of their own. */
function others(over: readonly ReviewSessionOut[], sessions: readonly SessionOut[]): readonly ReviewSessionOut[] {
  return over.filter(({ session }) => sessions.every(({ name }) => name !== session));
}

/** Days that can be looked at, the last first, each with its name and when it ended; older ones behind a button. */
function Over({ over }: { over: readonly ReviewSessionOut[] }) {
  const all = useSignal(false);
  if (over.length === 0) return null;
  return (
    <>
      <h2>Over</h2>
      <ul class="opening-list" data-testid="sessions-over">
        {over.slice(0, all.value ? over.length : OVER_MAX).map(({ session, title, closed }) => (
          <li key={session}>
            <a href={reviewOf(session)}>
              <b>{called(title, session)}</b>
              <span class="dim">{date(millis(closed), "")}</span>
              <span class="dim">Review the day</span>
            </a>
          </li>
        ))}
      </ul>
      {over.length > OVER_MAX && !all.value && (
        <button class="button" onClick={() => (all.value = true)}>
          Show all {over.length}
        </button>
      )}
    </>
  );
}
