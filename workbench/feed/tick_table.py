"""One table of trades, quotes or both as a tape, before it is in any instrument's ticks and lots."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.codes import Side
from workbench.domain.units import decimal
from workbench.errors import SourceError
from workbench.feed.table import Decimals, Integers, Table
from workbench.feed.tape import Tape

NANO = Decimal("1e-9")

ODD_LOT = 0x20000000
"""Bit of a Lean sale condition."""


def decimal_step(values: Integers, places: int, coarsest: Decimal) -> Decimal:
    """Largest power of ten, not above `coarsest`, of which all `values` x 10^-`places` are whole numbers."""
    step = Decimal(1).scaleb(-places)
    while step < coarsest and not (values % 10).any():
        values, step = values // 10, step * 10
    return min(step, coarsest)


_SIDES = {
    **dict.fromkeys(("buy", "b", "bid", "1", "+1", "buyer"), int(Side.BUY)),
    **dict.fromkeys(("sell", "s", "ask", "a", "-1", "2", "seller"), int(Side.SELL)),
    **dict.fromkeys(("none", "n", "0", "unknown", "?"), int(Side.NONE)),
}


def _prices(table: Table, name: str) -> Integers:
    """Prices in nanos; 0 where there is none."""
    cells = table.decimals(name)
    table.refuse_where(cells.values < 0, name, "a price, which is not negative")
    nanos, wrong = cells.as_units(NANO / decimal(table.layout.price_unit))
    table.refuse_where(wrong, name, "a price of at most nine decimals")
    return nanos


def _quantities(table: Table, name: str, places: int) -> Decimals:
    cells = table.decimals(name)
    table.refuse_where(cells.values < 0, name, "a quantity, which is not negative")
    scale = 10 ** (places - cells.places)
    table.refuse_where(cells.values > (1 << 62) // scale, name, "a smaller quantity")
    return Decimals(cells.values * scale, places, cells.missing)


def table_tape(table: Table, number: int, places: int, quirks: dict[str, int]) -> Tape:
    """The tape of table `number`, quantities in 10^-`places`; adds what it counts to `quirks`."""
    names, count = table.names, len(table)
    zero, no = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    has_trades, has_quotes = "price" in names, "bid_price" in names or "ask_price" in names
    if "time" not in names or not (has_trades or has_quotes):
        missing = (
            "time" if "time" not in names else "price (for trades) or bid_price and ask_price (for quotes)"
        )
        ours = "price" if "time" in names else "time"
        raise SourceError(
            table.file, None, f"there is no column {missing}", f"map it: {ours}=NAME_IN_THE_FILE"
        )
    bid = _prices(table, "bid_price") if "bid_price" in names else zero
    ask = _prices(table, "ask_price") if "ask_price" in names else zero
    sizes = {}
    for side, price in (("bid", bid), ("ask", ask)):
        quantity = zero
        if f"{side}_quantity" in names:
            cells = _quantities(table, f"{side}_quantity", places)
            quantity = np.where(cells.missing & (price > 0), -1, cells.values)
        elif f"{side}_price" in names:
            quantity = np.where(price > 0, -1, 0)
        sizes[side] = quantity
    is_trade, price, quantity, taker = no, zero, zero, zero
    if has_trades:
        price = _prices(table, "price")
        if "quantity" not in names:
            raise SourceError(
                table.file,
                None,
                "there are trade prices but no column quantity",
                "map it: quantity=NAME_IN_THE_FILE",
            )
        quantity = _quantities(table, "quantity", places).values
        empty = (price == 0) & (quantity == 0)
        table.refuse_where((price == 0) & ~empty, "price", "a positive price")
        is_trade = ~empty if has_quotes else ~no
        table.refuse_where(is_trade & (price == 0), "price", "a positive price")
        nothing = is_trade & (quantity == 0)
        quirks["trade_without_quantity"] = quirks.get("trade_without_quantity", 0) + int(nothing.sum())
        is_trade &= ~nothing
        taker = _sides(table) if "side" in names else zero
        quirks["odd_lot_trade"] = quirks.get("odd_lot_trade", 0) + _odd_lots(table, is_trade)
    is_quote = no
    if has_quotes:
        is_quote = (bid > 0) | (ask > 0) if has_trades else ~no
    return Tape(
        table.times_ns(),
        is_quote,
        bid,
        sizes["bid"],
        ask,
        sizes["ask"],
        is_trade,
        price,
        quantity,
        taker,
        row=table.rows,
        table=zero + number,
    )


def _sides(table: Table) -> Integers:
    cells = table.text("side").str.to_lowercase().fill_null("none")
    sides = cells.replace_strict(_SIDES, default=None, return_dtype=pl.Int64)
    table.refuse_where(sides.is_null().to_numpy(), "side", "buy or sell (or b, s, 1, -1), or empty")
    return sides.to_numpy().astype(np.int64)


def _odd_lots(table: Table, is_trade: npt.NDArray[np.bool_]) -> int:
    if "condition" not in table.names:
        return 0
    masks = table.text("condition").str.to_integer(base=16, strict=False).fill_null(0).to_numpy()
    return int(((masks & ODD_LOT != 0) & is_trade).sum())
