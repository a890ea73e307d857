"""Orders of a strategy over the API: each sent once, whatever becomes of the connection."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from workbench.client.market import SessionClient
from workbench.client.models import Order
from workbench.domain.codes import Side
from workbench.domain.instruments import Instrument
from workbench.domain.units import MICROS
from workbench.errors import ApiError
from workbench.studies.client_tape import ClientTape, Own
from workbench.studies.following import Follower, side_of
from workbench.studies.news import Action, Fill
from workbench.studies.outage import AWAY_SECONDS, patiently

_DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
_ENDS = ("canceled", "expired", "rejected")
_FILLS = ("partially_filled", "filled")
_NO_LOG_IN = (401, 403)


class ClientOrders:
    """One strategy's orders in one session.

    Parameters
    ----------
    market
        Where they go.
    instrument
        What they trade.
    follower, tape
        Who asks for them and is told of them, and in what units.

    Attributes
    ----------
    name
        What its orders' client ids begin with.
    away_s
        How long a server may be away.
    """

    def __init__(
        self, market: SessionClient, instrument: Instrument, follower: Follower, tape: ClientTape
    ) -> None:
        self._market = market
        self._instrument = instrument
        self._follower = follower
        self._tape = tape
        # Ids of an earlier run are others: the wall's time does not go back.
        self.name = f"study-{time.time_ns():x}"
        self.away_s = AWAY_SECONDS
        self._numbers: dict[int, int] = {}

    def send(self) -> None:
        """Send what was asked for."""
        while requests := self._follower.take_requests():
            for action, number, lots, ticks, post_only in requests:
                try:
                    if action == Action.CANCEL:
                        patiently(partial(self._market.cancel, self._called(number)), self.away_s)
                    else:
                        self._place(action, number, lots, ticks, post_only=post_only)
                except ApiError as error:
                    if error.status in _NO_LOG_IN or error.status >= 500:  # noqa: PLR2004 - the server's own
                        raise
                    if action != Action.CANCEL:
                        why = str(error.details.get("reason") or error.code)
                        self._follower.ended(self._follower.desk.time_ns, number, why)

    def tell(self, own: Own) -> None:
        """Tell the strategy of an event of one of its orders; those of others are left out."""
        row = own.row
        name = row.get("client_order_id", "")
        if name.startswith(f"{self.name}-"):
            self._numbers[row["id"]] = int(name.rpartition("-")[2])
        number = self._numbers.get(row["id"])
        working = self._follower.desk.working
        if number is None or number not in working:
            return
        if row["event"] in _FILLS:
            self._follower.filled(self._fill(own.time_ns, number, working[number].side, row))
        elif row["event"] in _ENDS:
            why = row["reason"] if row["event"] == "rejected" else ""
            self._follower.ended(own.time_ns, number, why)

    def leave(self) -> None:
        """Cancel what may still trade, now or not at all."""
        self.away_s = 0.0
        self.cancel_all()

    def cancel_all(self) -> None:
        """Cancel what may still trade."""
        for number in list(self._follower.desk.working):
            self._follower.desk.cancel(number)
        self.send()

    def untold(self) -> list[int]:
        """Orders of which the server knows more than the strategy."""
        return [number for number in list(self._follower.desk.working) if not self._is_told(number)]

    def _is_told(self, number: int) -> bool:
        try:
            order = patiently(lambda: self._market.order(self._called(number)))
        except ApiError as error:
            if error.code == "unknown_order":
                # It was asked for when the market was over already, and never sent.
                return True
            raise
        return (
            order.is_open and self._tape.lots(order.leaves) == self._follower.desk.working[number].leaves_lots
        )

    def _place(self, action: int, number: int, lots: int, ticks: int, *, post_only: bool) -> None:
        terms: dict[str, Any] = {"post_only": True} if post_only else {}

        def once() -> Order:
            try:
                return self._market.place(
                    self._instrument.symbol,
                    side_of(action).name.lower(),
                    self._instrument.quantity_from_lots(lots),
                    limit=self._instrument.price_from_ticks(ticks) if ticks else None,
                    time_in_force="day" if ticks else "ioc",
                    client_order_id=f"{self.name}-{number}",
                    **terms,
                )
            except ApiError as error:
                if error.details.get("reason") != _DUPLICATE:
                    raise
                # It had arrived though no answer came before the server was gone.
                return self._market.order(self._called(number))

        self._numbers[patiently(once, self.away_s).id] = number

    def _called(self, number: int) -> str:
        return f"client:{self.name}-{number}"

    def _fill(self, time_ns: int, number: int, side: Side, row: Any) -> Fill:
        return Fill(
            time_ns,
            number,
            side,
            self._tape.ticks(row["last_price"]),
            self._tape.lots(row["last_quantity"]),
            self._tape.lots(row["leaves"]),
            round(row["fee"] * MICROS),
            bool(row["maker"]),
        )
