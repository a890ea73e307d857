"""Positions and their profit and loss as tables, from the exchange's own ledger."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.frames import Scales

Ints = npt.NDArray[np.int64]


def positions_frame(positions: Records, venue: Venue, scales: Scales) -> pl.DataFrame:
    """One row for each position that has ever traded or has open orders.

    `position` is negative for a short; `average_price` is what it cost per unit, null when flat; `cost`,
    `realised_average`, `realised_fifo` and `fees` are money; `traded` is the quantity bought and sold;
    `open_buy` and `open_sell` are in working orders.
    """
    instrument = positions["instrument"]
    lots = positions["position_lots"]
    return pl.DataFrame(
        {
            "account": scales.account(positions["account"]),
            "symbol": scales.symbol(instrument),
            "position": scales.quantity(lots, instrument),
            "average_price": _average_price(positions, venue),
            "cost": scales.money(positions["cost_micros"]),
            "realised_average": scales.money(positions["realised_average_micros"]),
            "realised_fifo": scales.money(positions["realised_fifo_micros"]),
            "fees": scales.money(positions["fees_micros"]),
            "traded": scales.quantity(positions["traded_lots"], instrument),
            "open_buy": scales.quantity(positions["open_buy_lots"], instrument),
            "open_sell": scales.quantity(positions["open_sell_lots"], instrument),
        }
    )


def pnl_frame(positions: Records, instruments: Records, venue: Venue, scales: Scales) -> pl.DataFrame:
    """Profit and loss of each position.

    `realised_average` and `realised_fifo` are realised by average cost and by FIFO; `unrealised_last` and
    `unrealised_mid` are the position's value at the last trade and at the middle of the quote, less its
    average cost; both are null when there is a position and no such price. `fees` are what was paid
    (negative: received). `net_last` and `net_mid` are realised by average cost, plus unrealised, less fees;
    by FIFO the sum is the same, since what one method realises earlier the other still carries.
    """
    instrument = positions["instrument"]
    market = instruments[instrument]
    lots, cost = positions["position_lots"], positions["cost_micros"]
    realised, fees = positions["realised_average_micros"], positions["fees_micros"]
    last = market["last_price_ticks"]
    halves = market["bid_price_ticks"] + market["ask_price_ticks"]
    two_sided = (market["bid_price_ticks"] > 0) & (market["ask_price_ticks"] > 0)
    marks = {
        "last": (_value_micros(lots, 2 * last, instrument, venue) - cost, (last > 0) | (lots == 0)),
        "mid": (_value_micros(lots, halves, instrument, venue) - cost, two_sided | (lots == 0)),
    }
    made: dict[str, Any] = {
        "symbol": scales.symbol(instrument),
        "position": scales.quantity(lots, instrument),
        "average_price": _average_price(positions, venue),
        "last_price": scales.price(last, instrument),
        "mid_price": pl.Series(halves * _tick_sizes(venue)[instrument] / 2, dtype=pl.Float64).set(
            pl.Series(~two_sided), None
        ),
        "realised_average": scales.money(realised),
        "realised_fifo": scales.money(positions["realised_fifo_micros"]),
    }
    for name, (unrealised, known) in marks.items():
        made[f"unrealised_{name}"] = scales.money(unrealised, known)
    made["fees"] = scales.money(fees)
    for name, (unrealised, known) in marks.items():
        made[f"net_{name}"] = scales.money(realised + unrealised - fees, known)
    return pl.DataFrame(made)


def _tick_sizes(venue: Venue) -> npt.NDArray[np.float64]:
    return np.array([float(instrument.price_from_ticks(1)) for instrument in venue.instruments])


def _value_micros(lots: Ints, half_ticks: Ints, which: Ints, venue: Venue) -> Ints:
    """Value of signed `lots` at a price in half ticks, rounded down as the exchange rounds a notional."""
    values = [
        venue.instruments[number].value * abs(count) * halves // 2
        for count, halves, number in zip(lots.tolist(), half_ticks.tolist(), which.tolist(), strict=True)
    ]
    return np.array([int(value) for value in values], dtype=np.int64) * np.sign(lots)


def _average_price(positions: Records, venue: Venue) -> pl.Series:
    """Cost per unit and multiplier."""
    prices: list[float | None] = []
    for lots, cost, number in zip(
        positions["position_lots"].tolist(),
        positions["cost_micros"].tolist(),
        positions["instrument"].tolist(),
        strict=True,
    ):
        instrument = venue.instruments[number]
        ticks = cost / (instrument.value * lots) if lots else None
        prices.append(None if ticks is None else float(ticks) * float(instrument.price_from_ticks(1)))
    return pl.Series(prices, dtype=pl.Float64)
