import { useState } from "preact/hooks";
import { isRead } from "../../store/read-marks";
import type { News } from "../../store/types";
import * as format from "../../ui/format";
import type { Desk } from "../desk-context";
import { zoneOf } from "../orders/zone";

/** The exchange's own announcements, the newest first; what has not been opened is marked. */
export function NewsPanel({ desk }: { desk: Desk }) {
  const { store } = desk;
  const [open, setOpen] = useState<number | null>(null);
  const news = store.news.value;
  const unread = store.unread.value;

  const choose = (number: number): void => {
    setOpen(open === number ? null : number);
    store.markRead(number);
  };

  return (
    <section class="panel news" data-testid="panel-news" aria-label="News">
      <header>
        <span class="title">News</span>
        <span class="badge" data-testid="news-unread" hidden={unread === 0} title="Announcements that you have not opened">
          {unread === 0 ? "" : unread}
        </span>
        <span class="dim">{news.length === 0 ? "" : `${news.length} announcement${news.length === 1 ? "" : "s"}`}</span>
        <span class="space" />
        <button type="button" class="button" data-testid="news-read-all" hidden={unread === 0} onClick={() => store.markAllRead()}>
          Mark all read
        </button>
      </header>
      <div class="body">
        {news.length === 0 ? (
          <div class="empty" data-testid="news-empty">
            <strong>No news</strong>
            <span>Announcements of the session stand here.</span>
          </div>
        ) : (
          <ul class="news-list">
            {news.map((each) => (
              <Item key={each.number} desk={desk} news={each} open={each.number === open} read={isRead(store.readMarks.value, each.number)} choose={choose} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

interface ItemProps {
  desk: Desk;
  news: News;
  open: boolean;
  read: boolean;
  choose: (number: number) => void;
}

function Item({ desk, news, open, read, choose }: ItemProps) {
  const { store } = desk;
  const zone = zoneOf(desk);
  return (
    <li class="news-item" data-testid="news-row" data-unread={read ? undefined : "true"} data-number={news.number}>
      <button type="button" class="news-head" aria-expanded={open} onClick={() => choose(news.number)}>
        <span class="news-line">
          <time title={`${format.date(news.time, zone)}, exchange time`}>{format.clock(news.time, zone)}</time>
          <span class="news-author">{news.author}</span>
          {!read && <span class="news-dot" role="img" aria-label="Not read" />}
        </span>
        <span class="news-headline">{news.headline}</span>
      </button>
      {news.symbols.length > 0 && (
        <span class="news-symbols">
          {news.symbols.map((symbol) => (
            <button type="button" key={symbol} class="chip" title={`Show ${symbol}`} onClick={() => store.select(symbol)}>
              {symbol}
            </button>
          ))}
        </span>
      )}
      {open && <p class="news-body">{news.body === "" ? <span class="dim">There is no more to it than the headline.</span> : news.body}</p>}
    </li>
  );
}
