"""Account days out of recorded sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.equity import drawdowns
from workbench.analytics.markouts import markout_curve
from workbench.analytics.statistic import AccountDay
from workbench.analytics.summary import summary
from workbench.domain.config import FIRST_TRADER
from workbench.errors import JournalError, ReportError, SessionError, StoreError
from workbench.reporting.days import PATHS, Day, Days, Source, under_water
from workbench.reporting.kept import Folded, Index, Kept
from workbench.reporting.selection import Chosen, Selection
from workbench.session import review_frames as frames
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import Recording, stored_recording


def load(selection: Selection) -> Days:
    """Read what a report is about; a session of several days is cut into them.

    What a sealed session comes to never changes, so it is computed once and kept
    (`workbench.reporting.kept`).

    Raises
    ------
    ReportError
        When recorded data cannot be read, or sessions have different currencies or time zones.
    """
    days: list[Day] = []
    sources: list[Source] = []
    places: set[tuple[str, str]] = set()
    for chosen in selection.sessions:
        try:
            found = _session(chosen)
        except (StoreError, JournalError, SessionError) as error:
            raise ReportError("data", error.what, error.where or chosen.stored.name, error.remedy) from error
        sources.append(found.source)
        places.add((found.zone, found.currency))
        days.extend(each for each in found.days if selection.has(each.date))
    if len(places) > 1:
        several = ", ".join(" ".join(each) for each in sorted(places))
        raise ReportError(
            "data",
            f"the sessions have several time zones or currencies: {several}",
            remedy="name one session, or a class whose sessions are alike",
        )
    days.sort(key=lambda each: (each.date, each.session, each.account))
    zone, currency = next(iter(places), ("", ""))
    return Days(selection, tuple(days), tuple(sources), zone, currency)


def _session(chosen: Chosen) -> Folded:
    """One session, from what is kept of it or from its events.

    Reports of one account after another are what a close of day makes, so who asks for a second account of a
    session has everybody's computed at once.
    """
    kept = Kept(chosen.stored)
    found = kept.read(chosen.account)
    if found is not None:
        return found
    with kept.alone():
        found = kept.read(chosen.account)
        return found if found is not None else _fold(chosen, kept)


def _fold(chosen: Chosen, kept: Kept) -> Folded:
    stored = chosen.stored
    recording = stored_recording(stored.name, stored.folder.parents[1])
    made = ReviewDay(recording)
    everybody = _everybody(made, recording)
    wanted = everybody if chosen.account is None or kept.begun else []
    numbers = sorted({*wanted, *([] if chosen.account is None else [chosen.account])})
    commands = recording.commands()
    currencies = [each.currency for each in recording.venue.instruments]
    index = Index(
        source=Source(
            session=stored.name,
            title=stored.title,
            journal_hash=blake2b(commands.tobytes(), digest_size=16).hexdigest(),
            commands=len(commands),
            events=stored.manifest.events,
            state_hash=stored.manifest.state_hash,
        ),
        zone=recording.zone,
        currency=currencies[0] if currencies else "",
        everybody=everybody,
    )
    days = {}
    for number in numbers:
        review = Review(made, number)
        seat = recording.seat_in(number)
        days[number] = list(_days(review, "" if seat is None else seat.user, paths_of(made, review)))
    kept.write(index, days)
    asked = numbers if chosen.account is None else [chosen.account]
    return Folded(
        index.source, index.zone, index.currency, [each for number in asked for each in days[number]]
    )


def _everybody(made: ReviewDay, recording: Recording) -> list[int]:
    """Accounts of the class: where people sat, or in a session without people all that sent an order."""
    seated = sorted({seat.account for seat in recording.seats})
    if seated:
        return seated
    active = set(made.orders["account"].unique().to_list())
    accounts = enumerate(recording.venue.accounts, FIRST_TRADER)
    return [number for number, account in accounts if account.name in active]


def _days(review: Review, user_id: str, paths: pl.DataFrame) -> Iterator[Day]:
    """The days of an account's session."""
    about = review.about
    start_ns, end_ns = about.open_ns or about.start_ns, about.end_ns
    zone = ZoneInfo(about.zone)
    first, last = (_date(each, zone) for each in (start_ns, end_ns))
    execution = review.trading().execution
    missed, cash = execution.shortfall, execution.cash
    whole = AccountDay(
        curve=review.equity(),
        drawdowns=review.drawdowns(),
        round_trips=review.round_trips(),
        fills=review.fills().filter(~pl.col("busted")),
        orders=review.orders(),
        markout_curve=review.markout_curve(),
        sizes=review.instruments().select("symbol", "multiplier", "increment", "volume"),
        start_ns=start_ns,
        end_ns=end_ns,
    )
    if first == last:
        yield Day(
            about.session,
            about.account,
            about.user,
            user_id,
            first,
            whole,
            review.markouts(),
            missed,
            cash,
            paths,
            review.summary(),
        )
        return
    day = first
    while day <= last:
        cut = _cut(whole, review, missed, cash, paths, day, zone)
        if cut is not None:
            yield Day(about.session, about.account, about.user, user_id, day, *cut)
        day += timedelta(days=1)


def paths_of(made: ReviewDay, review: Review) -> pl.DataFrame:
    """`PATHS` of an account's session, at the times of its equity."""
    curve = review.equity().select("time", "seq")
    positions = frames.position_rows(made, review.about.account)
    fills = review.fills().filter(~pl.col("busted"))
    found = [pl.DataFrame(schema=PATHS)]
    for row in review.instruments().iter_rows(named=True):
        symbol = row["symbol"]
        held = positions.filter(pl.col("symbol") == symbol).select("seq", "position", "cost", "realised")
        if held.is_empty():
            continue
        number = made.venue.instrument_number(symbol)
        marks = frames.mark_rows(made, number).select("seq", "mark")
        paid = fills.filter(pl.col("symbol") == symbol).select("seq", fees=pl.col("fee").cum_sum())
        path = curve.sort("seq")
        for known in (held, marks, paid):
            path = path.join_asof(known, on="seq", strategy="backward", check_sortedness=False)
        worth = pl.when(pl.col("position") == 0).then(0.0).otherwise(pl.col("position") * pl.col("mark"))
        made_so_far = (
            pl.col("realised") + worth * row["multiplier"] - pl.col("cost") - pl.col("fees").fill_null(0.0)
        )
        found.append(
            path.select(
                "time",
                symbol=pl.lit(symbol),
                # Where there is no mark yet, what was known last is what is known.
                pnl=made_so_far.forward_fill().fill_null(0.0).round(6),
            )
        )
    return pl.concat(found)


def _date(at_ns: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_ns / 1e9, zone).date()


def _cut(
    whole: AccountDay,
    review: Review,
    missed: pl.DataFrame,
    cash: pl.DataFrame,
    paths: pl.DataFrame,
    day: date,
    zone: ZoneInfo,
) -> tuple[AccountDay, pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame] | None:
    """One day of a session of several; None when nothing is known of it.

    Trades belong to the day on which they ended, open ones to the session's last.
    """
    begin, end = (
        int(datetime(each.year, each.month, each.day, tzinfo=zone).timestamp()) * 10**9
        for each in (day, day + timedelta(days=1))
    )

    def within(column: str) -> pl.Expr:
        at = pl.col(column).dt.epoch("ns")
        return (at >= begin) & (at < end)

    marked = review.markouts()
    rows = whole.curve.filter(within("time"))
    before = whole.curve.filter(pl.col("time").dt.epoch("ns") < begin)
    if rows.is_empty():
        return None
    start_ns, end_ns = max(begin, whole.start_ns), min(end, whole.end_ns)
    if len(before):
        carried = before[-1:].with_columns(time=pl.lit(begin).cast(TIME))
        rows = pl.concat([carried, rows])
    for name in ("pnl", "realised", "fees"):
        rows = rows.with_columns((pl.col(name) - pl.col(name).first()).round(6))
    curve = under_water(rows)
    ended = pl.coalesce("closed", pl.lit(whole.end_ns).cast(TIME))
    trips = whole.round_trips.with_columns(_ended=ended).filter(within("_ended")).drop("_ended")
    fills = whole.fills.filter(within("time"))
    marks = marked.filter(within("time"))
    volumes = [
        float(review.candles(symbol, "1d").filter(within("time"))["volume"].sum())
        for symbol in whole.sizes["symbol"]
    ]
    sizes = whole.sizes.with_columns(volume=pl.Series(volumes, dtype=pl.Float64))
    cut = AccountDay(
        curve=curve,
        drawdowns=drawdowns(curve, end_ns),
        round_trips=trips,
        fills=fills,
        orders=whole.orders.filter(within("created")),
        markout_curve=markout_curve(fills, marks, whole.sizes),
        sizes=sizes,
        start_ns=start_ns,
        end_ns=end_ns,
    )
    made = paths.filter(pl.col("time").dt.epoch("ns") < begin).group_by("symbol").last()
    carried_paths = made.select(pl.lit(begin).cast(TIME).alias("time"), "symbol", "pnl")
    paths_within = pl.concat([carried_paths, paths.filter(within("time"))])
    entries = cash.filter(within("time"))
    return cut, marks, missed.filter(within("created")), entries, paths_within, summary(cut)
