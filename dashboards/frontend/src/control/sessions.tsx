import { clock, date, millis, quantity, words } from "../ui/format";
import { isOver, movesOf, speedText } from "./acts";
import { Create } from "./create";
import type { House } from "./house";
import { reviewPath } from "./reviewlink";
import type { SessionOut, StoredOut } from "./words";

/** All sessions: those that run, those that are stored, and a new one. */
export function SessionsPanel({ house }: { house: House }) {
  const list = house.list.value;
  return (
    <div class="c-sessions">
      <section class="panel" data-testid="panel-sessions">
        <header>
          Sessions that run <span class="badge">{list?.sessions.length ?? 0}</span>
        </header>
        <div class="body">
          <table class="c-running">
            <thead>
              <tr>
                <th>Name</th>
                <th>Title</th>
                <th>For</th>
                <th>State</th>
                <th>Exchange time</th>
                <th class="num">Speed</th>
                <th class="num">Seats</th>
                <th class="num">Commands</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {(list?.sessions ?? []).map((session) => (
                <Running key={session.name} house={house} session={session} />
              ))}
            </tbody>
          </table>
          {list?.sessions.length === 0 && (
            <div class="empty">
              <strong>No session runs</strong>
              <span>Make one on the right.</span>
            </div>
          )}
        </div>
      </section>
      <section class="panel">
        <header>
          Stored sessions <span class="badge">{list?.stored.length ?? 0}</span>
        </header>
        <div class="body">
          <table class="c-stored">
            <thead>
              <tr>
                <th>Name</th>
                <th>Title</th>
                <th>Ended</th>
                <th class="num">Events</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {(list?.stored ?? []).map((each) => (
                <Stored key={each.name} house={house} stored={each} />
              ))}
            </tbody>
          </table>
          {list?.stored.length === 0 && <div class="empty">No session is stored beside those that run.</div>}
        </div>
      </section>
      <Create house={house} />
    </div>
  );
}

function Running({ house, session }: { house: House; session: SessionOut }) {
  const [next] = movesOf(session.name, session.state, session.seats_taken);
  const time = millis(session.time);
  return (
    <tr data-testid={`control-session-${session.name}`} aria-selected={house.room.value?.name === session.name}>
      <td>
        <b>{session.name}</b>
      </td>
      <td title={session.title}>{session.title}</td>
      <td title={session.classes.map(({ name }) => name).join(", ")}>{session.classes.map(({ name }) => name).join(", ") || "everybody"}</td>
      <td>
        <span class="c-state" data-state={session.failed === "" ? session.state : "failed"} title={session.failed}>
          {session.failed === "" ? words(session.state) : "takes nothing"}
        </span>
      </td>
      <td title={date(time, session.zone)}>{clock(time, session.zone)}</td>
      <td class="num">{speedText(session.speed)}</td>
      <td class="num">
        {session.seats_taken}/{session.seats}
      </td>
      <td class="num">{quantity(session.commands)}</td>
      <td class="c-buttons">
        <button
          class="button small"
          onClick={() => {
            house.choose(session.name);
            house.tab.value = "floor";
          }}
        >
          Look
        </button>
        {next !== undefined && (
          <button class="button small" disabled={!house.may.value.has("run_session")} onClick={() => void house.attempt(next)}>
            {next.label}
          </button>
        )}
        {isOver(session.state) && <Review house={house} name={session.name} />}
        <Export house={house} name={session.name} />
      </td>
    </tr>
  );
}

function Stored({ house, stored }: { house: House; stored: StoredOut }) {
  return (
    <tr>
      <td>
        <b>{stored.name}</b>
      </td>
      <td title={stored.title}>{stored.title}</td>
      <td>{stored.closed}</td>
      <td class="num">{quantity(stored.events)}</td>
      <td class="c-buttons">
        <Review house={house} name={stored.name} />
        <Export house={house} name={stored.name} />
      </td>
    </tr>
  );
}

function Review({ house, name }: { house: House; name: string }) {
  return (
    <a class="button small" href={house.rest.api + reviewPath(name)}>
      Review
    </a>
  );
}

function Export({ house, name }: { house: House; name: string }) {
  if (!house.may.value.has("export")) return null;
  return (
    <a class="button small" href={`${house.rest.api}/api/sessions/${encodeURIComponent(name)}/export`} download={`${name}.zip`}>
      Export
    </a>
  );
}
