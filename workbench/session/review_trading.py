"""What statistics of trades and execution are computed from, of one account's day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from workbench.analytics.attribution import attribution
from workbench.analytics.breaches import breaches
from workbench.analytics.execution import Execution, captures, mean_equity, spreads
from workbench.analytics.inventory import inventory
from workbench.analytics.shortfall import middles_at, sent_orders, shortfall, slippage
from workbench.analytics.splits import of_symbol, restated, units_after
from workbench.analytics.trades import Trades
from workbench.analytics.trades_beside import edges, efficiencies, risks, tags
from workbench.session import review_frames as frames
from workbench.session.review_day import ReviewDay

_ROUNDING = 1e-9

if TYPE_CHECKING:
    from workbench.session.review import Review


class Trading(NamedTuple):
    """One account's day as statistics of trading take it.

    Attributes
    ----------
    trades
        For `workbench.analytics.summary.summary` and `workbench.analytics.breakdowns`.
    execution
        For `summary`; its frames are worth reading themselves.
    breaches
        `workbench.analytics.breaches.BREACHES`, without a daily stop.
    """

    trades: Trades
    execution: Execution
    breaches: pl.DataFrame


def trading_of(review: Review, day: ReviewDay, account: int, name: str) -> Trading:
    """What an account traded in a session.

    Parameters
    ----------
    review
        Of that account.
    day
        The session.
    account, name
        The account's number and name.
    """
    orders, curve = review.orders(), review.equity()
    return Trading(
        trades=_trades(review, day, account),
        execution=_execution(review, day, account, name),
        breaches=breaches(orders, curve),
    )


def _trades(review: Review, day: ReviewDay, account: int) -> Trades:
    trips, splits = review.round_trips(), frames.splits(day)
    stops = frames.first_stops(day, account)
    trips = trips.with_columns(
        tag=tags(trips, review.fills()),
        risk=risks(trips, review.orders(), stops, review.instruments(), splits),
    )
    if day.open_ns:
        since = (pl.col("opened").cast(pl.Int64) - day.open_ns) / 1e9
        trips = trips.with_columns(since_open_s=since)
    parts = []
    for (symbol,), own in trips.group_by("symbol", maintain_order=True):
        marks = frames.mark_rows(day, day.venue.instrument_number(str(symbol)))
        minutes = review.candles(str(symbol), "1min")
        its = of_symbol(splits, str(symbol))
        marks = restated(marks, units_after(marks["seq"], its), "mark")
        minutes = restated(minutes, units_after(minutes["time"], its, "time"), "open", "high", "low", "close")
        now = restated(own, units_after(own["closed_seq"], its), "entry_price", "exit_price")
        parts.append(pl.concat([own, efficiencies(now, marks), edges(now, marks, minutes)], how="horizontal"))
    return Trades.of(pl.concat(parts) if parts else trips, review.about.zone)


def _execution(review: Review, day: ReviewDay, account: int, name: str) -> Execution:
    fills = review.fills().filter(~pl.col("busted"))
    instruments = review.instruments()
    sent = sent_orders(review.orders())
    symbols = sorted({*fills["symbol"], *sent["symbol"]})
    numbers = {symbol: day.venue.instrument_number(symbol) for symbol in symbols}
    quotes = {symbol: day.middles(number) for symbol, number in numbers.items()}
    commands = frames.fill_rows(day, account, day.recording.names).select("seq", "command_seq")
    with_commands = fills.join(commands, on="seq", how="left", maintain_order="left")
    positions, cash = frames.position_rows(day, name), review.cash_entries()
    whole = unsplit(fills, positions, cash, frames.splits(day), instruments)
    held = [each.symbol for each in day.venue.instruments if each.symbol in set(whole["symbol"])]
    start_ns = day.open_ns or day.start_ns
    return Execution(
        fills=captures(with_commands, quotes),
        spreads=spreads(fills, review.markouts()),
        orders=sent,
        slippage=slippage(sent, quotes, {symbol: review.trades(symbol) for symbol in symbols}),
        shortfall=shortfall(_with_prices(sent, instruments, quotes, day.end_ns)),
        inventory=inventory(positions, start_ns, day.end_ns),
        attribution=attribution(whole, instruments, _last_marks(day, held), cash),
        cash=cash,
        equity=pl.Series("equity", [mean_equity(review.equity(), day.end_ns)], dtype=pl.Float64),
    )


def _with_prices(
    sent: pl.DataFrame, instruments: pl.DataFrame, quotes: dict[str, pl.DataFrame], end_ns: int
) -> pl.DataFrame:
    """Orders with the prices of their shortfall: each was decided when it was sent, for all that is known."""
    sent = sent.filter(pl.col("state") != "REJECTED").with_columns(
        until=pl.coalesce("ended", pl.lit(end_ns).cast(sent.schema["created"]))
    )
    found = [sent.clear().with_columns(arrival=pl.lit(None, pl.Float64), end=pl.lit(None, pl.Float64))]
    for (symbol,), own in sent.group_by("symbol", maintain_order=True):
        known = quotes[str(symbol)]
        found.append(
            own.with_columns(
                arrival=middles_at(own["created"], known, before=True),
                end=middles_at(own["until"], known, before=False),
            )
        )
    return (
        pl.concat(found)
        .sort("created", "order_id")
        .with_columns(decision=pl.col("arrival"))
        .join(instruments.select("symbol", "multiplier"), on="symbol", how="left", maintain_order="left")
    )


def _last_marks(day: ReviewDay, symbols: list[str]) -> pl.DataFrame:
    prices = []
    for symbol in symbols:
        marks = frames.mark_rows(day, day.venue.instrument_number(symbol))["mark"].drop_nulls()
        prices.append(float(marks[-1]) if len(marks) else None)
    return pl.DataFrame(
        {"symbol": symbols, "price": prices}, schema={"symbol": pl.String, "price": pl.Float64}
    )


def unsplit(
    fills: pl.DataFrame,
    positions: pl.DataFrame,
    cash: pl.DataFrame,
    splits: pl.DataFrame,
    sizes: pl.DataFrame,
) -> pl.DataFrame:
    """Fills in the units of the end, and each fraction that a split left as one without liquidity.

    Parameters
    ----------
    fills
        `FILLS`.
    positions
        `seq`, `symbol`, `side`, `trade_id`, `position`, in order; a split has no side, and 0 for its trade.
    cash
        `CASH_ENTRIES`.
    splits
        `SPLITS`.
    sizes
        `symbol`, `multiplier`.
    """
    columns = ("seq", "symbol", "side", "liquidity", "price", "quantity", "fee", "mid")
    found = [fills.select(columns).clear()]
    before = pl.col("position").shift(1).over("symbol").fill_null(0.0)
    followed = positions.with_columns(before=before).filter(
        pl.col("side").is_null() & (pl.col("trade_id") == 0) & (pl.col("before") != 0)
    )
    multipliers = dict(sizes.select("symbol", "multiplier").iter_rows())
    for (symbol,), own in fills.select(columns).group_by("symbol", maintain_order=True):
        its = of_symbol(splits, str(symbol))
        left = [own.clear()]
        for seq, had, has in (
            followed.filter(pl.col("symbol") == symbol).select("seq", "before", "position").iter_rows()
        ):
            split = its.filter(pl.col("seq") < seq).row(-1, named=True)
            fraction = had * split["ratio"] - has
            if abs(fraction) > _ROUNDING:
                lieu = cash.filter(
                    (pl.col("symbol") == symbol)
                    & (pl.col("reason") == "CASH_IN_LIEU")
                    & pl.col("seq").is_between(split["seq"], seq)
                )["amount"].sum()
                price = lieu / (fraction * multipliers[symbol])
                side = "SELL" if fraction > 0 else "BUY"
                row = (seq, symbol, side, None, price, abs(fraction), 0.0, price)
                left.append(pl.DataFrame([row], schema=own.schema, orient="row"))
        every = pl.concat([own, *left]).sort("seq", maintain_order=True)
        factor = units_after(every["seq"], its)
        every = every.with_columns(quantity=pl.col("quantity") * factor)
        found.append(restated(every, factor, "price", "mid"))
    return pl.concat(found).sort("seq", maintain_order=True)
