"""The replay of a day: the instant that is shown, and the market as it stood then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param

from dashboards.parts.charts_time import clock, local_ms, offset_ms

if TYPE_CHECKING:
    import polars as pl

    from dashboards.parts.review_day import Day
    from workbench.analytics.records import BookAt

_NS = 1_000_000


class ReplayModel(param.Parameterized):
    """The parameters of the replay: an instant, and the market as it stood then."""

    start_ms = param.Number(0, doc="When the day begins, in milliseconds of the session's own clock.")
    end_ms = param.Number(1)
    at_ms = param.Number(0, doc="The instant that is shown.")
    zone = param.String("UTC")
    currency = param.String("")
    decimals = param.Integer(2, doc="Of the instrument's prices.")
    fill_times = param.List([], doc="When the account traded.")
    frame = param.Dict({}, doc="What stood then.")
    placed = param.Integer(0, doc="Raised when charts are in their places, whose lines stand at the instant.")

    def begin(self, day: Day, symbol: str) -> None:
        """Take a day in, at an instrument."""
        zone = day.about.zone
        start = day.begin_ns / _NS + offset_ms(day.begin_ns, zone)
        end = day.about.end_ns / _NS + offset_ms(day.about.end_ns, zone)
        times = local_ms(day.fills["time"], zone).tolist()
        self.param.update(
            start_ms=start,
            end_ms=max(end, start + 1),
            at_ms=times[0] if times else start,
            zone=zone,
            currency=day.about.currency,
            decimals=day.instrument(symbol).decimals,
            fill_times=sorted(set(times)),
        )


def at_ns(day: Day, at_ms: float) -> int:
    """An instant of the session's own clock as nanoseconds since 1970 UTC.

    A fill's own instant must be among what had happened by then, and milliseconds of a double do not name it
    exactly: the rest of its millisecond is taken in.
    """
    guess = int(at_ms * _NS) - offset_ms(day.about.start_ns, day.about.zone) * _NS
    exact = guess - (offset_ms(guess, day.about.zone) - offset_ms(day.about.start_ns, day.about.zone)) * _NS
    return min(exact + _NS - 1, day.about.end_ns)


def frame_of(day: Day, at_ms: float, book: BookAt, tape: pl.DataFrame) -> dict[str, Any]:
    """The market at an instant, as the replay draws it."""
    zone = day.about.zone
    columns = ("price", "quantity", "orders", "own_quantity")
    own = book.own.with_columns(clock(book.own["since"], zone).alias("since"))
    own = own.with_columns(own["order"].fill_null(own["order_id"].cast(own["order"].dtype)).alias("order"))
    seen = tape.with_columns(clock(tape["time"], zone).alias("time"))
    pnl = day.equity.filter(day.equity["time"].dt.epoch("ns") <= book.at_ns)["pnl"].tail(1).to_list()
    return {
        "at_ms": at_ms,
        "symbol": book.symbol,
        "phase": book.phase,
        "last": book.last_price,
        "position": book.position,
        "pnl": pnl[0] if pnl else 0.0,
        "bids": [list(row) for row in book.bids.select(columns).rows()],
        "asks": [list(row) for row in book.asks.select(columns).rows()],
        "own": own.drop("order_id").to_dicts(),
        "tape": [list(row) for row in seen.select("time", "price", "quantity", "side", "own_side").rows()],
    }
