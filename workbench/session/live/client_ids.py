"""Numbers for what people call their orders."""

from __future__ import annotations

from hashlib import blake2b

_LOWEST = 1 << 61
_BYTES = 8
_SPARE_BITS = 3


def client_order_number(text: str) -> int:
    """The client order id of an order that its owner calls `text`: 61 bits of its BLAKE2b above 2^61.

    It is never 0, below 2^62, and above the ids of agents and of history.

    >>> number = client_order_number("my order")
    >>> number == client_order_number("my order"), 1 << 61 <= number < 1 << 62
    (True, True)
    """
    digest = blake2b(text.encode(), digest_size=_BYTES).digest()
    return _LOWEST | (int.from_bytes(digest, "little") >> _SPARE_BITS)
