"""The live connections of a server: how many there may be, so that a revocation reaches them, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from workbench.errors import ApiError
from workbench.identity.principal import Principal

USER_SOCKETS = 32
"""Connections of one kind that one user may have open."""
ADDRESS_SOCKETS = 1_000
"""Connections of one address that have not said who they are: a whole class may come from behind one."""


class Socket:
    """A live connection.

    Attributes
    ----------
    principal
        Whose; None until it has said so.
    session
        The session that it shows; empty until that is known.
    kind
        What it is for, such as `native` or `alpaca-data`.
    close
        Ends it: called on the loop with a WebSocket close code and a sentence; must not block.
    """

    __slots__ = ("_address", "_sockets", "close", "kind", "principal", "session")

    def __init__(self, sockets: Sockets, kind: str, address: str, close: Callable[[int, str], None]) -> None:
        self._sockets = sockets
        self._address = address
        self.kind = kind
        self.principal: Principal | None = None
        self.session = ""
        self.close = close

    def know(self, principal: Principal) -> None:
        """Whose it is, from now on.

        Raises
        ------
        ApiError
            429 when they have too many of this kind; it then stays nobody's.
        """
        if self.principal is None or self.principal.user_id != principal.user_id:
            self._sockets.claim(self, principal)
        self.principal = principal

    def forget(self) -> None:
        """It is nobody's again: whoever it was said to be is not let in."""
        if self.principal is not None:
            self._sockets.disclaim(self)
            self.principal = None

    @property
    def address(self) -> str:
        """Where it came from."""
        return self._address

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *exception: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Take it off the list; doing so twice is fine."""
        self._sockets.discard(self)


class Sockets:
    """All live connections of a server; touched on its loop alone.

    Attributes
    ----------
    refused
        How many were refused, by reason: `address` or `user`.
    """

    def __init__(self, *, user_max: int = USER_SOCKETS, address_max: int = ADDRESS_SOCKETS) -> None:
        self.refused: Counter[str] = Counter(address=0, user=0)
        self._user_max = user_max
        self._address_max = address_max
        self._open: set[Socket] = set()
        self._unknown: Counter[str] = Counter()
        self._users: Counter[tuple[str, str]] = Counter()

    def enter(
        self,
        kind: str,
        principal: Principal | None,
        close: Callable[[int, str], None],
        *,
        address: str = "",
        session: str = "",
    ) -> Socket:
        """Put a connection on the list; a context manager that takes it off again.

        Parameters
        ----------
        kind, principal, close, session
            As `Socket` has them.
        address
            Where it comes from.

        Raises
        ------
        ApiError
            429 when its user has too many of this kind, or, while it is nobody's, its address has.
        """
        if principal is None and self._unknown[address] >= self._address_max:
            self.refused["address"] += 1
            raise _too_many(
                f"this address has {self._address_max:,} connections that have not said who they are; "
                "log in with those, or close some"
            )
        socket = Socket(self, kind, address, close)
        socket.session = session
        self._unknown[address] += 1
        if principal is not None:
            try:
                socket.know(principal)
            except ApiError:
                self._count(self._unknown, address)
                raise
        self._open.add(socket)
        return socket

    def claim(self, socket: Socket, principal: Principal) -> None:
        """Count a connection as somebody's; see `Socket.know`."""
        key = (principal.user_id, socket.kind)
        if self._users[key] >= self._user_max:
            self.refused["user"] += 1
            raise _too_many(f"a user has at most {self._user_max} connections of this kind; close one")
        self._users[key] += 1
        if socket.principal is None:
            self._count(self._unknown, socket.address)
        else:
            self._count(self._users, (socket.principal.user_id, socket.kind))

    def disclaim(self, socket: Socket) -> None:
        """Count a connection as nobody's again; see `Socket.forget`."""
        assert socket.principal is not None
        self._count(self._users, (socket.principal.user_id, socket.kind))
        self._unknown[socket.address] += 1

    def discard(self, socket: Socket) -> None:
        """Take a connection off the list."""
        if socket in self._open:
            self._open.remove(socket)
            if socket.principal is None:
                self._count(self._unknown, socket.address)
            else:
                self._count(self._users, (socket.principal.user_id, socket.kind))

    @staticmethod
    def _count(counter: Counter[Any], key: Any) -> None:
        """One fewer; a counter of whoever was ever here would grow for ever."""
        counter[key] -= 1
        if counter[key] <= 0:
            del counter[key]

    def close_where(self, ends: Callable[[Socket], bool], code: int, sentence: str) -> int:
        """End the connections of somebody that `ends` is true of; how many those were."""
        chosen = [socket for socket in self._open if socket.principal is not None and ends(socket)]
        for socket in chosen:
            socket.close(code, sentence)
        return len(chosen)

    def close_all(self, code: int, sentence: str) -> None:
        """End all of them."""
        for socket in list(self._open):
            socket.close(code, sentence)

    def counts(self) -> Counter[str]:
        """How many there are, by kind."""
        return Counter(socket.kind for socket in self._open)

    @property
    def unknown(self) -> int:
        """How many have not said whose they are."""
        return self._unknown.total()

    def __iter__(self) -> Iterator[Socket]:
        return iter(list(self._open))

    def __len__(self) -> int:
        return len(self._open)


def _too_many(sentence: str) -> ApiError:
    return ApiError(429, "too_many_connections", sentence, headers={"Retry-After": "5"})
