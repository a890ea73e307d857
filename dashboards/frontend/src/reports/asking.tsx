import type { Shelf } from "./shelf";
import { complete } from "./wish";

/** What is to be made: which report, of which session or days and, for who may read the class, whose. */
export function Asking({ shelf }: { shelf: Shelf }) {
  const wish = shelf.wish.value;
  const { report, of, session, first, last, whose } = wish;
  const kinds = shelf.kinds.value;
  const sessions = shelf.sessions.value;
  const chosen = kinds.find(({ name }) => name === report);
  const full = shelf.waiting.value >= (shelf.told.value?.waiting_max ?? Infinity);
  if (sessions.length === 0) return null;
  return (
    <form
      class="panel r-asking"
      aria-label="Make a report now"
      onSubmit={(event) => {
        event.preventDefault();
        void shelf.run();
      }}
    >
      <label class="field">
        Report
        <select class="select" data-testid="report-kind" value={report} onChange={({ currentTarget }) => shelf.ask({ report: currentTarget.value })}>
          {kinds.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        Of
        <select
          class="select"
          data-testid="report-of"
          value={of}
          onChange={({ currentTarget }) => void (currentTarget.value === "days" ? shelf.chooseDays() : shelf.choose(session))}
        >
          <option value="session">One session</option>
          <option value="days">Days</option>
        </select>
      </label>
      {of === "session" ? (
        <label class="field">
          Session
          <select class="select" data-testid="report-session" value={session} onChange={({ currentTarget }) => void shelf.choose(currentTarget.value)}>
            {sessions.map((each) => (
              <option key={each.session} value={each.session}>
                {each.title === "" || each.title === each.session ? each.session : `${each.session} · ${each.title}`}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <>
          <label class="field">
            From
            <input class="input" type="date" data-testid="report-first" value={first} onChange={({ currentTarget }) => void shelf.chooseDays({ first: currentTarget.value })} />
          </label>
          <label class="field">
            To
            <input class="input" type="date" data-testid="report-last" value={last} onChange={({ currentTarget }) => void shelf.chooseDays({ last: currentTarget.value })} />
          </label>
        </>
      )}
      {shelf.choices.value.length > 0 && (
        <label class="field">
          Whose
          <select class="select" data-testid="report-whose" value={whose} onChange={({ currentTarget }) => shelf.ask({ whose: currentTarget.value })}>
            {shelf.choices.value.map(({ value, text }) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      )}
      <button class="button primary" data-testid="report-run" disabled={shelf.busy.value || full || !complete(wish)}>
        Run now
      </button>
      <p class="dim">{full ? "As many of yours wait as may; ask again when one is done." : (chosen?.about ?? "")}</p>
    </form>
  );
}
