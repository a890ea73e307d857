"""The session's announcements as Alpaca's news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.paging import PageToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.api.alpaca.query import Query
    from workbench.session.live.answer import Announcement

DEFAULT_LIMIT = 10
MOST_LIMIT = 50
SOURCE = "session"
_SUMMARY = 280
"""Characters of a text that its summary holds."""


def write_news(
    news: Announcement, *, content: bool = True, moment: Callable[[int], Any] = moment_text
) -> dict[str, Any]:
    """One announcement; `moment` writes its times."""
    at = moment(news.time_ns)
    return {
        "id": news.number,
        "headline": news.headline,
        "summary": news.body if len(news.body) <= _SUMMARY else f"{news.body[: _SUMMARY - 1]}…",
        "author": news.author,
        "created_at": at,
        "updated_at": at,
        "url": None,
        "content": news.body if content else "",
        "symbols": list(news.symbols),
        "source": SOURCE,
        "images": [],
    }


def news_page(announcements: Sequence[Announcement], query: Query) -> dict[str, Any]:
    """A page of announcements, newest first unless asked otherwise."""
    symbols = {symbol.upper() for symbol in query.words("symbols")}
    start, end = query.moment("start"), query.moment("end")
    limit = query.whole("limit", DEFAULT_LIMIT, least=1, most=MOST_LIMIT)
    content = query.flag("include_content")
    with_content_only = query.flag("exclude_contentless")
    ascending = query.choice("sort", "desc", "asc", "desc") == "asc"
    text = query.text("page_token")
    after = PageToken.read(text).seq if text else None
    if start is not None and end is not None and end < start:
        raise invalid("end should not be before start")

    def wanted(news: Announcement) -> bool:
        return (
            (not symbols or bool(symbols & {symbol.upper() for symbol in news.symbols}))
            and (start is None or news.time_ns >= start)
            and (end is None or news.time_ns <= end)
            and (not with_content_only or bool(news.body))
            and (after is None or (news.number > after if ascending else news.number < after))
        )

    found = [news for news in announcements if wanted(news)]
    if not ascending:
        found.reverse()
    chosen = found[:limit]
    token = PageToken("", chosen[-1].time_ns, chosen[-1].number).write() if len(found) > limit else None
    return {"news": [write_news(news, content=content) for news in chosen], "next_page_token": token}
