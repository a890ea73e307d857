"""Every native route as a request, by the name of the client's method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from workbench.client.calls import Call, as_frame, as_list, as_plain, as_struct, body_of, given, segment
from workbench.client.models import (
    Account,
    Canceled,
    Depth,
    Instrument,
    Key,
    News,
    Order,
    Plain,
    Position,
    Seat,
    Session,
    Tokens,
)

LOGIN, REFRESH = "/api/auth/login", "/api/auth/refresh"
LOGOUT, SIGN_UP = "/api/auth/logout", "/api/auth/sign-up"
OPEN = frozenset({LOGIN, REFRESH, SIGN_UP})
"""Routes that ask for no log-in."""
ME, KEYS = "/api/auth/me", "/api/me/keys"


def login(name: str, password: str) -> Call[Tokens]:
    """Log in."""
    return Call(
        "POST",
        LOGIN,
        as_struct(Tokens),
        body=msgspec.json.encode({"name": name, "password": password}),
        repeatable=False,
    )


def refresh(token: str) -> Call[Tokens]:
    """Change a refresh token for new tokens."""
    return Call(
        "POST", REFRESH, as_struct(Tokens), body=msgspec.json.encode({"refresh": token}), repeatable=False
    )


def logout(token: str) -> Call[Any]:
    """End a log-in."""
    return Call("POST", LOGOUT, as_plain, body=msgspec.json.encode({"refresh": token}))


def sign_up(name: str, password: str, email: str, code: str) -> Call[Any]:
    """Make a user."""
    fields = given(name=name, password=password, email=email, code=code)
    return Call("POST", SIGN_UP, as_plain, body=body_of(fields), repeatable=False)


def me() -> Call[Plain]:
    """Who one is."""
    return Call("GET", ME, as_plain)


def create_key(label: str, session: str) -> Call[Key]:
    """Make an API key."""
    return Call(
        "POST", KEYS, as_struct(Key), body=body_of(given(label=label, session=session)), repeatable=False
    )


def sessions() -> Call[list[Session]]:
    """The server's sessions."""
    return Call("GET", "/api/sessions", as_list(Session, "sessions"))


def base_of(session: str) -> str:
    """Where a session's routes begin."""
    return f"/api/sessions/{segment(session)}"


def status(base: str) -> Call[Session]:
    """A session."""
    return Call("GET", base, as_struct(Session))


def join(base: str) -> Call[Seat]:
    """Take a seat, or find one's own."""
    return Call("POST", f"{base}/join", as_struct(Seat))


def instruments(base: str) -> Call[list[Instrument]]:
    """All instruments."""
    return Call("GET", f"{base}/instruments", as_list(Instrument, "instruments"))


def instrument(base: str, symbol: str) -> Call[Instrument]:
    """One instrument."""
    return Call("GET", f"{base}/instruments/{segment(symbol)}", as_struct(Instrument))


def depth(base: str, symbol: str, levels: int) -> Call[Depth]:
    """The book."""
    path = f"{base}/instruments/{segment(symbol)}/depth"
    return Call("GET", path, as_struct(Depth), given(levels=levels))


def candles(base: str, symbol: str, timeframe: str, start: str, end: str, limit: int) -> Call[Any]:
    """Candles as a frame."""
    path = f"{base}/instruments/{segment(symbol)}/candles"
    return Call("GET", path, as_frame(), given(timeframe=timeframe, start=start, end=end, limit=limit))


def tape(base: str, symbol: str, what: str, start: str, end: str, after_seq: int, limit: int) -> Call[Any]:
    """Trades or quotes as a frame."""
    path = f"{base}/instruments/{segment(symbol)}/{what}"
    return Call("GET", path, as_frame(), given(start=start, end=end, after_seq=after_seq, limit=limit))


def news(base: str, limit: int) -> Call[list[News]]:
    """Announcements, the newest first."""
    return Call("GET", f"{base}/news", as_list(News, "news"), given(limit=limit))


def orders(base: str, state: str, symbol: str, account: str, before: int, limit: int) -> Call[list[Order]]:
    """Orders, the newest first."""
    query = given(state=state, symbol=symbol, account=account, before=before, limit=limit)
    return Call("GET", f"{base}/orders", as_list(Order, "orders"), query)


def cancel_all(base: str, symbol: str) -> Call[list[Canceled]]:
    """Cancel all open orders."""
    return Call("DELETE", f"{base}/orders", as_list(Canceled, "orders"), given(symbol=symbol))


def account(base: str, account: str) -> Call[Account]:
    """An account."""
    return Call("GET", f"{base}/account", as_struct(Account), given(account=account))


def positions(base: str, account: str) -> Call[list[Position]]:
    """Positions."""
    return Call("GET", f"{base}/positions", as_list(Position, "positions"), given(account=account))


def fills(base: str, account: str, symbol: str, before: int, limit: int) -> Call[Any]:
    """Fills as a frame."""
    query = given(account=account, symbol=symbol, before=before, limit=limit)
    return Call("GET", f"{base}/fills", as_frame("fills"), query)


def cash(base: str, account: str) -> Call[Any]:
    """Money other than trades' as a frame."""
    return Call("GET", f"{base}/cash", as_frame("changes"), given(account=account))


def equity(base: str, account: str, points: int) -> Call[Any]:
    """The equity curve as a frame."""
    return Call("GET", f"{base}/equity", as_frame(), given(account=account, points=points))


def close_position(base: str, symbol: str, quantity: str, percentage: str) -> Call[Order]:
    """Close a position by a market order."""
    return Call(
        "POST",
        f"{base}/positions/{segment(symbol)}/close",
        as_struct(Order),
        body=body_of(given(quantity=quantity, percentage=percentage)),
        repeatable=False,
    )


def leaderboard(base: str) -> Call[Any]:
    """The leaderboard as a frame."""
    return Call("GET", f"{base}/leaderboard", as_frame("standings"))


def control(base: str, verb: str, fields: dict[str, Any]) -> Call[Any]:
    """What an instructor does to a session: open, pause, close, speed, halt, announce and the like."""
    return Call(
        "POST", f"{base}/{segment(verb)}", as_plain, body=msgspec.json.encode(fields), repeatable=False
    )


def create_session(name: str, fields: dict[str, Any]) -> Call[Session]:
    """Make a session of a scenario's text, a file or a draft."""
    given_fields = {key: value for key, value in fields.items() if value}
    body = body_of({"name": name, **given_fields})
    return Call("POST", "/api/sessions", as_struct(Session), body=body, repeatable=False)


def move(base: str, verb: str, fields: dict[str, Any]) -> Call[Session]:
    """Start, pause, resume, close, debrief a session, or change its speed."""
    return Call(
        "POST", f"{base}/{verb}", as_struct(Session), body=msgspec.json.encode(fields), repeatable=False
    )


def trading(base: str, verb: str, symbols: Iterable[str], fields: dict[str, Any]) -> Call[list[Instrument]]:
    """Halt instruments, or lift their halts."""
    body = body_of({"symbols": list(symbols), **fields})
    return Call("POST", f"{base}/{verb}", as_list(Instrument, "instruments"), body=body, repeatable=False)


def announce(base: str, headline: str, body: str, symbols: Iterable[str]) -> Call[News]:
    """Tell everybody something."""
    fields = body_of({"headline": headline, "body": body, "symbols": list(symbols)})
    return Call("POST", f"{base}/news", as_struct(News), body=fields, repeatable=False)


def set_limit(base: str, limit: str, value: object, account: str) -> Call[Any]:
    """Set a limit of an account, or of all."""
    fields = body_of({"limit": limit, "value": str(value), "account": account})
    return Call("POST", f"{base}/limits", as_plain, body=fields)


def export(base: str) -> Call[bytes]:
    """All tables of a session as a zip."""
    return Call("GET", f"{base}/export", bytes)


def upload(path: str, content: bytes | str, content_type: str) -> Call[Any]:
    """Send a body that is no JSON."""
    body = content.encode() if isinstance(content, str) else content
    return Call("POST", path, as_plain, body=body, repeatable=False, content_type=content_type)


def download(path: str, query: dict[str, Any]) -> Call[bytes]:
    """Any route that is read, as it is."""
    place, asked = apart(path, query)
    return Call("GET", place, bytes, asked)


def apart(path: str, query: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A path without the query that may stand in it, and all that is asked; what is given by name counts."""
    place, _, written = path.partition("?")
    return place, {**parse_qs(written, keep_blank_values=True), **given(**query)}


def anything(method: str, path: str, query: dict[str, Any], fields: dict[str, Any] | None) -> Call[Any]:
    """Any route as plain JSON; a field that is None is sent as null."""
    body = None if fields is None else msgspec.json.encode(fields)
    place, asked = apart(path, query)
    return Call(method, place, as_plain, asked, body, repeatable=method == "GET")


def arrow(session: str, table: str, after_seq: int, until_seq: int) -> Call[bytes]:
    """Rows behind the manifest, as an Arrow stream."""
    path = f"{base_of(session)}/arrow/{segment(table)}"
    return Call("GET", path, bytes, given(after_seq=after_seq, until_seq=until_seq))
