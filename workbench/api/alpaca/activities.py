"""What happened to an account's money, as Alpaca's activities: fills, fees, interest, dividends, grants."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from workbench.api.alpaca.amounts import money_text
from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.words import SIDE_WORDS
from workbench.domain.calendars import local_time, wall_ns
from workbench.domain.codes import Reason
from workbench.projections.live.account import Fill
from workbench.projections.live.market import Bust

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.projections.live.account import CashChange, LiveAccount
    from workbench.projections.live.views import LiveViews

FILL: Final = "FILL"
FEE: Final = "FEE"
_BUST: Final = "trade_bust"
_OF_REASON: Final = {
    Reason.DEPOSIT: ("JNLC", "cash from the instructor"),
    Reason.WITHDRAWAL: ("JNLC", "cash to the instructor"),
    Reason.FINE: ("FEE", "fine"),
    Reason.DIVIDEND: ("DIV", "dividend"),
    Reason.BORROW_COST: ("INT", "cost of borrowed shares"),
    Reason.INTEREST: ("INT", "interest"),
    Reason.CASH_IN_LIEU: ("CIL", "cash in lieu of fractions"),
}
_OTHER: Final = ("NC", "cash")
_NODE: Final = 0x5E550000


class Activity(NamedTuple):
    """One activity, not yet written: the event it is made of and what kind it is."""

    seq: int
    part: int
    time_ns: int
    kind: str
    source: Fill | CashChange
    bust: bool = False


def _of_fill(fill: Fill) -> Iterator[Activity]:
    yield Activity(fill.seq, 0, fill.time_ns, FILL, fill)
    if fill.fee_micros:
        yield Activity(fill.seq, 1, fill.time_ns, FEE, fill)


def _of_bust(fills: Iterable[Fill], bust: Bust) -> Iterator[Activity]:
    """A trade with oneself has two fills."""
    for place, fill in enumerate(fills):
        yield Activity(bust.seq, 2 * place, bust.time_ns, FILL, fill, bust=True)
        if fill.fee_micros:
            yield Activity(bust.seq, 2 * place + 1, bust.time_ns, FEE, fill, bust=True)


def all_activities(account: LiveAccount, views: LiveViews) -> Iterable[Activity]:
    """Everything of an account, oldest first; a fill's commission and its return are FEEs of their own."""
    fills = (activity for fill in account.fills for activity in _of_fill(fill))
    cash = (
        Activity(change.seq, 0, change.time_ns, _OF_REASON.get(change.reason, _OTHER)[0], change)
        for change in account.cash_changes
    )
    busts = (
        activity
        for bust in views.busts.values()
        if account.number in (bust.account, bust.maker_account)
        for activity in _of_bust(views.busted_fills(account.number, bust), bust)
    )
    return heapq.merge(fills, cash, busts)


class ActivityWriter:
    """Writes one account's activities.

    Parameters
    ----------
    names
        The session's names.
    busts
        The trades that were undone, by number.
    account
        Whose.
    zone
        Time zone of the exchange's days.
    payment_reason
        Gives why a command moved money; nothing where nobody said.
    """

    def __init__(
        self,
        names: Names,
        busts: Mapping[int, Bust],
        account: LiveAccount,
        zone: str,
        payment_reason: Callable[[int], str],
    ) -> None:
        self._names = names
        self._busts = busts
        self._account = account
        self._account_id = names.account_id(account.number)
        self._zone = zone
        self._payment_reason = payment_reason

    def identifier(self, activity: Activity) -> str:
        """`YYYYMMDDHHMMSSmmm::<uuid>`; the uuid holds the event's number, so a page can go on from it."""
        shown = local_time(activity.time_ns, "UTC")
        number = (self._account.number << 96) | (_NODE << 64) | (activity.part << 62) | activity.seq
        return f"{shown:%Y%m%d%H%M%S}{shown.microsecond // 1000:03d}::{UUID(int=number)}"

    def write(self, activity: Activity) -> dict[str, Any]:
        """One activity."""
        common = {
            "id": self.identifier(activity),
            "account_id": self._account_id,
            "activity_type": activity.kind,
            "seq": activity.seq,
        }
        source = activity.source
        if activity.kind == FILL and isinstance(source, Fill):
            return {**common, **(self._bust(activity, source) if activity.bust else self._fill(source))}
        day = local_time(activity.time_ns, self._zone).date().isoformat()
        rest: dict[str, Any] = {
            "date": day,
            "status": "executed",
            "created_at": moment_text(activity.time_ns),
        }
        number = source.instrument
        if number >= 0:
            rest["symbol"] = self._names.symbols[number]
        if isinstance(source, Fill):
            rest["net_amount"] = money_text(source.fee_micros if activity.bust else -source.fee_micros)
            what = "returned commission" if activity.bust else "commission"
            rest["description"] = f"{what} of order {self._names.order_id(source.order_id)}"
            return {**common, **rest}
        rest["net_amount"] = money_text(source.amount_micros)
        why = self._payment_reason(source.command_seq)
        kind = _OF_REASON.get(source.reason, _OTHER)[1]
        rest["description"] = f"{kind}: {why}" if why else kind
        if source.reason == Reason.DIVIDEND and source.position_lots:
            scale = self._names.scales[number]
            rest["qty"] = scale.quantity_text(source.position_lots)
            rest["per_share_amount"] = (
                f"{source.amount_micros / 1e6 / scale.quantity_number(source.position_lots):g}"
            )
        return {**common, **rest}

    def _fill(self, fill: Fill) -> dict[str, Any]:
        scale = self._names.scales[fill.instrument]
        filled = fill.leaves_lots == 0
        return {
            "transaction_time": moment_text(fill.time_ns),
            "type": "fill" if filled else "partial_fill",
            "price": scale.price_text(fill.price_ticks),
            "qty": scale.quantity_text(fill.quantity_lots),
            "side": SIDE_WORDS[fill.side],  # type: ignore[index] # an IntEnum's key is its number
            "symbol": self._names.symbols[fill.instrument],
            "leaves_qty": scale.quantity_text(fill.leaves_lots),
            "order_id": self._names.order_id(fill.order_id),
            "cum_qty": scale.quantity_text(fill.executed_lots),
            "order_status": "filled" if filled else "partially_filled",
            **({"busted": True} if fill.trade_id in self._busts else {}),
        }

    def _bust(self, activity: Activity, fill: Fill) -> dict[str, Any]:
        of_fill = Activity(fill.seq, 0, fill.time_ns, FILL, fill)
        return {
            **self._fill(fill),
            "transaction_time": moment_text(activity.time_ns),
            "type": _BUST,
            "previous_id": self.identifier(of_fill),
        }


def position_of(identifier: str) -> tuple[int, int]:
    """Event and part of an activity's id, which is the page token; 422 for what is none."""
    try:
        number = UUID(identifier.rpartition("::")[2]).int
    except ValueError:
        raise invalid(f"page_token {identifier[:80]!r} is no id of an activity") from None
    return number & ((1 << 62) - 1), number >> 62 & 3


def day_bounds_ns(day: date, zone: str) -> tuple[int, int]:
    """When a day of the exchange begins and ends."""
    return wall_ns(day, "00:00", zone), wall_ns(day + timedelta(days=1), "00:00", zone)
