"""The review as a page: what its visitor does, what is read for it, and what is then drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.events import SelectionGeometry, Tap
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Range1d

from dashboards.parts.charts_equity import EquityCharts, equity_charts
from dashboards.parts.charts_price import PriceChart, price_chart
from dashboards.parts.charts_theme import Theme, theme_of
from dashboards.parts.charts_trades import shown_of, trip_columns
from dashboards.parts.review_day import Day, read_day
from dashboards.parts.review_lower import lower_of, what_if_view
from dashboards.parts.review_model import empty_of
from dashboards.parts.review_offline import offline_page
from dashboards.parts.review_replay import at_ns, frame_of
from dashboards.parts.review_source import Looks, NoReviewError, last_of
from dashboards.parts.review_start import Start
from dashboards.parts.review_tables import ROOMY
from dashboards.parts.review_view import ReplayView, ReviewShell
from dashboards.parts.review_work import Work

if TYPE_CHECKING:
    import polars as pl

    from dashboards.parts.review_source import ReviewSource, Session

_TAPE, _LEVELS = 40, 10
_AROUND = 0.6
"""Of its length on either side of a chosen trade the chart shows as much, and at least a minute."""
_AROUND_MS_MIN = 60_000.0


@dataclass(slots=True)
class _Drawn:
    """What was drawn of a day."""

    day: Day
    theme: Theme
    times: Range1d
    trips: ColumnDataSource
    price: PriceChart
    equity: EquityCharts
    begin_ms: float
    end_ms: float


class ReviewPage:
    """A visitor's review.

    Parameters
    ----------
    source
        What they may read.
    session, account
        What they asked for; chosen for them when empty.
    start
        What is shown of it first.
    api
        Where the API is; the page's own server when empty.
    font
        Address of the pages' own font.
    document
        The page's document.
    """

    def __init__(
        self,
        source: ReviewSource,
        session: str,
        account: str,
        *,
        start: Start | None = None,
        api: str = "",
        font: str = "",
        document: Any = None,
    ) -> None:
        self._source = source
        self._asked = session, account
        start = start or Start()
        self._start_ms = start.at_ms
        self.shell = ReviewShell(
            api=api,
            font=font,
            session=session,
            symbol=start.symbol,
            interval=start.interval,
            tab=start.tab,
            sizing_mode="stretch_both",
        )
        self.replay = ReplayView(sizing_mode="stretch_both")
        self._work = Work(document, self._failed)
        self._drawn: _Drawn | None = None
        self._tables: dict[str, Any] = {}
        self._what_if: Any = None
        self._looking = False
        if document is not None:
            document.on_session_destroyed(self._gone)
        shell = self.shell
        shell.param.watch(lambda _: self._begin(), "here")
        shell.param.watch(lambda _: self._ask(), "asked")
        shell.param.watch(lambda _: self._read_market(), ["symbol", "interval"])
        shell.param.watch(lambda _: self._show_tab(), "tab")
        shell.param.watch(lambda _: self._choose([]), "cleared")
        shell.param.watch(lambda _: self._whole(), "whole")
        shell.param.watch(lambda _: self._write_page(), "html_wanted")
        shell.param.watch(lambda _: self._fit(), "tight")
        shell.param.watch(lambda _: self._dress(), "system_dark")
        self.replay.param.watch(lambda _: self._look(), "at_ms")

    def _gone(self, _context: Any) -> None:
        """The browser has gone, and will not come back."""
        self._source.close()

    def _begin(self) -> None:
        """Read the day once the page stands in the browser; a page that comes back has it already."""
        if self._drawn is None and self.shell.state == "loading":
            self._read_day()
            self._work.look("the sessions", partial(_listed, self._source), self.shell.offer)

    def _ask(self) -> None:
        """Go to the day that was chosen."""
        session, account = self.shell.asked
        if self._asked != (session, account):
            self._asked = session, account
            self.shell.param.update(state="loading", sentence="", notice="")
            self._read_day()

    def _read_day(self) -> None:
        asked = self._asked
        self._work.do("the day", partial(_read, self._source, *asked), partial(self._show, asked))

    def _show(self, asked: tuple[str, str], read: tuple[Looks, Day | NoReviewError]) -> None:
        """Draw a day, or say why there is none; a day that is no longer asked for is not shown."""
        if asked != self._asked:
            return
        looks, day = read
        shell = self.shell
        shell.param.update(theme=looks.theme, blind=looks.blind)
        if isinstance(day, NoReviewError):
            shell.fail(day)
            return
        self._what_if = None
        shell.tell(day)
        self._lay_out(asked, day)

    def _theme(self) -> Theme:
        """What the visitor wants to see it in."""
        shell = self.shell
        dark = shell.system_dark if shell.theme == "system" else shell.theme == "dark"
        return theme_of(dark=dark, blind=shell.blind)

    def _dress(self) -> None:
        """Draw the same day anew where what the page is drawn in has changed since."""
        drawn = self._drawn
        if drawn is not None and drawn.theme != self._theme():
            self._lay_out(self._asked, drawn.day)

    def _lay_out(self, asked: tuple[str, str], day: Day) -> None:
        shell = self.shell
        self._drawn = None
        # While the next one is drawn, nothing is there of the last.
        shell.put(price=None, equity=None, drawdown=None, lower=None)
        self._tables.clear()
        self._work.make(
            "the charts",
            partial(_draw, day, self._theme(), shell.symbol, shell.interval),
            partial(self._place, asked),
        )

    def _place(self, asked: tuple[str, str], drawn: _Drawn) -> None:
        """Put the charts into the page."""
        shell = self.shell
        if asked != self._asked:
            return
        self._drawn = drawn
        drawn.trips.selected.indices = list(shell.selected)
        drawn.trips.selected.on_change("indices", self._chosen_in_chart)
        drawn.price.chart.on_event(Tap, self._tapped)
        for chart in (drawn.price.chart, drawn.equity.equity, drawn.equity.drawdown):
            chart.on_event(SelectionGeometry, self._brushed)
        self.replay.begin(drawn.day, shell.symbol)
        if self._start_ms is not None:
            self._go(self._start_ms)
            self._start_ms = None
        price = column(drawn.price.chart, drawn.price.volume, spacing=0, sizing_mode="stretch_both")
        self._work.in_turns(
            partial(shell.put, price=_pane(price)),
            partial(shell.put, equity=_pane(drawn.equity.equity)),
            partial(shell.put, drawdown=_pane(drawn.equity.drawdown)),
            partial(shell.put, replay=self.replay),
            self._placed,
        )
        self._show_tab()

    def _placed(self) -> None:
        self.shell.drawn += 1
        self.replay.placed += 1
        self._look()
        # The system may have changed while this was drawn.
        self._dress()

    def _read_market(self) -> None:
        """Have the chart show the chosen instrument at the chosen interval."""
        drawn, shell = self._drawn, self.shell
        if drawn is None:
            return
        symbol, interval = shell.symbol, shell.interval
        self._work.do(
            "the candles",
            partial(drawn.day.reviewed.candles, symbol, interval),
            partial(self._show_market, drawn, symbol, interval),
        )

    def _show_market(self, drawn: _Drawn, symbol: str, interval: str, candles: pl.DataFrame) -> None:
        if (symbol, interval) != (self.shell.symbol, self.shell.interval) or drawn is not self._drawn:
            return
        _fill(drawn, symbol, interval, candles)
        self.replay.decimals = drawn.day.instrument(symbol).decimals
        self._look()
        if self.shell.tab == "what-if":
            self._show_tab()

    def _look(self) -> None:
        """Read the market at the instant of the slider; while that is done only the last wish is kept."""
        drawn = self._drawn
        if drawn is None or self._looking:
            return
        self._looking = True
        at_ms, symbol = self.replay.at_ms, self.shell.symbol
        self._work.look(
            "the book", partial(_frame, drawn.day, symbol, at_ms), partial(self._seen, symbol, at_ms)
        )

    def _seen(self, symbol: str, at_ms: float, frame: dict[str, Any] | NoReviewError) -> None:
        self._looking = False
        if isinstance(frame, NoReviewError):
            self.shell.notice = frame.sentence
            return
        self.shell.notice = ""
        self.replay.frame = frame
        if (symbol, at_ms) != (self.shell.symbol, self.replay.at_ms):
            self._look()

    def _tapped(self, event: Any) -> None:
        """A click on the chart goes to its time, and one on a trade's line chooses that too."""
        if event.x is not None:
            self._go(float(event.x))

    def _go(self, at_ms: float) -> None:
        """Show an instant, or what of the day is nearest to it."""
        self.replay.at_ms = min(max(at_ms, self.replay.start_ms), self.replay.end_ms)

    def _brushed(self, event: Any) -> None:
        """A span of time that was marked chooses the trades in it."""
        drawn, where = self._drawn, event.geometry
        if drawn is None or not event.final or where.get("type") != "rect":
            return
        self._choose(self.shell.trips_between(drawn.day, where["x0"], where["x1"]))

    def _chosen_in_chart(self, _attribute: str, _old: list[int], new: list[int]) -> None:
        self._choose(new)

    def _chosen_in_table(self, rows: list[int]) -> None:
        new = sorted(rows) != self.shell.selected
        self._choose(rows)
        if new and len(rows) == 1:
            self._go_to(rows[0])

    def _choose(self, rows: list[int]) -> None:
        """Have trades chosen in all charts and in the table."""
        drawn = self._drawn
        if drawn is None or sorted(rows) == self.shell.selected:
            # Each of them tells of what it was told.
            return
        self.shell.choose(drawn.day, rows)
        known = self.shell.selected
        self._work.soon(partial(drawn.trips.selected.update, indices=known))
        table = self._tables.get("trades")
        if table is not None and sorted(table.selection) != known:
            table.selection = known

    def _go_to(self, row: int) -> None:
        """Bring a trade into the middle of the chart, and the replay to its beginning."""
        drawn = self._drawn
        if drawn is None:
            return
        data = drawn.trips.data
        symbol = str(data["symbol"][row])
        begin, end = float(data["opened"][row]), float(data["closed"][row])
        around = max((end - begin) * _AROUND, _AROUND_MS_MIN)
        self._work.soon(partial(drawn.times.update, start=begin - around, end=end + around))
        self.shell.symbol = symbol
        self.replay.at_ms = begin

    def _whole(self) -> None:
        drawn = self._drawn
        if drawn is not None:
            self._work.soon(partial(drawn.times.update, start=drawn.begin_ms, end=drawn.end_ms))

    def _show_tab(self) -> None:
        """Show what the chosen tab is about; it is made when it is first looked at."""
        drawn, shell = self._drawn, self.shell
        if drawn is None:
            return
        tab = shell.tab
        shell.empty = empty_of(tab, drawn.day)
        if shell.empty:
            shell.put(lower=None)
        elif tab == "what-if":
            self._show_what_if(drawn)
        else:
            if tab in self._tables:
                self._put_lower(tab)
                return
            self._work.make(
                "the table",
                partial(lower_of, tab, drawn.day, drawn.trips, drawn.theme),
                partial(self._made, drawn, tab),
            )

    def _made(self, drawn: _Drawn, tab: str, made: Any) -> None:
        """Keep what a tab shows, and show it unless another was chosen meanwhile."""
        if drawn is not self._drawn or tab in self._tables:
            return
        self._tables[tab] = made
        self._fit()
        if tab == "trades":
            made.selection = list(self.shell.selected)
            made.param.watch(lambda event: self._chosen_in_table(event.new), "selection")
        if tab == self.shell.tab:
            self._put_lower(tab)

    def _fit(self) -> None:
        """Leave columns of tables out where there is no room for all of them."""
        for tab, columns in ROOMY.items():
            table = self._tables.get(tab)
            if table is not None:
                table.hidden_columns = list(columns) if self.shell.tight else []

    def _put_lower(self, tab: str) -> None:
        self.shell.put(lower=self._tables[tab])
        self.shell.shown_tab = tab

    def _show_what_if(self, drawn: _Drawn) -> None:
        """The market without own orders: the session is run twice for it, which takes its time."""
        shell = self.shell
        if self._what_if is None:
            shell.put(lower=None)
            shell.empty = [
                "Running the day without your orders…",
                "The whole session is run twice; this takes seconds.",
            ]
            self._work.do(
                "the market without own orders",
                partial(_without, self._source, drawn.day),
                self._what_if_known,
            )
        elif isinstance(self._what_if, NoReviewError):
            shell.put(lower=None)
            shell.empty = ["No market without own orders", self._what_if.sentence]
        else:
            view = what_if_view(self._what_if, drawn.day, shell.symbol, drawn.times, drawn.theme)
            shell.put(lower=view)

    def _what_if_known(self, result: Any) -> None:
        self._what_if = result
        if self.shell.tab == "what-if":
            self._show_tab()

    def _write_page(self) -> None:
        """Write the page that needs no server; it is big, so it is made when somebody wants it."""
        drawn, shell = self._drawn, self.shell
        if drawn is None:
            return
        self._work.make(
            "the page",
            partial(offline_page, drawn.day, drawn.theme, shell.symbol, shell.interval),
            self._written,
        )

    def _written(self, page: str) -> None:
        # One after the other: the browser takes the page when it is told that it is done.
        self.shell.html_page = page
        self.shell.html_done += 1

    def _failed(self, what: str) -> None:
        """Say that something went wrong which nobody expected."""
        self._looking = False
        if self.shell.state == "loading":
            self.shell.fail(NoReviewError("failed", "The day could not be read; the server's log says why."))
        else:
            self.shell.param.update(
                notice=f"Reading {what} went wrong; the server's log says why.",
                html_done=self.shell.html_done + 1,
            )


def _read(source: ReviewSource, session: str, account: str) -> tuple[Looks, Day | NoReviewError]:
    """Everything of a day, on a thread."""
    looks = Looks("system")
    try:
        looks = source.looks()
        return looks, read_day(source.open(session or last_of(source.sessions()), account))
    except NoReviewError as error:
        return looks, error


def _listed(source: ReviewSource) -> tuple[Session, ...]:
    """Sessions to choose from; none where they cannot be known, for the day itself says why."""
    try:
        return source.sessions()
    except NoReviewError:
        return ()


def _draw(day: Day, theme: Theme, symbol: str, interval: str) -> _Drawn:
    """Everything that is drawn at once, on a thread: Bokeh's models belong to nobody yet."""
    replay = ReplayView()
    replay.begin(day, symbol)
    begin, end = replay.start_ms, replay.end_ms
    room = (end - begin) * 0.01
    times = Range1d(start=begin - room, end=end + room, name="times")
    zone, currency = day.about.zone, day.about.currency
    trips = ColumnDataSource(
        trip_columns(day.trips, theme, zone=zone, currency=currency, symbol=symbol, end_ms=end),
        name="trips-in-time",
    )
    drawn = _Drawn(
        day,
        theme,
        times,
        trips,
        price_chart(times, trips, theme),
        equity_charts(day.equity, day.drawdowns, times, theme, zone=zone, currency=currency, end_ms=end),
        begin - room,
        end + room,
    )
    _fill(drawn, symbol, interval, day.reviewed.candles(symbol, interval))
    return drawn


def _fill(drawn: _Drawn, symbol: str, interval: str, candles: pl.DataFrame) -> None:
    """Fill the price chart with an instrument."""
    day = drawn.day
    fills = day.fills.filter(day.fills["symbol"] == symbol)
    orders = day.orders.filter(day.orders["symbol"] == symbol)
    instrument = day.instrument(symbol)
    drawn.price.show(
        candles,
        fills,
        orders,
        zone=day.about.zone,
        interval=interval,
        decimals=instrument.decimals,
        end_ms=drawn.end_ms,
    )
    drawn.trips.patch({"shown": [(slice(None), shown_of(drawn.trips, symbol))]})


def _frame(day: Day, symbol: str, at_ms: float) -> dict[str, Any] | NoReviewError:
    """The market at an instant, on a thread."""
    at = at_ns(day, at_ms)
    try:
        return frame_of(
            day, at_ms, day.reviewed.book(symbol, at, _LEVELS), day.reviewed.tape(symbol, at, _TAPE)
        )
    except NoReviewError as error:
        return error


def _without(source: ReviewSource, day: Day) -> Any:
    try:
        return source.what_if(day.reviewed)
    except NoReviewError as error:
        return error


def _pane(chart: Any) -> Any:
    return pn.pane.Bokeh(chart, sizing_mode="stretch_both")
