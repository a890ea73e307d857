import { useSignal } from "@preact/signals";
import { clock, millis } from "../ui/format";
import { said } from "../wire/rest";
import { isOver } from "./acts";
import type { House } from "./house";
import type { Room } from "./room";

const HEADLINE_MAX = 300;
/** From so few characters left on, how many there are is said. */
const HEADLINE_NEAR = 60;

/** Announcements: written here, in order with the market, and listed. */
export function NewsPanel({ house, room }: { house: House; room: Room }) {
  const headline = useSignal("");
  const body = useSignal("");
  const symbols = useSignal<readonly string[]>([]);
  const problem = useSignal("");
  const busy = useSignal(false);
  const session = room.session.value;
  const zone = session?.zone ?? "";
  const may = house.may.value.has("run_session") && !isOver(session?.state);
  // The server counts characters, not the halves that some are made of here.
  const over = [...headline.value].length - HEADLINE_MAX;
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (over > 0) return;
    busy.value = true;
    problem.value = "";
    try {
      await house.rest.post(room.path("news"), { headline: headline.value, body: body.value, symbols: symbols.value });
      const about = symbols.value.length === 0 ? "" : ` about ${symbols.value.join(", ")}`;
      house.ui.toast("good", `“${headline.value}”${about} was announced to everybody.`);
      headline.value = body.value = "";
      symbols.value = [];
    } catch (refusal) {
      problem.value = said(refusal);
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="panel" data-testid="panel-news">
      <header>
        News
        <span class="dim">everybody in the session reads it at once</span>
      </header>
      <form class="c-news" onSubmit={(event) => void send(event)}>
        <input
          class="input"
          placeholder="Headline"
          aria-label="Headline"
          data-testid="control-news-headline"
          aria-invalid={over > 0}
          value={headline.value}
          onInput={({ currentTarget }) => (headline.value = currentTarget.value)}
        />
        {over > -HEADLINE_NEAR && (
          <p class="c-left" role="status" data-over={over > 0} data-testid="control-news-left">
            {over > 0 ? `The headline is ${over} over the ${HEADLINE_MAX} characters that it may have: the rest can be said below.` : `${-over} characters are left.`}
          </p>
        )}
        <textarea
          class="input"
          rows={2}
          placeholder="More, if there is more to say"
          aria-label="Text"
          data-testid="control-news-body"
          value={body.value}
          onInput={({ currentTarget }) => (body.value = currentTarget.value)}
        />
        <div class="c-line">
          <span class="c-chips" role="group" aria-label="Which instruments it is about">
            {(session?.symbols ?? []).map((symbol) => (
              <button
                key={symbol}
                type="button"
                class="c-chip"
                aria-pressed={symbols.value.includes(symbol)}
                onClick={() => (symbols.value = symbols.value.includes(symbol) ? symbols.value.filter((each) => each !== symbol) : [...symbols.value, symbol])}
              >
                {symbol}
              </button>
            ))}
          </span>
          <span class="c-fill" />
          <button class="button primary small" data-testid="control-news-send" disabled={!may || busy.value || over > 0 || headline.value.trim() === ""}>
            Announce
          </button>
        </div>
        {problem.value !== "" && (
          <p class="c-problem" role="alert">
            {problem.value}
          </p>
        )}
      </form>
      <ul class="body c-alerts">
        {room.news.value.map(({ number, time, headline: said_, symbols: about, author, body: more }) => (
          <li key={number} data-testid="control-news-row" title={`Announced by ${author ?? "the exchange"}`}>
            <time>{clock(millis(time), zone)}</time>
            <span class="c-said">
              {(about ?? []).map((symbol) => (
                <span key={symbol} class="c-tag">
                  {symbol}
                </span>
              ))}{" "}
              {said_}
              {more !== undefined && more !== "" && <small class="dim">{more}</small>}
            </span>
          </li>
        ))}
        {room.news.value.length === 0 && <li class="empty">Nothing was announced yet.</li>}
      </ul>
    </section>
  );
}
