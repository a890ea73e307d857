import type { Desk } from "../desk-context";
import { clock, date, words, zoneName } from "../../ui/format";
import { noticeOf } from "./banner";

const LINK = { connecting: "Connecting", open: "Live", lost: "Reconnecting", ended: "Disconnected" } as const;

function speedOf(speed: number | null | undefined): string {
  if (speed === undefined) return "";
  return speed === null ? "max speed" : `${speed}×`;
}

function Clock({ desk: { store, ui } }: { desk: Desk }) {
  const zone = ui.settings.clock.value === "session" ? (store.session.value?.zone ?? "UTC") : "";
  const now = store.now.value;
  return (
    <span class="strip-clock" data-testid="status-clock" title="Exchange time">
      <span class="dim strip-date">{date(now, zone)}</span> <b>{clock(now, zone)}</b>{" "}
      <span class="dim">{now > 0 ? zoneName(now, zone) : ""}</span>
    </span>
  );
}

function Connection({ desk: { stream } }: { desk: Desk }) {
  const link = stream.link.value;
  const lag = link === "open" ? `${Math.round(stream.lagMs.value)} ms` : "– ms";
  return (
    <>
      <span class="strip-link" data-testid="status-link" data-state={link} title="Connection to the exchange">
        <i />
        {LINK[link]}
      </span>
      <span key={`lag ${lag.length}`} class="strip-lag dim" data-testid="status-lag" title="Time to the server and back">
        {lag}
      </span>
    </>
  );
}

/** The line under the top bar: the session, what is not as usual, connection and time. Its place is always there. */
export function StatusStrip({ desk }: { desk: Desk }) {
  const session = desk.store.session.value;
  const notice = noticeOf(desk);
  return (
    <div class="strip" role="region" aria-label="Session and connection" data-kind={notice?.kind ?? "none"}>
      <span class="strip-session" data-testid="status-session" data-state={session?.state ?? ""}>
        <b>{session?.title || session?.name || desk.session}</b>
        <span class="chip" data-state={session?.state ?? ""}>
          {words(session?.state)}
        </span>
        <span class="dim strip-speed" title="Seconds of the exchange per second">
          {speedOf(session?.speed)}
        </span>
      </span>
      <span class="strip-notice" role="status">
        {notice !== null && (
          <span data-testid="banner" data-state={notice.state}>
            {notice.text}
            {notice.link !== undefined && (
              <>
                {" "}
                <a href={notice.link.href} data-testid="review">
                  {notice.link.text}
                </a>
              </>
            )}
          </span>
        )}
      </span>
      <Connection desk={desk} />
      <Clock desk={desk} />
    </div>
  );
}
