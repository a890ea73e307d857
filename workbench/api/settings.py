"""What a server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbench.api.sockets import ADDRESS_SOCKETS, USER_SOCKETS


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket's size: so many at once, and so many a second after that.

    Attributes
    ----------
    per_second
        How fast the bucket fills again.
    burst
        How much it holds.
    """

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of one server.

    Attributes
    ----------
    data
        The data root: sessions, the identity database and the server's own folder live in it.
    scenarios
        Folder of scenario files that sessions can be made from; None when there is none.
    secure
        Whether people reach the server by TLS: cookies are marked Secure and HSTS is sent.
    origins
        Origins that pages of other hosts may call from; none unless told.
    hosts
        Host names that requests may name (`*.example.org` for all below one); any when empty.
    body_bytes_max
        Largest request body.
    upload_bytes_max
        Largest body of the routes that take files (rosters, scenarios).
    header_seconds_max, body_seconds_max
        How long a client may take to send its headers, and then each piece of its body.
    address_rate, key_rate, user_rate
        Requests that one address, one API key and one user may send.
    login_rate
        Log-ins, sign-ups and refreshes that one address may try.
    sign_up_rate
        Users that one address may make of itself; a whole class may sit behind one.
    limited
        Whether those rates are held; a measurement may want them off.
    log_requests
        Whether every request gets a line of log, rather than failures alone.
    behind_seconds_max
        How far behind the exchange its views may be before the server says that it is not ready.
    sockets_per_user
        WebSockets of one kind that one user may have open.
    sockets_per_address
        WebSockets of one address that have not said who they are.
    docs
        Whether `/docs` and `/openapi.json` are served.
    """

    data: Path
    scenarios: Path | None = None
    secure: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    body_bytes_max: int = 1 << 20
    upload_bytes_max: int = 16 << 20
    header_seconds_max: float = 10.0
    body_seconds_max: float = 20.0
    address_rate: Rate = field(default_factory=lambda: Rate(5000.0, 10000.0))
    key_rate: Rate = field(default_factory=lambda: Rate(200.0, 600.0))
    user_rate: Rate = field(default_factory=lambda: Rate(200.0, 600.0))
    login_rate: Rate = field(default_factory=lambda: Rate(5.0, 300.0))
    sign_up_rate: Rate = field(default_factory=lambda: Rate(0.1, 300.0))
    limited: bool = True
    log_requests: bool = False
    behind_seconds_max: float = 5.0
    sockets_per_user: int = USER_SOCKETS
    sockets_per_address: int = ADDRESS_SOCKETS
    docs: bool = True
