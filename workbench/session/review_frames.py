"""One account's frames, from the rows of projections: names for codes, prices for ticks, money for micros."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.splits import SPLITS
from workbench.analytics.tables import CANDLES, CASH_ENTRIES, INSTRUMENTS, ORDERS, TRADES
from workbench.analytics.trades_beside import FIRST_STOPS, STOPS
from workbench.domain.codes import OrderType, Reason, Side
from workbench.domain.records import AUCTION, LIQUIDITY_MAKER, SHADOW, Records
from workbench.domain.units import decimal
from workbench.engine.frames import code_names, utc_times
from workbench.engine.words import Names
from workbench.session.review_day import ReviewDay

MICROS = 1_000_000
SIDE_CODES = {"BUY": int(Side.BUY), "SELL": int(Side.SELL)}
"""Codes of the sides by name."""

_SIDES = {code: name for name, code in SIDE_CODES.items()}


def money(name: str) -> pl.Expr:
    """A column of micros as currency."""
    return pl.col(f"{name}_micros").cast(pl.Float64) / MICROS


def instruments(day: ReviewDay, fills: pl.DataFrame) -> pl.DataFrame:
    """`INSTRUMENTS`, with how often the account traded each."""
    rows = []
    for number, each in enumerate(day.venue.instruments):
        step = decimal(each.tick_size) * each.price_increment_ticks
        trades = day.prints.market_trades(number)
        rows.append(
            {
                "symbol": each.symbol,
                "currency": each.currency,
                "increment": float(step),
                "lot_size": float(decimal(each.lot_size) * each.quantity_increment_lots),
                "multiplier": float(decimal(each.multiplier)),
                "price_decimals": _decimals(step),
                "quantity_decimals": _decimals(decimal(each.lot_size)),
                "trades": len(trades),
                "volume": float(each.quantity_from_lots(int(trades["quantity_lots"].sum()))),
                "fills": int((fills["symbol"] == each.symbol).sum()),
            }
        )
    return pl.DataFrame(rows, schema=INSTRUMENTS.schema)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def candles(day: ReviewDay, number: int, interval: str) -> pl.DataFrame:
    """`CANDLES` of an instrument."""
    each = day.venue.instruments[number]
    rows = day.candles(interval).filter(pl.col("symbol") == each.symbol).sort("time")
    which = np.full(rows.height, number)
    prices = {
        name: day.scales.price(rows[f"{name}_ticks"].to_numpy(), which)
        for name in ("open", "high", "low", "close")
    }
    volume = day.scales.quantity(rows["volume_lots"].to_numpy(), which)
    average = rows["notional"] / rows["volume_lots"] * float(each.price_from_ticks(1))
    return CANDLES.frame(
        {**prices, "time": rows["time"], "volume": volume, "vwap": average, "trades": rows["trades"]}
    )


def tape(day: ReviewDay, number: int, account: int) -> pl.DataFrame:
    """`TRADES` of an instrument: the market's, and the account's own beside history."""
    trades = day.prints.trades(number)
    took, made = trades["account"] == account, trades["maker_account"] == account
    shown = (trades["flags"] & SHADOW == 0) | took | made
    trades, took, made = trades[shown], took[shown], made[shown]
    which = np.full(len(trades), number)
    side = trades["side"].astype(np.int64)
    other = np.where(side == Side.BUY, int(Side.SELL), np.where(side == Side.SELL, int(Side.BUY), 0))
    own = np.where(took, side, np.where(made, other, 0))
    return TRADES.frame(
        {
            "seq": trades["seq"].copy(),
            "time": utc_times(trades["time_ns"]),
            "trade_id": trades["trade_id"].copy(),
            "price": day.scales.price(trades["price_ticks"], which),
            "quantity": day.scales.quantity(trades["quantity_lots"], which),
            "side": side_names(side),
            "own_side": side_names(own),
            "auction": trades["flags"] & AUCTION != 0,
            "busted": np.isin(trades["trade_id"], day.busted),
        }
    )


def side_names(sides: Any) -> pl.Series:
    """BUY and SELL of codes; null for none."""
    return pl.Series(np.asarray(sides, dtype=np.int64)).replace_strict(
        _SIDES, default=None, return_dtype=pl.String
    )


def equity_rows(day: ReviewDay, account: str) -> pl.DataFrame:
    """What `workbench.analytics.equity.equity_curve` takes of an account."""
    own = day.equity.filter(pl.col("account") == account).sort("seq", "time")
    names = {
        "equity": "equity",
        "cash": "cash",
        "position_value": "position_value",
        "realised": "realised_average",
        "unrealised": "unrealised",
        "fees": "fees",
        "deposits": "deposits",
        "withdrawals": "withdrawals",
        "peak": "peak_equity",
        "drawdown": "drawdown",
    }
    return own.select("time", "seq", **{name: money(column) for name, column in names.items()})


def position_rows(day: ReviewDay, account: str) -> pl.DataFrame:
    """Each change of an account's positions: `seq`, `time`, `symbol`, `side`, `trade_id`, then numbers.

    `position`, `cost`, `realised` (so far, by average cost), and `change`, what this change realised.
    """
    own = day.positions.filter(pl.col("account") == account).sort("seq")
    lots = own["position_lots"].to_numpy()
    return own.select(
        "seq",
        "time",
        "symbol",
        "side",
        "trade_id",
        position=day.scales.quantity(lots, numbers_of(day, own["symbol"])),
        cost=money("cost"),
        realised=money("realised_average"),
        change=(
            pl.col("realised_average_micros")
            - pl.col("realised_average_micros").shift(1).over("symbol").fill_null(0)
        ).cast(pl.Float64)
        / MICROS,
    )


def numbers_of(day: ReviewDay, symbols: pl.Series) -> Any:
    """Instrument numbers of symbols."""
    numbers = {each.symbol: number for number, each in enumerate(day.venue.instruments)}
    return symbols.replace_strict(numbers, default=0, return_dtype=pl.Int64).to_numpy()


def fill_rows(day: ReviewDay, account: int, names: Names) -> pl.DataFrame:
    """The account's fills, without what position, round trip and market say of them."""
    fills: Records = day.prints.fills()
    fills = fills[fills["account"] == account]
    number = fills["instrument"]
    multipliers = np.array([float(decimal(each.multiplier)) for each in day.venue.instruments])
    flags = fills["flags"]
    liquidity = np.where(
        flags & AUCTION != 0, "auction", np.where(flags & LIQUIDITY_MAKER != 0, "maker", "taker")
    )
    frame = pl.DataFrame(
        {
            "seq": fills["seq"].copy(),
            "command_seq": fills["command_seq"].copy(),
            "time": utc_times(fills["time_ns"]),
            "symbol": day.scales.symbol(number).cast(pl.String),
            "trade_id": fills["trade_id"].copy(),
            "order_id": fills["order_id"].copy(),
            "order": named(account, fills["client_order_id"], names),
            "side": side_names(fills["side"]),
            "liquidity": pl.Series(liquidity.tolist(), dtype=pl.String),
            "price": day.scales.price(fills["last_price_ticks"], number),
            "quantity": day.scales.quantity(fills["last_quantity_lots"], number),
            "fee": day.scales.money(fills["fee_micros"]),
            "leaves": day.scales.quantity(fills["leaves_lots"], number),
            "busted": np.isin(fills["trade_id"], day.busted),
            "multiplier": multipliers[number] if len(fills) else np.zeros(0),
        }
    )
    return frame.with_columns(value=(pl.col("price") * pl.col("quantity") * pl.col("multiplier")).round(6))


def named(account: int, client_ids: Any, names: Names) -> pl.Series:
    """What an account called orders with these client ids: the name, else the number; null for none."""
    said = [(names.get((account, int(one))) or str(int(one))) if one else None for one in client_ids]
    return pl.Series(said, dtype=pl.String)


def trip_rows(day: ReviewDay, account: str) -> pl.DataFrame:
    """What `workbench.analytics.round_trips.round_trips` takes of an account; sums as price x quantity."""
    own = day.round_trips.filter(pl.col("account") == account).sort("opened_seq")
    which = numbers_of(day, own["symbol"])
    unit = np.array([float(decimal(i.tick_size) * decimal(i.lot_size)) for i in day.venue.instruments])
    worth = unit[which] if own.height else np.zeros(0)
    lots = {
        name: day.scales.quantity(own[f"{column}_lots"].to_numpy(), which)
        for name, column in (
            ("quantity", "peak"),
            ("entry_quantity", "entry"),
            ("exit_quantity", "exit"),
        )
    }
    ended = pl.when(pl.col("closed_seq") != 0)
    return own.select(
        "symbol",
        "side",
        "opened",
        "opened_seq",
        "fills",
        trip="round_trip",
        closed=ended.then("closed"),
        closed_seq=ended.then("closed_seq"),
        **lots,
        entry_value=own["entry_value"] * worth,
        exit_value=own["exit_value"] * worth,
        gross=money("gross"),
        fees=money("fees"),
        adverse=money("adverse"),
        favourable=money("favourable"),
    )


def mark_rows(day: ReviewDay, number: int) -> pl.DataFrame:
    """`seq`, `time` and `mark` of an instrument."""
    steps = day.marks(number)
    return pl.DataFrame(
        {
            "seq": steps["seq"].copy(),
            "time": utc_times(steps["time_ns"]),
            "mark": day.scales.price(steps["price_ticks"], np.full(len(steps), number)),
        }
    )


def cash_entries(day: ReviewDay, account: int) -> pl.DataFrame:
    """`CASH_ENTRIES` of an account."""
    cash = day.prints.cash()
    cash = cash[cash["account"] == account]
    return CASH_ENTRIES.frame(
        {
            "seq": cash["seq"].copy(),
            "time": utc_times(cash["time_ns"]),
            "reason": code_names(cash["reason"], Reason),
            "symbol": day.scales.symbol(cash["instrument"]).cast(pl.String),
            "amount": day.scales.money(cash["amount_micros"]),
            "text": [day.recording.payment_reasons.get(int(seq)) for seq in cash["command_seq"]],
        }
    )


def splits(day: ReviewDay) -> pl.DataFrame:
    """`SPLITS` of all instruments."""
    every = day.prints.splits()
    return SPLITS.frame(
        {
            "symbol": day.scales.symbol(every["instrument"]).cast(pl.String),
            "seq": every["seq"].copy(),
            "time": utc_times(every["time_ns"]),
            "ratio": every["numerator"] / every["denominator"],
        }
    )


def first_stops(day: ReviewDay, account: int) -> pl.DataFrame:
    """`FIRST_STOPS` of an account."""
    found = day.prints.first_triggers()
    types = [int(OrderType[name]) for name in STOPS]
    found = found[(found["account"] == account) & np.isin(found["order_type"], types)]
    return FIRST_STOPS.frame(
        {
            "seq": found["seq"].copy(),
            "time": utc_times(found["time_ns"]),
            "symbol": day.scales.symbol(found["instrument"]).cast(pl.String),
            "side": side_names(found["side"]),
            "trigger_price": day.scales.price(found["value"], found["instrument"]),
        }
    )


def order_rows(day: ReviewDay, account: int, name: str, names: Names) -> pl.DataFrame:
    """`ORDERS` of an account."""
    own = day.orders.filter(pl.col("account") == name).sort("created_seq")
    which = numbers_of(day, own["symbol"])

    def price(column: str) -> pl.Series:
        return day.scales.price(own[column].to_numpy(), which)

    def quantity(column: str) -> pl.Series:
        return day.scales.quantity(own[column].to_numpy(), which)

    filled = quantity("maker_lots") + quantity("taker_lots")
    lots = own["maker_lots"] + own["taker_lots"]
    tick = np.array([float(decimal(each.tick_size)) for each in day.venue.instruments])
    average = own["filled_value"] / lots.set(lots == 0, None) * (tick[which] if own.height else np.zeros(0))
    first = (own["first_fill"] - own["created"]).dt.total_nanoseconds() / 1e9
    return ORDERS.frame(
        {
            "order_id": own["order_id"],
            "order": named(account, own["client_order_id"].to_list(), names),
            **{
                column: own[column]
                for column in ("symbol", "side", "type", "time_in_force", "state", "reason")
            },
            "price": price("price_ticks"),
            "trigger_price": price("trigger_price_ticks"),
            "quantity": quantity("quantity_lots"),
            "filled": filled,
            "average_price": average,
            "maker_quantity": quantity("maker_lots"),
            "fees": own["fees_micros"].cast(pl.Float64) / MICROS,
            "queue_ahead": quantity("queue_ahead_lots").set(own["rested"].is_null(), None),
            **{column: own[column] for column in ("created", "rested", "first_fill", "last_fill", "ended")},
            "to_first_fill_s": first,
            "replaces": own["predecessor_order_id"].set(own["predecessor_order_id"] == 0, None),
            "replaced_by": own["successor_order_id"].set(own["successor_order_id"] == 0, None),
            "created_seq": own["created_seq"],
        }
    )


def ended_seqs(day: ReviewDay, name: str) -> pl.DataFrame:
    """`order_id` and `ended_seq` of an account's orders, 0 while open."""
    return day.orders.filter(pl.col("account") == name).select("order_id", "ended_seq")


def at_time(time_ns: int) -> pl.Expr:
    """A time, to compare columns with."""
    return pl.lit(time_ns).cast(TIME)
