"""One-time tickets: what a browser opens a WebSocket with, for it cannot send a header there."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable

from msgspec import structs

from workbench.errors import AuthError
from workbench.identity.principal import Principal, Revoked

_SECOND_NS = 1_000_000_000


class Tickets:
    """Tickets of this process: each is good once, for some seconds, for one principal.

    Parameters
    ----------
    now_ns
        The clock.
    life_s
        How long a ticket is good.
    tickets_max
        How many are kept; beyond it the oldest are void.
    """

    def __init__(self, now_ns: Callable[[], int], *, life_s: float, tickets_max: int) -> None:
        self._now_ns = now_ns
        self._life_ns = int(life_s * _SECOND_NS)
        self._tickets_max = tickets_max
        # All live equally long, so the first is always the first to expire.
        self._tickets: OrderedDict[str, tuple[Principal, int]] = OrderedDict()

    def make(self, principal: Principal) -> str:
        """Ticket of a principal."""
        now_ns = self._now_ns()
        while self._tickets:
            _, expires_ns = next(iter(self._tickets.values()))
            if expires_ns > now_ns and len(self._tickets) < self._tickets_max:
                break
            self._tickets.popitem(last=False)
        text = secrets.token_urlsafe(32)
        self._tickets[_hash_of(text)] = (
            structs.replace(principal, kind="ticket"),
            now_ns + self._life_ns,
        )
        return text

    def take(self, text: str) -> Principal:
        """Principal of a ticket, which is void from now on."""
        principal, expires_ns = self._tickets.pop(_hash_of(text), (None, 0))
        if principal is None:
            raise AuthError("bad_credentials", "this ticket is unknown or was used", remedy="get a new one")
        if self._now_ns() >= expires_ns:
            raise AuthError("expired", "this ticket has expired", remedy="get a new one")
        return principal

    def void(self, revoked: Revoked) -> None:
        """Void the tickets of what was revoked."""
        for text, (principal, _) in tuple(self._tickets.items()):
            if revoked.matches(principal):
                self._tickets.pop(text, None)

    def __len__(self) -> int:
        return len(self._tickets)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
