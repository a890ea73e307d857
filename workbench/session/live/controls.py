"""What is done to a session beside sending commands: joining, news, its states, its speed, its board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.domain.codes import SessionState
from workbench.domain.commands import ALL, announce
from workbench.domain.records import Records
from workbench.errors import SessionError
from workbench.session.hours import WALL
from workbench.session.live.answer import Announcement, Seat
from workbench.session.live.clock import ExchangeClock, check_speed
from workbench.session.live.market import Market
from workbench.session.live.remarks import Remark

Done = Callable[[Any], None]
"""Called with a result or with the exception in its place."""


@dataclass(slots=True)
class Turn:
    """What one turn of the session's thread puts into the journal.

    Attributes
    ----------
    time_ns
        Exchange time that has come.
    commands
        In order.
    remark
        What goes with them.
    promised
        Accounts that this turn gives away.
    """

    time_ns: int
    commands: list[Records] = field(default_factory=list)
    remark: Remark = field(default_factory=Remark)
    promised: set[int] = field(default_factory=set)


class Place(NamedTuple):
    """The session that something is done to.

    Attributes
    ----------
    name
        Its name.
    market, clock
        Its market and its clock.
    """

    name: str
    market: Market
    clock: ExchangeClock


class Control:
    """One such request.

    `prepare` adds to the turn or refuses; `finish` is called once all of it is durable and has happened.
    """

    done: Done

    def prepare(self, place: Place, turn: Turn) -> None:
        """Add commands and remarks, or raise what is to be answered."""
        raise NotImplementedError

    def finish(self, place: Place) -> Any:
        """What to answer."""
        raise NotImplementedError


JOINABLE = frozenset({SessionState.LOBBY, SessionState.PRE_OPEN, SessionState.OPEN, SessionState.PAUSED})


@dataclass(slots=True)
class Join(Control):
    """Somebody sits down."""

    user: str
    person: str
    done: Done

    def prepare(self, place: Place, turn: Turn) -> None:
        """Promise a seat, unless they have one."""
        market = place.market
        where = f"session {place.name!r}"
        if market.register.seat_of(self.user) is not None or any(
            user == self.user for _, user, _ in turn.remark.seats
        ):
            return
        state = market.lifecycle.state
        late = market.street.opened_ns and not market.opening.scenario.seats.late
        if state not in JOINABLE or late:
            why = "takes nobody after the open" if late else f"is {state.name} and takes nobody"
            raise SessionError(why, where, "join another session, or ask who runs it for a seat")
        account = market.register.free_account(turn.promised)
        if account is None:
            count = len(market.register.accounts)
            raise SessionError(
                f"all of its {count} seats are taken" if count else "has no seats",
                where,
                "ask who runs it for a session made with a higher count in [seats]",
            )
        turn.promised.add(account)
        turn.remark.seats.append((account, self.user, self.person))

    def finish(self, place: Place) -> Seat:
        """The seat."""
        seat = place.market.register.seat_of(self.user)
        assert seat is not None
        return seat


@dataclass(slots=True)
class Announce(Control):
    """News."""

    headline: str
    body: str
    symbols: Sequence[str]
    author: str
    done: Done
    number: int = 0

    def prepare(self, place: Place, turn: Turn) -> None:
        """Put its number among the commands and its text beside them."""
        venue, register = place.market.opening.venue, place.market.register
        instruments = [venue.instrument_number(symbol) for symbol in self.symbols]
        self.number = len(register.announcements) + len(turn.remark.news) + 1
        instrument = instruments[0] if len(instruments) == 1 else ALL
        turn.commands.append(announce(turn.time_ns, self.number, instrument))
        turn.remark.news.append(
            (self.number, turn.time_ns, self.headline, self.body, tuple(self.symbols), self.author)
        )

    def finish(self, place: Place) -> Announcement:
        """The announcement."""
        return place.market.register.announcements[self.number - 1]


@dataclass(slots=True)
class SetSpeed(Control):
    """Another speed."""

    speed: float | None
    done: Done

    def prepare(self, place: Place, turn: Turn) -> None:
        """Note it."""
        if place.market.opening.epoch == WALL and self.speed != 1.0:
            raise SessionError(
                "shows the wall's time, which runs at 1",
                f"session {place.name!r}",
                'say epoch = "sim" in [live]',
            )
        turn.remark.speed = (check_speed(self.speed),)

    def finish(self, place: Place) -> None:
        """Have the clock run at it."""
        place.clock.set_speed(self.speed)


@dataclass(slots=True)
class SetBoard(Control):
    """The leaderboard hidden from all who do not run the session, or shown to them, perhaps late."""

    hidden: bool
    delay_ns: int
    done: Done

    def prepare(self, place: Place, turn: Turn) -> None:  # noqa: ARG002 - every control takes the place
        """Note it."""
        turn.remark.board_hidden = self.hidden
        turn.remark.board_delay_ns = self.delay_ns

    def finish(self, place: Place) -> None:
        """The remark has done it."""


@dataclass(slots=True)
class Move(Control):
    """Another state.

    Attributes
    ----------
    state
        The state to go to.
    by_auction
        Whether a market that was paused reopens by an auction.
    time_ns
        When it happens.
    opens
        Whether this opens the market for the first time.
    """

    state: SessionState
    by_auction: bool
    done: Done
    time_ns: int = 0
    opens: bool = False

    def prepare(self, place: Place, turn: Turn) -> None:
        """Check it, and put the changes of phases and the state among the commands."""
        market = place.market
        lifecycle, opening, street = market.lifecycle, market.opening, market.street
        lifecycle.check(self.state, place.name)
        self.time_ns = turn.time_ns
        self.opens = self.state == SessionState.OPEN and not street.opened_ns
        if opening.epoch != WALL and not street.opened_ns:
            if self.opens:
                self.time_ns = max(self.time_ns, opening.open_ns)
            elif self.state == SessionState.PRE_OPEN:
                self.time_ns = max(self.time_ns, opening.open_ns - opening.scenario.hours.pre_open_ns)
        turn.commands.append(
            lifecycle.commands(
                self.state,
                self.time_ns,
                by_auction=self.by_auction,
                auction_ns=opening.scenario.hours.auction_ns,
            )
        )
        remark = turn.remark
        remark.state = int(self.state)
        if self.state == SessionState.PAUSED:
            remark.phases = [int(phase) for phase in lifecycle.phases]
        if self.opens:
            remark.open_ns = self.time_ns
            remark.open_commands = sum(map(len, turn.commands))
        elif lifecycle.state == SessionState.LOBBY and self.state == SessionState.PRE_OPEN:
            remark.start_ns = self.time_ns

    def finish(self, place: Place) -> None:
        """Have the clock and the street follow."""
        clock = place.clock
        if self.state in (SessionState.PRE_OPEN, SessionState.OPEN):
            clock.resume(self.time_ns)
        elif self.state != SessionState.LOBBY:
            clock.pause(self.time_ns)
        elif place.market.opening.epoch == WALL:
            clock.resume(self.time_ns)
