"""Ids for the world outside: UUIDs (RFC 9562, version 8) that say what they name, without a table.

An id is a tag of 58 bits, a hash of the session's identity and of what kind of thing it names, and the
thing's number in 64 bits. So an id of another session, or of another kind of thing, is recognised as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

_TAG_BITS = 58
_NUMBER_BITS = 64
_NUMBER_MASK = (1 << _NUMBER_BITS) - 1
# Of the 122 bits of a version 8 UUID that are free, 48 come before the version, 12 and 62 after it.
_HIGH_SHIFT, _MIDDLE_SHIFT = 74, 62
_MIDDLE_MASK, _LOW_MASK = (1 << 12) - 1, (1 << 62) - 1
_VERSION, _VARIANT = 0x8 << 76, 0b10 << 62


def order_uuid(identity: bytes, order_id: int) -> UUID:
    """The id of an order of the session with this identity.

    >>> order_uuid(bytes(16), 7) == order_uuid(bytes(16), 7) != order_uuid(bytes(16), 8)
    True
    >>> order_number(bytes(16), order_uuid(bytes(16), 7))
    7
    """
    return _uuid(_tag(identity, b"order"), order_id)


def order_number(identity: bytes, given: UUID) -> int | None:
    """The order that an id names; None when it is no order's of this session."""
    return _number(_tag(identity, b"order"), given)


def execution_uuid(identity: bytes, seq: int) -> UUID:
    """The id of what event `seq` says of an order: a fill, or any other change."""
    return _uuid(_tag(identity, b"execution"), seq)


def execution_seq(identity: bytes, given: UUID) -> int | None:
    """The event that an execution's id names; None when it is none of this session."""
    return _number(_tag(identity, b"execution"), given)


def account_uuid(identity: bytes, account: int) -> UUID:
    """The id of an account of the session with this identity."""
    return _uuid(_tag(identity, b"account"), account)


def account_number(identity: bytes, given: UUID) -> int | None:
    """The account that an id names; None when it is none of this session."""
    return _number(_tag(identity, b"account"), given)


@lru_cache(maxsize=1 << 14)
def asset_uuid(symbol: str) -> UUID:
    """The id of an instrument: the same in every session, since people take it from one to the next."""
    digest = blake2b(symbol.encode(), digest_size=8, person=b"asset").digest()
    return _uuid(_tag(b"", b"asset"), int.from_bytes(digest, "big"))


def asset_symbol(given: UUID, symbols: Iterable[str]) -> str | None:
    """Which of some instruments an id names; None when it is none of these."""
    return next((symbol for symbol in symbols if asset_uuid(symbol) == given), None)


@lru_cache(maxsize=1 << 10)
def _tag(identity: bytes, kind: bytes) -> int:
    digest = blake2b(identity, digest_size=8, person=kind).digest()
    return int.from_bytes(digest, "big") >> (_NUMBER_BITS - _TAG_BITS)


def _uuid(tag: int, number: int) -> UUID:
    payload = tag << _NUMBER_BITS | number
    high = payload >> _HIGH_SHIFT << 80
    middle = (payload >> _MIDDLE_SHIFT & _MIDDLE_MASK) << 64
    return UUID(int=high | _VERSION | middle | _VARIANT | payload & _LOW_MASK)


def _number(tag: int, given: UUID) -> int | None:
    bits = given.int
    payload = bits >> 80 << _HIGH_SHIFT | (bits >> 64 & _MIDDLE_MASK) << _MIDDLE_SHIFT | bits & _LOW_MASK
    number = payload & _NUMBER_MASK
    # The version and variant bits must be right too, so that only one id names a thing.
    return number if payload >> _NUMBER_BITS == tag and _uuid(tag, number).int == bits else None
