import { clock, date, quantity, words, zoneName } from "../ui/format";
import { isOver, movesOf, speedAct, speedText } from "./acts";
import type { House } from "./house";
import type { Room } from "./room";

const SPEEDS = [0.5, 1, 2, 5, 10, 30, 60] as const;

/** The session that is looked at: where it stands, and what can be done next. */
export function Bar({ house }: { house: House }) {
  const room = house.room.value;
  const list = house.list.value?.sessions ?? [];
  return (
    <header class="c-bar">
      <select
        class="select c-session"
        aria-label="Session"
        data-testid="control-session"
        value={room?.name ?? ""}
        onChange={({ currentTarget }) => house.choose(currentTarget.value)}
      >
        {room === null && <option value="">no session</option>}
        {list.map(({ name, state }) => (
          <option key={name} value={name}>
            {name} · {words(state)}
          </option>
        ))}
      </select>
      {room !== null && <Standing house={house} room={room} />}
      {house.problem.value !== "" && (
        <span class="c-problem" role="alert">
          {house.problem.value}
        </span>
      )}
    </header>
  );
}

function Standing({ house, room }: { house: House; room: Room }) {
  const session = room.session.value;
  if (session === null) return <span class="dim">{room.problem.value || "Reading the session…"}</span>;
  const may = house.may.value.has("run_session");
  const moves = movesOf(room.name, session.state, session.seats_taken);
  const link = room.stream.link.value;
  const lag = room.stream.lagMs.value;
  return (
    <>
      <span class="c-state" data-state={session.failed === "" ? session.state : "failed"} data-testid="control-state" title={session.failed}>
        {session.failed === "" ? words(session.state) : "takes nothing"}
      </span>
      <Clock room={room} zone={session.zone} />
      <span class="c-fact">
        <small>seats</small>
        {session.seats_taken}/{session.seats}
      </span>
      <span class="c-fact" title="Commands that the exchange took, over the last 20 seconds">
        <small>messages/s</small>
        <b class="c-rate">{quantity(room.messagesPerSecond.value, 1)}</b>
      </span>
      <span class="c-fact" data-link={link} title={link === "open" ? `Round trip to the server ${Math.round(lag)} ms` : room.stream.ended.value}>
        <small>stream</small>
        {link === "open" ? `${Math.round(lag)} ms` : link}
      </span>
      <span class="c-fill" />
      <label class="c-speeds">
        <small>speed</small>
        <select
          class="select c-speed"
          data-testid="control-speed"
          disabled={!may || isOver(session.state)}
          value={session.speed === null ? "max" : String(session.speed)}
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.value;
            // The field shows what holds, and the session says when that is another speed.
            currentTarget.value = session.speed === null ? "max" : String(session.speed);
            void house.attempt(speedAct(room.name, chosen === "max" ? "max" : Number(chosen)));
          }}
        >
          {session.speed !== null && !SPEEDS.some((each) => each === session.speed) && (
            <option value={String(session.speed)}>{speedText(session.speed)}</option>
          )}
          {SPEEDS.map((speed) => (
            <option key={speed} value={String(speed)}>
              {speedText(speed)}
            </option>
          ))}
          <option value="max">as fast as possible</option>
        </select>
      </label>
      {moves.map((act, place) => (
        <button
          key={act.label}
          class={`button ${act.danger ? "c-danger" : place === 0 ? "primary" : ""}`}
          data-testid={`control-${act.path.slice(act.path.lastIndexOf("/") + 1)}${act.label.includes("auction") ? "-auction" : act.label.includes("pre-open") ? "-pre-open" : ""}`}
          disabled={!may}
          title={act.question}
          onClick={() => void house.attempt(act)}
        >
          {act.label}
        </button>
      ))}
      {house.may.value.has("export") && (
        <a class="button" href={`${house.rest.api}${room.path("export")}`} download={`${room.name}.zip`} title="All tables as Parquet, with the manifest">
          Export
        </a>
      )}
    </>
  );
}

function Clock({ room, zone }: { room: Room; zone: string }) {
  const now = room.clock.now.value;
  return (
    <span class="c-fact" title={date(now, zone)}>
      <small>exchange time {zoneName(now, zone)}</small>
      <b class="c-clock" data-testid="control-clock">
        {clock(now, zone)}
      </b>
    </span>
  );
}
