"""Who may use which route, by hand: the table that the routes are held against, and docs/permissions.md.

`python -m tests.api.matrix > docs/permissions.md` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.api.callers import (
    ADMIN,
    ANONYMOUS,
    ASSISTANT,
    BOT,
    CALLERS,
    INSTRUCTOR,
    OBSERVER,
    ONE_TIME,
    READING_BOT,
    STUDENT,
)

Audience = tuple[str, ...]

EVERYBODY: Audience = CALLERS
LOGGED_IN: Audience = tuple(caller for caller in CALLERS if caller != ANONYMOUS)
PASSWORD_CHANGERS: Audience = (STUDENT, ASSISTANT, INSTRUCTOR, OBSERVER, ADMIN, ONE_TIME)
PEOPLE: Audience = (STUDENT, ASSISTANT, INSTRUCTOR, OBSERVER, ADMIN)
WATCHERS: Audience = (*PEOPLE, BOT, READING_BOT)
TRADERS: Audience = (STUDENT, ASSISTANT, INSTRUCTOR, ADMIN, BOT)
STAFF: Audience = (ASSISTANT, INSTRUCTOR, ADMIN)
INSTRUCTORS: Audience = (INSTRUCTOR, ADMIN)
ADMINS: Audience = (ADMIN,)

_ROUTES: dict[Audience, tuple[str, ...]] = {
    EVERYBODY: (
        "POST /api/auth/login",
        "POST /api/auth/logout",
        "POST /api/auth/refresh",
        "POST /api/auth/sign-up",
        "GET /",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "WS /stream",
        "WS /v1beta1/news",
        "WS /v1beta3/crypto/{loc}",
        "GET /v1beta3/crypto/{loc}/latest/orderbooks",
        "GET /v1beta3/crypto/{loc}/latest/{kind}",
        "GET /v1beta3/crypto/{loc}/snapshots",
        "GET /v1beta3/crypto/{loc}/{kind}",
        "WS /v2/{feed}",
    ),
    LOGGED_IN: ("GET /api/auth/me",),
    PASSWORD_CHANGERS: ("POST /api/me/password",),
    PEOPLE: (
        "POST /api/auth/logout-everywhere",
        "GET /api/classes",
        "POST /api/classes/join",
        "GET /api/me/devices",
        "DELETE /api/me/devices/{login}",
        "GET /api/me/keys",
        "POST /api/me/keys",
        "DELETE /api/me/keys/{key_id}",
        "GET /api/me/preferences",
        "PATCH /api/me/preferences",
        "GET /api/me/profile",
        "PATCH /api/me/profile",
    ),
    WATCHERS: (
        "POST /api/auth/ticket",
        "GET /api/sessions",
        "GET /api/sessions/{name}",
        "GET /api/sessions/{name}/instruments",
        "GET /api/sessions/{name}/instruments/{symbol}",
        "GET /api/sessions/{name}/arrow/{table}",
        "GET /api/sessions/{name}/instruments/{symbol}/candles",
        "GET /api/sessions/{name}/instruments/{symbol}/depth",
        "GET /api/sessions/{name}/instruments/{symbol}/quotes",
        "GET /api/sessions/{name}/instruments/{symbol}/trades",
        "GET /api/sessions/{name}/leaderboard",
        "GET /api/sessions/{name}/news",
        "WS /api/sessions/{name}/stream",
        "GET /v1/corporate-actions",
        "GET /v1beta1/news",
        "GET /v1beta1/screener/stocks/most-actives",
        "GET /v1beta1/screener/{market_type}/movers",
        "GET /v2/assets",
        "GET /v2/assets/{symbol:path}",
        "GET /v2/calendar",
        "GET /v2/clock",
        "GET /v2/corporate_actions/announcements",
        "GET /v2/corporate_actions/announcements/{announcement_id}",
        "GET /v2/options/contracts",
        "GET /v2/options/contracts/{symbol}",
        "GET /v2/stocks/snapshots",
        "GET /v2/stocks/{kind}",
        "GET /v2/stocks/{kind}/latest",
        "GET /v2/stocks/{symbol}/orderbook",
        "GET /v2/stocks/{symbol}/snapshot",
        "GET /v2/stocks/{symbol}/{kind}",
        "GET /v2/stocks/{symbol}/{kind}/latest",
    ),
    TRADERS: (
        "GET /api/sessions/{name}/account",
        "GET /api/sessions/{name}/cash",
        "GET /api/sessions/{name}/equity",
        "GET /api/sessions/{name}/fills",
        "POST /api/sessions/{name}/join",
        "DELETE /api/sessions/{name}/orders",
        "GET /api/sessions/{name}/orders",
        "POST /api/sessions/{name}/orders",
        "POST /api/sessions/{name}/orders/preview",
        "DELETE /api/sessions/{name}/orders/{order}",
        "GET /api/sessions/{name}/orders/{order}",
        "PATCH /api/sessions/{name}/orders/{order}",
        "GET /api/sessions/{name}/orders/{order}/explanation",
        "GET /api/sessions/{name}/positions",
        "POST /api/sessions/{name}/positions/{symbol}/close",
        "GET /api/reports",
        "POST /api/reports",
        "GET /api/reports/{run}",
        "GET /api/reports/{run}/html",
        "GET /api/reviews",
        "GET /api/sessions/{name}/review",
        "GET /api/sessions/{name}/review/accounts",
        "GET /api/sessions/{name}/review/book",
        "GET /api/sessions/{name}/review/tape",
        "GET /api/sessions/{name}/review/{table}",
        "POST /api/sessions/{name}/review/what-if",
        "GET /v2/account",
        "GET /v2/account/activities",
        "GET /v2/account/activities/{activity_type}",
        "GET /v2/account/configurations",
        "PATCH /v2/account/configurations",
        "GET /v2/account/portfolio/history",
        "DELETE /v2/orders",
        "GET /v2/orders",
        "POST /v2/orders",
        "DELETE /v2/orders/{order_id}",
        "GET /v2/orders/{order_id}",
        "PATCH /v2/orders/{order_id}",
        "GET /v2/orders:by_client_order_id",
        "DELETE /v2/positions",
        "GET /v2/positions",
        "DELETE /v2/positions/{symbol:path}",
        "GET /v2/positions/{symbol:path}",
        "GET /v2/watchlists",
        "POST /v2/watchlists",
        "DELETE /v2/watchlists/{watchlist_id}",
        "GET /v2/watchlists/{watchlist_id}",
        "POST /v2/watchlists/{watchlist_id}",
        "PUT /v2/watchlists/{watchlist_id}",
        "DELETE /v2/watchlists/{watchlist_id}/{symbol:path}",
        "DELETE /v2/watchlists:by_name",
        "GET /v2/watchlists:by_name",
        "POST /v2/watchlists:by_name",
        "PUT /v2/watchlists:by_name",
    ),
    STAFF: (
        "GET /api/reports/history",
        "GET /api/drafts",
        "DELETE /api/drafts/{draft}",
        "GET /api/drafts/{draft}",
        "PUT /api/drafts/{draft}",
        "GET /api/scenarios",
        "POST /api/scenarios/check",
        "POST /api/sessions",
        "GET /api/sessions/{name}/alerts",
        "POST /api/sessions/{name}/close",
        "POST /api/sessions/{name}/debrief",
        "GET /api/sessions/{name}/export",
        "POST /api/sessions/{name}/halt",
        "POST /api/sessions/{name}/kill",
        "PUT /api/sessions/{name}/leaderboard",
        "POST /api/sessions/{name}/lift",
        "POST /api/sessions/{name}/news",
        "GET /api/sessions/{name}/participants",
        "POST /api/sessions/{name}/pause",
        "POST /api/sessions/{name}/resume",
        "POST /api/sessions/{name}/speed",
        "POST /api/sessions/{name}/start",
        "GET /api/sessions/{name}/trades",
    ),
    INSTRUCTORS: (
        "POST /api/classes",
        "DELETE /api/classes/{class_id}",
        "PATCH /api/classes/{class_id}",
        "DELETE /api/classes/{class_id}/code",
        "POST /api/classes/{class_id}/code",
        "GET /api/classes/{class_id}/members",
        "POST /api/classes/{class_id}/members",
        "DELETE /api/classes/{class_id}/members/{user_id}",
        "GET /api/classes/{class_id}/roster",
        "POST /api/classes/{class_id}/roster",
        "POST /api/sessions/{name}/fees",
        "POST /api/sessions/{name}/fine",
        "POST /api/sessions/{name}/limits",
        "POST /api/sessions/{name}/reinstate",
        "POST /api/sessions/{name}/suspend",
        "POST /api/sessions/{name}/trades/{trade}/bust",
        "POST /api/sessions/{name}/transfer",
        "GET /api/users",
        "GET /api/users/{user_id}",
        "POST /api/users/{user_id}/disable",
        "POST /api/users/{user_id}/enable",
        "DELETE /api/users/{user_id}/keys/{key_id}",
        "POST /api/users/{user_id}/logout",
        "POST /api/users/{user_id}/reset-password",
        "PUT /v2/account/configurations/locks",
    ),
    ADMINS: (
        "GET /api/audit",
        "POST /api/users",
        "DELETE /api/users/{user_id}",
        "GET /api/users/{user_id}/keys",
        "PUT /api/users/{user_id}/role",
    ),
}

OUTSIDER = "outsider"
FOREIGN_ASSISTANT = "assistant elsewhere"
FOREIGN_INSTRUCTOR = "instructor elsewhere"
FOREIGN_OBSERVER = "observer elsewhere"
MEMBER = "member"
MEMBERS_BOT = "member's bot"
LEARNING_INSTRUCTOR = "instructor who learns"
CLASS_OBSERVER = "observer in it"
CLASS_ASSISTANT = "assistant of it"
CLASS_INSTRUCTOR = "instructor of it"

FOREIGNERS: Audience = (OUTSIDER, FOREIGN_ASSISTANT, FOREIGN_INSTRUCTOR, FOREIGN_OBSERVER)
_COUNTS_AS = {
    MEMBER: STUDENT,
    MEMBERS_BOT: BOT,
    LEARNING_INSTRUCTOR: STUDENT,
    CLASS_OBSERVER: OBSERVER,
    CLASS_ASSISTANT: ASSISTANT,
    CLASS_INSTRUCTOR: INSTRUCTOR,
    ADMIN: ADMIN,
}
"""Who somebody is in a session that is for a class; whoever is not here is nobody there."""
CLASS_CALLERS: Audience = (*FOREIGNERS, *_COUNTS_AS)


def class_audience(route: str) -> Audience:
    """Who may use a route about a session that is for a class."""
    return tuple(caller for caller, role in _COUNTS_AS.items() if role in MATRIX[route])


_NO_SESSION = (
    "GET /v2/corporate_actions/announcements/{announcement_id}",
    "GET /v2/options/contracts/{symbol}",
)
"""Nothing of what they ask for is there in any session, which is all that they say."""


def session_routes() -> list[str]:
    """Routes about one session: it is in the address, or meant by header X-Session."""
    alpaca = (" /v1/", " /v1beta1/", " /v1beta3/", " /v2/", " /stream")
    return sorted(
        route
        for route in MATRIX
        if route not in _NO_SESSION
        and ("/api/sessions/{name}" in route or any(prefix in route for prefix in alpaca))
    )


MATRIX: dict[str, Audience] = {route: audience for audience, routes in _ROUTES.items() for route in routes}
"""Who may use a route, by `METHOD /path`; `WS` is a WebSocket."""

_PAGE = """# Who may do what

Every route of the server and everybody it answers. A dot is allowed; elsewhere the answer is 401 to those who
are not logged in and 403 to the others. Being allowed to ask says nothing about whose data is told: one's own
account is everybody's own, and others' need the permission to read the class.

*Bot* is an API key as it is made by default, *reading bot* one with the scope `read_market` alone, *one-time*
somebody who logged in with a password to use once and has to change it first. A WebSocket that is open to all
asks who you are in its own protocol.

This page is made from the table that the tests hold the routes against (`tests/api/matrix.py`).

"""

_CLASSES = """
## Sessions for classes

`POST /api/sessions` takes the ids of classes. The session is for those classes from then on: its journal says
so, and a restart changes nothing.
One without classes is for everybody on the server, as far as their roles go.

- **See, read, stream, join and trade**: members of one of the classes, with the permissions of their role;
  observers that are members see, and take no seat. Others do not find the session in any list, and every
  route and stream about it answers 403 (`not_in_class`) with a sentence that names who teaches there; nothing
  happens to the session then. Who is not logged in gets 401, also on the routes that are open otherwise.
  Names of sessions are no secret: `/metrics` and `/health/ready` tell them.
- **Run it** (`run_session`, `set_limits`, `read_class`, `export`): staff of one of the classes whose role has
  the permission. An instructor who only learns in the class is a student there (`not_your_session`). Only
  staff of all the classes named can make a session for them.
- **Admins** may do everything everywhere.
- **Who leaves** the class, or is taken out of it, finds the next request refused; streams of both faces end
  at once with code 4403 (within three seconds where another process did it), and API keys reach the session
  no more. Their seat, orders and positions stay as they are, for the session is a record of what happened;
  staff can cancel the orders (`/kill`). Who joins again has the same seat. Who is staff no more loses the
  streams of that time too.
- A session that is stored and does not run here is listed and exported by the same rule.

| who | in a session for a class |
|---|---|
| student, assistant, instructor or observer elsewhere | nothing |
| member of the class, also one who is an instructor | as the column *student* above |
| a member's bot | as *bot* or *reading bot* |
| observer in the class | as *observer* |
| assistant or instructor on its staff | as *assistant* or *instructor* |
| admin | as *admin* |
"""


def page() -> Iterator[str]:
    """The lines of docs/permissions.md."""
    yield from _PAGE.splitlines()
    yield f"| route | {' | '.join(CALLERS)} |"
    yield f"|---|{'---|' * len(CALLERS)}"
    for route, audience in sorted(MATRIX.items(), key=lambda item: item[0].split()[::-1]):
        marks = " | ".join("●" if caller in audience else "" for caller in CALLERS)
        yield f"| `{route}` | {marks} |"
    yield from _CLASSES.splitlines()


if __name__ == "__main__":
    print("\n".join(page()))  # noqa: T201 - what it is run for
