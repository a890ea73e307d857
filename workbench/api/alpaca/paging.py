"""Page tokens: where the next page goes on, in a form that stays right while the session appends."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from workbench.api.alpaca.errors import invalid

_PARTS = 3
_MOST_LENGTH = 400


class PageToken(NamedTuple):
    """The last row that was sent: its symbol, its time, and its number among the symbol's rows.

    Examples
    --------
    >>> token = PageToken("AAPL", 1_000, 7)
    >>> PageToken.read(token.write()) == token
    True
    """

    symbol: str
    time_ns: int
    seq: int

    def write(self) -> str:
        """The token as text without meaning to the client."""
        return urlsafe_b64encode(f"{self.symbol}|{self.time_ns}|{self.seq}".encode()).decode("ascii")

    @classmethod
    def read(cls, text: str) -> PageToken:
        """The token that `write` made; 422 for any other text."""
        try:
            if len(text) > _MOST_LENGTH:
                return cls._refuse()
            parts = urlsafe_b64decode(text.encode("ascii")).decode().rsplit("|", _PARTS - 1)
            symbol, time_ns, seq = parts
            return cls(symbol, int(time_ns), int(seq))
        except ValueError:
            return cls._refuse()

    @staticmethod
    def _refuse() -> PageToken:
        raise invalid("page_token is none of ours: repeat the one from the last answer")
