"""What two runs of one session came to, number by number: of each account, position and instrument."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.calendars import SECOND_NS
from workbench.domain.codes import EventKind, Reason, Side
from workbench.domain.config import FIRST_TRADER, RESERVED_NAMES, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import CASH_EVENT, Records
from workbench.session.impact import BASIS_POINTS, mids_of
from workbench.session.trace import Trace

Measured = dict[str, float | None]

_MONEY = Decimal("0.000001")


def account_names(venue: Venue) -> list[str]:
    """Names of all accounts by number."""
    return [*RESERVED_NAMES, *(account.name for account in venue.accounts)]


def accounts_frame(recorded: Trace, other: Trace) -> pl.DataFrame:
    """Profit, fees and orders of each account, one row for each number.

    `net` is what the account is worth at the marks at the end, less its cash at the start and what it was
    given since: realised (by average cost) plus unrealised less fees plus other money (dividends, interest,
    fines).
    """
    names = account_names(recorded.venue)
    pairs = [(_account(recorded, number), _account(other, number)) for number in range(len(names))]
    return _long({"account": names}, pairs)


def positions_frame(recorded: Trace, other: Trace) -> pl.DataFrame:
    """What each account did in each instrument and what it holds, one row for each number."""
    names = account_names(recorded.venue)
    instruments = recorded.venue.instruments
    keys: dict[str, list[str]] = {"account": [], "symbol": []}
    pairs = []
    traded = {
        (int(each["account"]), int(each["instrument"]))
        for trace in (recorded, other)
        for each in trace.positions
        if each["traded_lots"] or each["position_lots"]
    }
    for account, number in sorted(traded):
        keys["account"].append(names[account])
        keys["symbol"].append(instruments[number].symbol)
        pairs.append((_position(recorded, account, number), _position(other, account, number)))
    return _long(keys, pairs)


def instruments_frame(recorded: Trace, other: Trace) -> pl.DataFrame:
    """Prices, volume, spread and volatility of each instrument, one row for each number.

    `spread` is the ask less the bid, averaged over the time in which there were both; `volatility_bp` the
    root of the sum of squared logarithmic returns of the middle from second to second, in basis points. Both
    are taken up to the later of the runs' ends.
    """
    end_ns = max(recorded.end_ns, other.end_ns)
    instruments = recorded.venue.instruments
    symbols = [instrument.symbol for instrument in instruments]
    pairs = [
        (_instrument(recorded, number, each, end_ns), _instrument(other, number, each, end_ns))
        for number, each in enumerate(instruments)
    ]
    return _long({"symbol": symbols}, pairs)


def _long(keys: dict[str, list[str]], pairs: list[tuple[Measured, Measured]]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        name: [] for name in (*keys, "measure", "recorded", "what_if", "difference")
    }
    for at, (one, two) in enumerate(pairs):
        for measure, recorded in one.items():
            what_if = two[measure]
            for name, values in keys.items():
                columns[name].append(values[at])
            known = recorded is not None and what_if is not None
            columns["measure"].append(measure)
            columns["recorded"].append(recorded)
            columns["what_if"].append(what_if)
            columns["difference"].append(_less(recorded, what_if) if known else None)
    numbers = dict.fromkeys(("recorded", "what_if", "difference"), pl.Float64)
    schema = {**dict.fromkeys((*keys, "measure"), pl.String), **numbers}
    return pl.DataFrame(columns, schema=schema)


def _less(one: float | None, two: float | None) -> float:
    # Money and prices are decimals; their difference should print as one.
    assert one is not None
    assert two is not None
    return round(one - two, 9)


def _currency(micros: int) -> float:
    return float(Decimal(int(micros)) * _MONEY)


def _account(trace: Trace, account: int) -> Measured:
    if not len(trace.accounts):
        return {}
    positions = trace.positions[trace.positions["account"] == account]
    values = trace.position_values[trace.position_values["account"] == account]
    orders = trace.orders(*(kind for kind in EventKind if kind != EventKind.CASH_CHANGED))
    kinds = orders["kind"][orders["account"] == account]
    fills = trace.fills()
    realised, fees = (int(positions[name].sum()) for name in ("realised_average_micros", "fees_micros"))
    unrealised = int(values["unrealised_micros"].sum())
    worth = int(trace.worth["equity_micros"][account])
    net = worth - _given(trace, account)
    measured: Measured = {
        "net": _currency(net),
        "realised": _currency(realised),
        "unrealised": _currency(unrealised),
        "fees": _currency(fees),
        "other": _currency(net - realised - unrealised + fees),
    }
    if account < FIRST_TRADER:
        return measured
    counted = {
        "orders": (EventKind.ORDER_CREATED,),
        "fills": (),
        "rejected": (EventKind.ORDER_REJECTED,),
        "cancelled": (EventKind.ORDER_CANCELED,),
        "refused_changes": (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED),
    }
    for name, which in counted.items():
        measured[name] = float(np.isin(kinds, which).sum())
    measured["fills"] = float((fills["account"] == account).sum())
    return measured


def _given(trace: Trace, account: int) -> int:
    """Cash at the start and what came from outside since, in micros."""
    if account < FIRST_TRADER:
        return 0
    cash = trace.orders(EventKind.CASH_CHANGED).view(CASH_EVENT)
    outside = (cash["account"] == account) & np.isin(cash["reason"], (Reason.DEPOSIT, Reason.WITHDRAWAL))
    start = trace.venue.accounts[account - FIRST_TRADER].cash_micros
    return start + int(cash["amount_micros"][outside].sum())


def _position(trace: Trace, account: int, number: int) -> Measured:
    instrument = trace.venue.instruments[number]
    view = _row(trace.positions, account, number)
    value = _row(trace.position_values, account, number)
    fills = trace.fills()
    fills = fills[(fills["account"] == account) & (fills["instrument"] == number)]
    sides = {name: fills[fills["side"] == side] for name, side in (("buy", Side.BUY), ("sell", Side.SELL))}
    lots = 0 if view is None else int(view["position_lots"])
    realised = 0 if view is None else int(view["realised_average_micros"])
    fees = 0 if view is None else int(view["fees_micros"])
    unrealised = 0 if value is None else int(value["unrealised_micros"])
    made: Measured = {
        "position": float(instrument.quantity_from_lots(lots)),
        "traded": float(instrument.quantity_from_lots(0 if view is None else int(view["traded_lots"]))),
        "net": _currency(realised + unrealised - fees),
        "realised": _currency(realised),
        "unrealised": _currency(unrealised),
        "fees": _currency(fees),
    }
    if account < FIRST_TRADER:
        return made
    for name, part in sides.items():
        made[f"{name}s"] = float(instrument.quantity_from_lots(int(part["last_quantity_lots"].sum())))
        made[f"average_{name}"] = _average(part["last_price_ticks"], part["last_quantity_lots"], instrument)
    return made


def _row(records: Records, account: int, number: int) -> Any | None:
    rows = records[(records["account"] == account) & (records["instrument"] == number)]
    return rows[0] if len(rows) else None


def _average(ticks: Any, lots: Any, instrument: Instrument) -> float | None:
    if not len(ticks):
        return None
    # Python's integers: price times quantity of a long day may not fit into 64 bits.
    value = sum(price * count for price, count in zip(ticks.tolist(), lots.tolist(), strict=True))
    return float(value / int(lots.sum())) * float(instrument.price_from_ticks(1))


def _instrument(trace: Trace, number: int, instrument: Instrument, end_ns: int) -> Measured:
    trades, quotes = trace.trades(number), trace.quotes(number)
    prices, lots = trades["price_ticks"], trades["quantity_lots"]

    def price(ticks: int) -> float | None:
        return float(instrument.price_from_ticks(int(ticks))) if ticks else None

    both = (quotes["bid_ticks"] > 0) & (quotes["ask_ticks"] > 0)
    duration_ns = np.diff(np.append(quotes["time_ns"], max(end_ns, *quotes["time_ns"][-1:], 0)))
    weight = np.where(both, duration_ns, 0).astype(np.float64)
    total = float(weight.sum())
    wide = (quotes["ask_ticks"] - quotes["bid_ticks"]).astype(np.float64)
    tick = float(instrument.price_from_ticks(1))
    return {
        "last": price(int(trace.instruments["last_price_ticks"][number])),
        "vwap": _average(prices, lots, instrument),
        "high": price(int(prices.max())) if len(prices) else None,
        "low": price(int(prices.min())) if len(prices) else None,
        "volume": float(instrument.quantity_from_lots(int(lots.sum()))),
        "trades": float(len(trades)),
        "spread": float(np.dot(weight, wide)) / total * tick if total else None,
        "volatility_bp": _volatility(quotes, end_ns),
    }


def _volatility(quotes: Records, end_ns: int) -> float | None:
    middles = mids_of(quotes)
    known = np.flatnonzero(~np.isnan(middles.ticks))
    if not len(known):
        return None
    grid = np.arange(int(middles.time_ns[known[0]]), end_ns + 1, SECOND_NS)
    at = middles.at(grid)
    logs = np.log(at[~np.isnan(at)])
    if len(logs) < 2:  # noqa: PLR2004 - a return takes two prices
        return None
    return BASIS_POINTS * float(np.sqrt(np.square(np.diff(logs)).sum()))


def changed(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of numbers that differ between the two runs."""
    return frame.filter(~pl.col("recorded").eq_missing(pl.col("what_if")))


def regular_times(start_ns: int, end_ns: int, count: int) -> Iterator[int]:
    """Ends of `count` equal spans of time."""
    for step in range(1, count + 1):
        yield start_ns + (end_ns - start_ns) * step // count
