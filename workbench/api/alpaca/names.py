"""What one session's numbers are called in Alpaca's world: ids, symbols, classes and written amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from workbench.api.alpaca.amounts import Scale
from workbench.api.alpaca.errors import not_found
from workbench.session.live.order_ids import account_uuid, asset_uuid, order_number, order_uuid

if TYPE_CHECKING:
    from workbench.session.live.session import LiveSession

EQUITY = "us_equity"
CRYPTO = "crypto"
CRYPTO_EXCHANGE = "CRYPTO"
NO_EXCHANGE = ""
"""Clients refuse exchanges they do not know, and this one is none of theirs."""
_UUID_LENGTH = 36


class Names:
    """Names of one session's orders, accounts and instruments.

    Attributes
    ----------
    scales, symbols, asset_ids, asset_classes, exchanges
        By instrument number.
    """

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        instruments = session.venue.instruments
        self.scales = [Scale(instrument) for instrument in instruments]
        self.symbols = [instrument.symbol for instrument in instruments]
        self.asset_ids = [str(asset_uuid(symbol)) for symbol in self.symbols]
        # What is written as a pair is a currency or a coin; Alpaca lists those as crypto.
        self.asset_classes = [CRYPTO if "/" in symbol else EQUITY for symbol in self.symbols]
        self.exchanges = [CRYPTO_EXCHANGE if kind == CRYPTO else NO_EXCHANGE for kind in self.asset_classes]
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        for number, symbol in enumerate(self.symbols):
            for other in (self.asset_ids[number], symbol.upper(), symbol.replace("/", "").upper()):
                self._numbers.setdefault(other, number)
        self._order_ids: dict[int, str] = {}

    def find(self, given: str) -> int | None:
        """The instrument called so: by its symbol in any case, with or without its slash, or by its id."""
        number = self._numbers.get(given)
        return self._numbers.get(given.upper()) if number is None else number

    def number(self, given: str) -> int:
        """The same; 404 for what is not traded here."""
        number = self.find(given)
        if number is None:
            # Ids are written in lower case, whatever a client makes of them.
            number = self._numbers.get(given.lower()) if len(given) == _UUID_LENGTH else None
        if number is None:
            raise not_found(f"asset {given[:80]!r} not found")
        return number

    def order_id(self, order_id: int) -> str:
        """An order's id as text; the same one always gets the same."""
        text = self._order_ids.get(order_id)
        if text is None:
            text = self._order_ids[order_id] = str(order_uuid(self.session.identity, order_id))
        return text

    def order_number(self, given: str) -> int | None:
        """The exchange's number of an order's id; None for what is none of this session's."""
        try:
            return order_number(self.session.identity, UUID(given))
        except ValueError:
            return None

    def account_id(self, account: int) -> str:
        """An account's id."""
        return str(account_uuid(self.session.identity, account))
