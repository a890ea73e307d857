"""Phrases of what happens to instruments and accounts: auctions, phases, cash, margin, splits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from workbench.domain.codes import FeeKind, LimitKind, Phase, Reason
from workbench.domain.costs import RATES
from workbench.domain.limits import MONEY_LIMITS
from workbench.domain.units import MICROS
from workbench.engine.words import Told, code_word

_PHASES = {
    Phase.CONTINUOUS: "trades continuously now",
    Phase.CLOSED: "closed",
    Phase.PRE_OPEN: "collects orders before the opening",
    Phase.OPENING_AUCTION: "enters its opening auction",
    Phase.CLOSING_AUCTION: "enters its closing auction",
    Phase.REOPENING_AUCTION: "enters its reopening auction",
    Phase.HALTED: "halted",
}


def _phase(told: Told) -> str:
    phase = told.event["phase"]
    name = _PHASES[Phase(phase)] if phase in _PHASES else code_word(phase, Phase)
    return f"{name}{_by(told)}{_next(told, ', then ')}"


def _by(told: Told) -> str:
    why = told.event["reason"]
    if why == Reason.NONE:
        return " by instructor"
    return {
        Reason.SCHEDULED: " as scheduled",
        Reason.LIMIT_UP_DOWN: ": a price limit was reached"
        if told.event["phase"] == Phase.REOPENING_AUCTION
        else " after the price limit pause",
    }.get(Reason(why), f": {code_word(why, Reason)}")


def _next(told: Told, before: str = "") -> str:
    event = told.event
    if not event["next_phase_time_ns"]:
        return ""
    return f"{before}{code_word(event['next_phase'], Phase)} at {told['next_phase_time']}"


def _scheduled(told: Told) -> str:
    return _next(told) or "no change of phase is scheduled"


def _limits(told: Told) -> str:
    event = told.event
    if not event["limit_up_ticks"]:
        return "no price limits"
    return f"price limits {told['limit_down']} to {told['limit_up']}, around {told['reference']}"


def _collar(told: Told) -> str:
    if not told.event["limit_up_ticks"]:
        return "at any price"
    return f"from {told['limit_down']} to {told['limit_up']} only"


def _shorts(told: Told) -> str:
    return "only above the best bid" if told.event["short_sales_restricted"] else "at any price again"


def _auction(told: Told) -> str:
    return told.words.auctions.get(told.event["seq"], "auction")


def _crossed(told: Told) -> str:
    """Volume and price of an auction, and what is left over."""
    event = told.event
    if not event["price_ticks"]:
        wanted, offered = (told.number(f"{name}_lots", "lots") for name in ("wanted", "offered"))
        return f"nothing: no price at which orders meet ({wanted} wanted and {offered} offered at any price)"
    return f"{told['paired']} at {told['price']}, {_imbalance(told)}"


def _imbalance(told: Told) -> str:
    lots = told.event["imbalance_lots"]
    if not lots:
        return "no imbalance"
    much = told.words.quantity(abs(lots), told.event["instrument"])
    return f"imbalance {much} to {'buy' if lots > 0 else 'sell'}"


def _cash(told: Told) -> str:
    event, words = told.event, told.words
    did = "receives" if event["amount_micros"] > 0 else "pays"
    amount = words.money(abs(event["amount_micros"]))
    return f"{did} {amount}: {_for_what(told)}; cash {told['cash']}"


def _for_what(told: Told) -> str:
    event, words = told.event, told.words
    reason = Reason(event["reason"]) if event["reason"] in set(Reason) else Reason.NONE
    instrument = words.instrument(event["instrument"])
    lots = words.quantity(abs(event["position_lots"]), event["instrument"])
    short = "short " if event["position_lots"] < 0 else ""
    many = f"{event['periods']:,} interval{'' if event['periods'] == 1 else 's'}"
    if reason == Reason.DIVIDEND:
        size = Decimal(1) if instrument is None else instrument.quantity_from_lots(1)
        each = (Decimal(event["rate"]) / MICROS / size).normalize()
        return f"dividend of {each:f} on {short}{lots} {told['symbol']}"
    if reason == Reason.BORROW_COST:
        rate = words.share(event["rate"])
        return f"borrowing {lots} {told['symbol']} at {rate} a year of {told['price']} each, {many}"
    if reason == Reason.INTEREST:
        return f"interest at {words.share(event['rate'])} a year, {many}"
    if reason == Reason.CASH_IN_LIEU:
        return f"the fraction of a lot that the split of {told['symbol']} left"
    return code_word(event["reason"], Reason)


def _suspended(told: Told) -> str:
    event = told.event
    lost = f"{told.number('value', 'micros')}, and may lose {told.number('limit', 'micros')}"
    why = {
        Reason.DAILY_LOSS: f": it has lost {lost} in a day",
        Reason.DRAWDOWN: f": it has lost {lost} from its peak",
    }
    return why.get(event["reason"], "") if event["value"] else ""  # type: ignore[call-overload]


def _breached(told: Told) -> str:
    event = told.event
    groups = told.words.venue.exposure_groups
    known = 0 <= event["group"] < len(groups)
    group = groups[event["group"]].name if known else f"{event['group']}"
    which = "net" if event["reason"] == Reason.NET_EXPOSURE else "gross"
    return (
        f"{which} exposure to {group} could reach {event['value']:,} weighted lots, above {event['limit']:,}"
    )


_LIMITS = {
    LimitKind.MAX_ORDER_LOTS: "largest order",
    LimitKind.MAX_ORDER_NOTIONAL: "largest order value",
    LimitKind.POSITION_LIMIT_LOTS: "position limit",
    LimitKind.MAX_OPEN_ORDERS: "number of open orders",
    LimitKind.ORDERS_PER_SECOND: "number of orders a second",
    LimitKind.ORDER_BURST: "number of orders at once",
    LimitKind.MAX_DAILY_LOSS: "loss in a day",
    LimitKind.MAX_DRAWDOWN: "drawdown",
}


def _limit_name(told: Told) -> str:
    kind = told.event["limit_kind"]
    return _LIMITS[LimitKind(kind)] if kind in _LIMITS else code_word(kind, LimitKind)


def _limit_now(told: Told) -> str:
    """The new limit, and what it was if that is another."""
    event = told.event
    now, before = (_limit_value(told, event[name]) for name in ("value", "previous_value"))
    return now if now == before else f"{now} now (it was {before})"


def _limit_value(told: Told, value: int) -> str:
    kind = told.event["limit_kind"]
    if not value:
        return "not limited"
    if kind in MONEY_LIMITS:
        return f"at most {told.words.money(value)}"
    lots = " lots" if kind in (LimitKind.MAX_ORDER_LOTS, LimitKind.POSITION_LIMIT_LOTS) else ""
    return f"at most {value:,}{lots}"


_FEES = {
    FeeKind.MAKER_PER_LOT: "maker fee per lot",
    FeeKind.TAKER_PER_LOT: "taker fee per lot",
    FeeKind.MAKER_BPS: "maker fee",
    FeeKind.TAKER_BPS: "taker fee",
    FeeKind.PER_ORDER: "fee per order",
    FeeKind.MINIMUM_PER_ORDER: "least fee of an order",
    FeeKind.CAP_BPS: "highest fee of an order",
}


def _fee_name(told: Told) -> str:
    kind = told.event["fee_kind"]
    return _FEES[FeeKind(kind)] if kind in _FEES else code_word(kind, FeeKind)


def _fee_now(told: Told) -> str:
    """The new fee, and what it was if that is another."""
    event = told.event
    now, before = (_fee_value(told, event[name]) for name in ("value", "previous_value"))
    return now if now == before else f"{now} now (it was {before})"


def _fee_value(told: Told, value: int) -> str:
    if told.event["fee_kind"] not in RATES:
        return f"{(Decimal(value) / MICROS).normalize():f}"
    return f"{(Decimal(value) / 100).normalize():f} bps"


def _watched(told: Told) -> str:
    return f", measured from equity {told['equity']}" if told.event["equity_micros"] else ""


def _about(told: Told) -> str:
    return "" if told.event["instrument"] == -1 else f" about {told['symbol']}"


def _band(told: Told) -> str:
    return f"{told['band_low']} to {told['band_high']}"


PHRASES: dict[str, Callable[[Told], str]] = {
    "changed_phase": _phase,
    "scheduled": _scheduled,
    "limits": _limits,
    "collar": _collar,
    "shorts": _shorts,
    "auction": _auction,
    "crossed": _crossed,
    "cash_change": _cash,
    "suspended": _suspended,
    "breached": _breached,
    "unrealised": lambda told: told.number("value", "micros"),
    "band": _band,
    "limit_name": _limit_name,
    "limit_now": _limit_now,
    "watched": _watched,
    "fee_name": _fee_name,
    "fee_now": _fee_now,
    "session_now": lambda told: told.words.session(told.event["session_state"]),
    "session_before": lambda told: told.words.session(told.event["previous_state"]),
    "about": _about,
}
"""Parts of sentences about instruments and accounts."""
