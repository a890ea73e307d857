"""A replay that is recorded as a session: what `workbench.replay` is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date as Date  # noqa: N812 - `date` is a parameter

from workbench.domain.config import ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.limits import Limits
from workbench.engine import replay as engine
from workbench.engine.replay import Price, Recorder, Replay
from workbench.engine.sources import Source
from workbench.feed.bar_path import SYNTHETIC_BARS, BarPath
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.ticks import TickRules
from workbench.session.recorded import RecordedSession


def replay(
    *sources: Source,
    cash: Price = 100_000,
    mode: str | ReplayMode = "responsive",
    symbol: str = "",
    date: Date | None = None,
    zone: str = "",
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    rules: TickRules | None = None,
    limits: Limits | None = None,
    fees: FeeSchedule | None = None,
    short: bool = True,
    account: str = "me",
    bars: str | BarPath = "",
    exact: bool = False,
    data: str | os.PathLike[str] | None = None,
    imported: bool = True,
    session: str = "",
) -> Replay:
    """Put recorded history into an exchange and give us an account in it.

    Parameters
    ----------
    sources
        Files of order flow, trades or quotes, each of one instrument; a tuple of files that belong together;
        or histories. Files of trades and quotes whose names differ in that word alone are put together.
    cash
        Our cash at the start, in account currency.
    mode
        `"responsive"`: our orders move the market. `"frozen"`: history happens as recorded, and our orders
        fill by their place in its queues.
    symbol, date
        The stock of an ITCH file to replay, and the file's day where its name does not tell it; the same of
        tables of trades and quotes.
    zone
        IANA time zone of the market; told from the kind of source unless given.
    columns
        Our name of a column to the file's, for text tables of trades and quotes (see docs/csv.md).
    layout, rules
        What else such tables do not say by themselves.
    limits, fees, short
        Pre-trade limits of our account, fees of all instruments, and whether we may sell short.
    account
        Name of our account.
    bars
        "synthetic", or a `BarPath`: have files of bars replayed along an invented path inside each bar.
    exact
        Whether tables hold Decimal instead of Float64.
    data
        The data root whose datasets are meant, and where a session is recorded; $WORKBENCH_DATA, else `var`
        in the current folder, unless given.
    imported
        Whether a file that was imported with the same options is read from its dataset, which is equal and
        faster (`Replay.datasets` tells).
    session
        Record everything, our own orders too, under this name (docs/sessions.md); `close` or `seal` the
        replay when it is over.

    Raises
    ------
    SourceError
        For a file that cannot be read.
    StoreError
        When there is a session of that name.
    """

    def recorder(venue: Venue, zone: str) -> Recorder:
        source = ", ".join(_name(each) for each in sources)
        kind = SYNTHETIC_BARS if bars else "replay"
        return RecordedSession.create(data, session, venue, zone=zone, kind=kind, source=source)

    return engine.replay(
        *sources,
        cash=cash,
        mode=mode,
        symbol=symbol,
        date=date,
        zone=zone,
        columns=columns,
        layout=layout,
        rules=rules,
        limits=limits,
        fees=fees,
        short=short,
        account=account,
        bars=bars,
        exact=exact,
        data=data,
        imported=imported,
        recorder=recorder if session else None,
    )


def _name(source: Source) -> str:
    if isinstance(source, History):
        return source.source
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return ", ".join(os.fspath(file) for file in source)
