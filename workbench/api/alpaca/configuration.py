"""What the owner of an account set for it, and what an instructor locked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workbench.api.alpaca.errors import forbidden, invalid, malformed

if TYPE_CHECKING:
    from workbench.api.alpaca.store import Store

KIND: Final = "configuration"
LOCKS: Final = "configuration-locks"
_CHOICES: Final = {
    "dtbp_check": ("both", "entry", "exit"),
    "pdt_check": ("both", "entry", "exit"),
    "trade_confirm_email": ("all", "none"),
}
_MOST_MULTIPLIER: Final = Decimal(4)
_MOST_OPTIONS_LEVEL: Final = 3


class Configuration(msgspec.Struct, frozen=True):
    """An account's configuration. `suspend_trade` and `no_shorting` are enforced; the others are kept."""

    dtbp_check: str = "entry"
    fractional_trading: bool = True
    max_margin_multiplier: str = "4"
    max_options_trading_level: int = 0
    no_shorting: bool = False
    pdt_check: str = "entry"
    ptp_no_exception_entry: bool = False
    suspend_trade: bool = False
    trade_confirm_email: str = "all"


class _Changes(msgspec.Struct):
    dtbp_check: str | None = None
    fractional_trading: bool | None = None
    max_margin_multiplier: Decimal | None = None
    max_options_trading_level: int | None = None
    no_shorting: bool | None = None
    pdt_check: str | None = None
    ptp_no_exception_entry: bool | None = None
    suspend_trade: bool | None = None
    trade_confirm_email: str | None = None


_CHANGES = msgspec.json.Decoder(_Changes, strict=False)


def read_changes(body: bytes) -> dict[str, Any]:
    """The fields that a body gives a value; nulls, which clients send for what they leave alone, are not.

    >>> read_changes(b'{"no_shorting": "True", "pdt_check": null, "max_margin_multiplier": 2}')
    {'max_margin_multiplier': '2', 'no_shorting': True}
    """
    try:
        given = msgspec.structs.asdict(_CHANGES.decode(body))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as reason:
        raise malformed(f"request body format is invalid: {reason}") from None
    changes = {name: value for name, value in given.items() if value is not None}
    for name, known in _CHOICES.items():
        if name in changes and changes[name] not in known:
            raise invalid(f"{name} {changes[name]!r} is unknown: expected one of {', '.join(known)}")
    if "max_margin_multiplier" in changes:
        multiplier = changes["max_margin_multiplier"]
        if not (multiplier.is_finite() and 1 <= multiplier <= _MOST_MULTIPLIER):
            raise invalid(f"max_margin_multiplier must be from 1 to 4, not {multiplier}")
        changes["max_margin_multiplier"] = format(multiplier.normalize(), "f")
    if not 0 <= changes.get("max_options_trading_level", 0) <= _MOST_OPTIONS_LEVEL:
        raise invalid("max_options_trading_level must be from 0 to 3")
    return changes


class Configurations:
    """Everybody's configurations, by user and session.

    Parameters
    ----------
    store
        Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, session: str, user: str) -> Configuration:
        """What counts for a user: what they set, and over it what is locked."""
        own = (await self._store.all(user, KIND)).get(session, {})
        return msgspec.convert({**own, **await self.locks(session, user)}, Configuration)

    async def locks(self, session: str, user: str) -> dict[str, Any]:
        """Fields that an instructor locked, with their values: for everybody, and for this user."""
        locks = await self._store.all(session, LOCKS)
        everybody: dict[str, Any] = locks.get("", {})
        return {**everybody, **locks.get(user, {})}

    async def change(self, session: str, user: str, changes: dict[str, Any]) -> Configuration:
        """Set some fields.

        Raises
        ------
        AlpacaError
            403 when a locked field would change.
        """
        locks = await self.locks(session, user)
        for name, value in locks.items():
            if name in changes and changes[name] != value:
                raise forbidden(f"{name} is locked to {value} by the instructor")
        own = (await self._store.all(user, KIND)).get(session, {})
        await self._store.put(user, KIND, session, {**own, **changes})
        return await self.of(session, user)

    async def lock(self, session: str, user: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Lock fields to values for a user, with an empty `user` for everybody; earlier locks are lifted."""
        if fields:
            await self._store.put(session, LOCKS, user, fields)
        else:
            await self._store.remove(session, LOCKS, user)
        return fields
