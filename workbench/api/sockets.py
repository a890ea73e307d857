"""The live connections of a server, so that a revocation reaches them and metrics count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from workbench.identity.principal import Principal


class Socket:
    """A live connection.

    Attributes
    ----------
    principal
        Whose; None until it has said so.
    kind
        What it is for, such as `native` or `alpaca-data`.
    close
        Ends it: called on the loop with a WebSocket close code and a sentence; must not block.
    """

    __slots__ = ("_sockets", "close", "kind", "principal")

    def __init__(
        self, sockets: Sockets, kind: str, principal: Principal | None, close: Callable[[int, str], None]
    ) -> None:
        self._sockets = sockets
        self.kind = kind
        self.principal = principal
        self.close = close

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *exception: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Take it off the list; doing so twice is fine."""
        self._sockets.discard(self)


class Sockets:
    """All live connections of a server; touched on its loop alone."""

    def __init__(self) -> None:
        self._open: set[Socket] = set()

    def enter(self, kind: str, principal: Principal | None, close: Callable[[int, str], None]) -> Socket:
        """Put a connection on the list; a context manager that takes it off again."""
        socket = Socket(self, kind, principal, close)
        self._open.add(socket)
        return socket

    def discard(self, socket: Socket) -> None:
        """Take a connection off the list."""
        self._open.discard(socket)

    def close_where(self, revoked: Callable[[Principal], bool], code: int, sentence: str) -> int:
        """End the connections of principals that `revoked` is true of; how many those were."""
        chosen = [s for s in self._open if s.principal is not None and revoked(s.principal)]
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

    def __iter__(self) -> Iterator[Socket]:
        return iter(list(self._open))

    def __len__(self) -> int:
        return len(self._open)
