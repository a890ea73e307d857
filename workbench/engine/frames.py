"""Records as Polars tables: names for codes, prices and quantities for ticks and lots, UTC times.

Every table uses the same conventions:

- `time` is `Datetime("ns", "UTC")`; `seq` is the event's sequence number, which orders events of equal time.
- `symbol`, `account`, `side` and every other code is an `Enum` of names.
- Prices are in currency, quantities in units (shares, contracts, coins), money in account currency. They are
  Float64, the
  number nearest to the exact decimal; with `exact=True` they are Decimal.
- What does not exist is null: the price of a market order, an empty side of the book, an order id never
  given.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.codes import EventKind, OrderType, Reason, Side, TimeInForce
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import (
    AUCTION,
    AUCTION_EVENT,
    CASH_EVENT,
    FILL_EVENT,
    LIQUIDITY_MAKER,
    ORDER_EVENT,
    POSITION_EVENT,
    QUOTE_EVENT,
    SHADOW,
    TRADE_EVENT,
    Records,
)
from workbench.domain.states import OrderState
from workbench.domain.units import decimal
from workbench.feed.table import decimal_series

TIME = pl.Datetime("ns", "UTC")
MICRO = Decimal("0.000001")

FILL_KINDS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
ORDER_KINDS = (
    *(kind for kind in EventKind if kind <= EventKind.COMMAND_REJECTED and kind not in FILL_KINDS),
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_TRAILED,
    EventKind.ORDER_REFRESHED,
    EventKind.ORDER_ADJUSTED,
)

Values = npt.NDArray[Any]


class Scales:
    """Turns a venue's integers into what people read.

    Parameters
    ----------
    venue
        Its instruments and accounts give symbols, names and sizes.
    exact
        Prices, quantities and money as Decimal instead of Float64.
    """

    def __init__(self, venue: Venue, *, exact: bool = False) -> None:
        self.exact = exact
        instruments = venue.instruments
        self._symbols = [instrument.symbol for instrument in instruments]
        self._accounts = ["street", "house", *(account.name for account in venue.accounts)]
        self._tick = _Unit([decimal(instrument.tick_size) for instrument in instruments])
        self._lot = _Unit([decimal(instrument.lot_size) for instrument in instruments])
        self._money = _Unit([MICRO])

    @property
    def instrument_count(self) -> int:
        """Number of instruments of the venue."""
        return len(self._symbols)

    def symbol(self, numbers: Values) -> pl.Series:
        """Symbols of instrument numbers."""
        return _names(numbers, dict(enumerate(self._symbols)))

    def account(self, numbers: Values) -> pl.Series:
        """Names of account numbers; numbers as text where a bare venue keeps no names."""
        if len(self._accounts) > 2:  # noqa: PLR2004 - street and house alone
            return _names(numbers, dict(enumerate(self._accounts)))
        return pl.Series(numbers).cast(pl.String)

    def price(self, ticks: Values, instrument: Values, present: Values | None = None) -> pl.Series:
        """Prices; null where not `present` (where 0, unless given)."""
        return self._tick.series(
            ticks, instrument, ticks != 0 if present is None else present, exact=self.exact
        )

    def quantity(self, lots: Values, instrument: Values, present: Values | None = None) -> pl.Series:
        """Quantities; null where not `present`."""
        return self._lot.series(lots, instrument, present, exact=self.exact)

    def money(self, micros: Values, present: Values | None = None) -> pl.Series:
        """Money; null where not `present`."""
        return self._money.series(micros, np.zeros(len(micros), dtype=np.int64), present, exact=self.exact)


class _Unit:
    """Decimals that are whole numbers of a unit, one unit for each instrument."""

    def __init__(self, units: Sequence[Decimal]) -> None:
        self._places = max(0, *(-int(unit.as_tuple().exponent) for unit in units))
        self._mantissas = np.array([int(unit.scaleb(self._places)) for unit in units], dtype=np.int64)
        ratios = [unit.as_integer_ratio() for unit in units]
        self._numerators = np.array([ratio[0] for ratio in ratios], dtype=np.float64)
        self._denominators = np.array([ratio[1] for ratio in ratios], dtype=np.float64)

    def series(self, counts: Values, which: Values, present: Values | None, *, exact: bool) -> pl.Series:
        if exact:
            series = decimal_series(counts * self._mantissas[which], self._places)
        else:
            # One product and one division of exact numbers: the result is the double nearest to the decimal.
            series = pl.Series(counts * self._numerators[which] / self._denominators[which], dtype=pl.Float64)
        return series if present is None else series.set(pl.Series(~np.asarray(present, dtype=bool)), None)


def _names(numbers: Values, names: dict[int, str]) -> pl.Series:
    dtype = pl.Enum(list(names.values()))
    return pl.Series(numbers).cast(pl.Int64).replace_strict(names, default=None, return_dtype=dtype)


def code_names(numbers: Values, codes: type[IntEnum]) -> pl.Series:
    """Names of codes, as an Enum of all the names there are."""
    return _names(numbers, {int(code): code.name for code in codes})


def of_kind(events: Records, *kinds: EventKind) -> Records:
    """The events of these kinds."""
    return events[np.isin(events["kind"], np.array(kinds, dtype=np.uint8))]


def utc_times(values_ns: Values) -> pl.Series:
    """Nanoseconds since 1970 as UTC times."""
    return pl.Series(np.ascontiguousarray(values_ns)).cast(TIME)


def _id(values: Values) -> pl.Series:
    return pl.Series(np.ascontiguousarray(values)).set(pl.Series(values == 0), None)


def _frame(columns: dict[str, pl.Series | Values]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            name: values if isinstance(values, pl.Series) else pl.Series(np.ascontiguousarray(values))
            for name, values in columns.items()
        }
    )


def trades_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each trade.

    `side` and `taker` are the aggressor's; `taker_order_id` is null for historical executions,
    `maker_order_id` for liquidity that the book never showed. `notional` is price x quantity x multiplier in
    account currency. `shadow` marks fills of live orders against frozen history, which are no part of the
    market's own volume; `auction` marks those of an uncross. An auction of history has no side.
    """
    trade = of_kind(events, EventKind.TRADE).view(TRADE_EVENT)
    instrument = trade["instrument"]
    return _frame(
        {
            "time": utc_times(trade["time_ns"]),
            "seq": trade["seq"],
            "trade_id": trade["trade_id"],
            "symbol": scales.symbol(instrument),
            "side": code_names(trade["side"], Side),
            "price": scales.price(trade["price_ticks"], instrument),
            "quantity": scales.quantity(trade["quantity_lots"], instrument),
            "notional": scales.money(trade["notional_micros"]),
            "taker": scales.account(trade["account"]),
            "maker": scales.account(trade["maker_account"]),
            "taker_order_id": _id(trade["taker_order_id"]),
            "maker_order_id": _id(trade["maker_order_id"]),
            "shadow": trade["flags"] & SHADOW != 0,
            "auction": trade["flags"] & AUCTION != 0,
        }
    )


def quotes_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each change of the best bid or offer; an empty side is null, count 0."""
    quote = of_kind(events, EventKind.QUOTE).view(QUOTE_EVENT)
    instrument = quote["instrument"]
    return _frame(
        {
            "time": utc_times(quote["time_ns"]),
            "seq": quote["seq"],
            "symbol": scales.symbol(instrument),
            "bid_orders": quote["bid_orders"],
            "bid_quantity": scales.quantity(quote["bid_lots"], instrument, quote["bid_lots"] != 0),
            "bid_price": scales.price(quote["bid_price_ticks"], instrument),
            "ask_price": scales.price(quote["ask_price_ticks"], instrument),
            "ask_quantity": scales.quantity(quote["ask_lots"], instrument, quote["ask_lots"] != 0),
            "ask_orders": quote["ask_orders"],
            "last_price": scales.price(quote["last_price_ticks"], instrument),
        }
    )


def fills_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each fill of an order: what traded, at which price, what it cost, and what is left.

    `filled` and `leaves` are the order's after the fill; `maker` says whether it rested; a negative `fee` is
    a rebate.
    """
    fill = of_kind(events, *FILL_KINDS).view(FILL_EVENT)
    instrument = fill["instrument"]
    return _frame(
        {
            "time": utc_times(fill["time_ns"]),
            "seq": fill["seq"],
            "order_id": fill["order_id"],
            "symbol": scales.symbol(instrument),
            "account": scales.account(fill["account"]),
            "side": code_names(fill["side"], Side),
            "price": scales.price(fill["last_price_ticks"], instrument),
            "quantity": scales.quantity(fill["last_quantity_lots"], instrument),
            "filled": scales.quantity(fill["executed_lots"], instrument),
            "leaves": scales.quantity(fill["leaves_lots"], instrument),
            "fee": scales.money(fill["fee_micros"]),
            "maker": fill["flags"] & LIQUIDITY_MAKER != 0,
            "trade_id": fill["trade_id"],
            "contra_order_id": _id(fill["contra_order_id"]),
        }
    )


def order_events_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each ORDER_* event without a fill and each refusal, with its reason.

    `value` and `limit` are the numbers of the rule that refused, in its own unit (see docs/rules.md).
    """
    order = of_kind(events, *ORDER_KINDS).view(ORDER_EVENT)
    instrument = order["instrument"]
    known = (instrument >= 0) & (instrument < scales.instrument_count)
    safe = np.where(known, instrument, 0)
    return _frame(
        {
            "time": utc_times(order["time_ns"]),
            "seq": order["seq"],
            "event": code_names(order["kind"], EventKind),
            "reason": code_names(order["reason"], Reason),
            "order_id": _id(order["order_id"]),
            "symbol": scales.symbol(instrument),
            "account": scales.account(order["account"]),
            "side": code_names(order["side"], Side),
            "type": code_names(order["order_type"], OrderType),
            "time_in_force": code_names(order["time_in_force"], TimeInForce),
            "price": scales.price(order["price_ticks"], safe, known & (order["price_ticks"] != 0)),
            "quantity": scales.quantity(order["quantity_lots"], safe, known),
            "filled": scales.quantity(order["executed_lots"], safe, known),
            "leaves": scales.quantity(order["leaves_lots"], safe, known),
            "state": code_names(order["order_state"], OrderState),
            "value": order["value"],
            "limit": order["limit"],
            "successor_order_id": _id(order["successor_order_id"]),
        }
    )


def position_events_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each change of a position; amounts are totals after it, a short's `cost` is negative."""
    position = of_kind(events, EventKind.POSITION_CHANGED).view(POSITION_EVENT)
    instrument = position["instrument"]
    return _frame(
        {
            "time": utc_times(position["time_ns"]),
            "seq": position["seq"],
            "account": scales.account(position["account"]),
            "symbol": scales.symbol(instrument),
            "position": scales.quantity(position["position_lots"], instrument),
            "cost": scales.money(position["cost_micros"]),
            "realised_average": scales.money(position["realised_average_micros"]),
            "realised_fifo": scales.money(position["realised_fifo_micros"]),
            "fees": scales.money(position["fees_micros"]),
            "cash": scales.money(position["cash_micros"]),
            "trade_id": position["trade_id"],
        }
    )


def auctions_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each indicative price and each uncross, by `event`.

    `paired` trades (or would) at `price`, of what is `wanted` and `offered` there; `imbalance` is wanted less
    offered. Without a price nothing trades, and wanted and offered are what market orders make of them.
    """
    auction = of_kind(events, EventKind.AUCTION_INDICATIVE, EventKind.AUCTION_UNCROSSED).view(AUCTION_EVENT)
    instrument = auction["instrument"]
    return _frame(
        {
            "time": utc_times(auction["time_ns"]),
            "seq": auction["seq"],
            "event": code_names(auction["kind"], EventKind),
            "symbol": scales.symbol(instrument),
            "price": scales.price(auction["price_ticks"], instrument),
            **{
                name: scales.quantity(auction[f"{name}_lots"], instrument)
                for name in ("paired", "imbalance", "wanted", "offered")
            },
            "reference": scales.price(auction["reference_ticks"], instrument),
        }
    )


def cash_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """One row for each amount other than a trade's that an account received or (negative) paid.

    `position` and `price` are what a dividend, a cost or a split was computed from; `rate` and `periods` are
    in the units of docs/rules.md.
    """
    cash = of_kind(events, EventKind.CASH_CHANGED).view(CASH_EVENT)
    of_instrument = cash["instrument"] >= 0
    safe = np.where(of_instrument, cash["instrument"], 0)
    return _frame(
        {
            "time": utc_times(cash["time_ns"]),
            "seq": cash["seq"],
            "account": scales.account(cash["account"]),
            "reason": code_names(cash["reason"], Reason),
            "symbol": scales.symbol(cash["instrument"]),
            "amount": scales.money(cash["amount_micros"]),
            "cash": scales.money(cash["cash_micros"]),
            "position": scales.quantity(cash["position_lots"], safe, of_instrument),
            "price": scales.price(cash["price_ticks"], safe),
            "rate": cash["rate"],
            "periods": cash["periods"],
        }
    )


def events_frame(events: Records, scales: Scales) -> pl.DataFrame:
    """Every event: its header in words, and its nine payload words as they are (docs/rules.md names them)."""
    header: dict[str, pl.Series | Values] = {
        "seq": events["seq"],
        "command_seq": events["command_seq"],
        "time": utc_times(events["time_ns"]),
        "event": code_names(events["kind"], EventKind),
        "reason": code_names(events["reason"], Reason),
        "side": code_names(events["side"], Side),
        "state": code_names(events["order_state"], OrderState),
        "type": code_names(events["order_type"], OrderType),
        "time_in_force": code_names(events["time_in_force"], TimeInForce),
        "flags": events["flags"],
        "account": events["account"],
        "symbol": scales.symbol(events["instrument"]),
    }
    words = {f"word_{i}": events["payload"][:, i] for i in range(9)}
    return _frame({**header, **words})


def book_frame(bids: Records, asks: Records, instrument: Instrument, *, exact: bool = False) -> pl.DataFrame:
    """The ladder, best prices first; row i has the i-th best level of each side, null where there is none."""
    scales = Scales(Venue([instrument]), exact=exact)
    rows = max(len(bids), len(asks))

    def padded(levels: Records, name: str) -> Values:
        return np.concatenate([levels[name], np.zeros(rows - len(levels), dtype=np.int64)])

    zero = np.zeros(rows, dtype=np.int64)
    there = {"bid": np.arange(rows) < len(bids), "ask": np.arange(rows) < len(asks)}
    sides = {"bid": bids, "ask": asks}

    def column(side: str, name: str) -> pl.Series:
        present = there[side]
        if name == "orders":
            return pl.Series(padded(sides[side], "orders")).set(pl.Series(~present), None)
        if name == "quantity":
            return scales.quantity(padded(sides[side], "quantity_lots"), zero, present)
        return scales.price(padded(sides[side], "price_ticks"), zero, present)

    order = [
        ("bid", "orders"),
        ("bid", "quantity"),
        ("bid", "price"),
        ("ask", "price"),
        ("ask", "quantity"),
        ("ask", "orders"),
    ]
    return pl.DataFrame({f"{side}_{name}": column(side, name) for side, name in order})
