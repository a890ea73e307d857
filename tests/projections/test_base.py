"""What all projections have in common: sequence, splits, checkpoints, damage."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projections.recordings import VENUES, recorded
from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, EVENT, Records
from workbench.errors import ProjectionError
from workbench.projections.base import Layout, Projection, State
from workbench.projections.equity import Equity
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.standings import Standings
from workbench.projections.trades import Trades

GRID_NS = 20_000_000


class Subject(NamedTuple):
    """A projection, how it is made, and all that it has to say."""

    kind: type[Projection]
    make: Callable[[Venue], Any]
    tables: Callable[[Any], list[pa.Table]]


SUBJECTS = {
    "orders": Subject(Orders, Orders, lambda it: [it.take_rows(), it.remaining_rows()]),
    "all orders": Subject(
        Orders, lambda venue: Orders(venue, street=True), lambda it: [it.take_rows(), it.remaining_rows()]
    ),
    "round trips": Subject(Trades, Trades, lambda it: [it.take_round_trips(), it.remaining_round_trips()]),
    "closed lots": Subject(Trades, Trades, lambda it: [it.take_closed_lots()]),
    "positions": Subject(Positions, Positions, lambda it: [it.take_rows()]),
    "equity": Subject(
        Equity,
        lambda venue: Equity(venue, interval_ns=GRID_NS),
        lambda it: [it.take_rows(), it.remaining_rows()],
    ),
    "standings": Subject(
        Standings, lambda venue: Standings(venue, interval_ns=GRID_NS), lambda it: [it.table()]
    ),
}
EVERY = pytest.mark.parametrize("name", SUBJECTS)
STREAMS = [("thin money", "calm"), ("money frozen", "day"), ("full", "terms"), ("bare", "day")]
COUNT = 250


class Run(NamedTuple):
    """What a projection says and holds after all events, taken in at once."""

    events: Records
    checkpoint: bytes
    table: pa.Table


@functools.cache
def straight(name: str, stream: tuple[str, str]) -> Run:
    subject, recording = SUBJECTS[name], recorded(*stream, 3, COUNT)
    projection = subject.make(recording.venue)
    projection.apply(recording.events)
    data = projection.checkpoint()
    return Run(recording.events, data, pa.concat_tables(subject.tables(projection)).combine_chunks())


@pytest.mark.kernel
@EVERY
@given(stream=st.sampled_from(STREAMS), cuts=st.lists(st.floats(0, 1), max_size=6))
def test_any_split_into_batches_gives_the_same_state_and_rows(
    name: str, stream: tuple[str, str], cuts: list[float]
) -> None:
    run, subject = straight(name, stream), SUBJECTS[name]
    projection = subject.make(VENUES[stream[0]])
    for part in np.split(run.events, sorted(int(cut * len(run.events)) for cut in cuts)):
        projection.apply(part)
    assert projection.seq == run.events["seq"][-1]
    assert projection.checkpoint() == run.checkpoint
    assert pa.concat_tables(subject.tables(projection)).combine_chunks().equals(run.table)


@pytest.mark.kernel
@EVERY
@given(stream=st.sampled_from(STREAMS), where=st.floats(0, 1))
def test_a_restored_one_goes_on_as_if_nothing_had_happened(
    name: str, stream: tuple[str, str], where: float
) -> None:
    run, subject = straight(name, stream), SUBJECTS[name]
    venue, cut = VENUES[stream[0]], int(where * len(run.events))
    before = subject.make(venue)
    before.apply(run.events[:cut])
    data = before.checkpoint()
    projection = subject.kind.restore(venue, data)
    assert projection.seq == cut
    assert projection.checkpoint() == data
    projection.apply(run.events[cut:])
    assert projection.checkpoint() == run.checkpoint
    assert pa.concat_tables(subject.tables(projection)).combine_chunks().equals(run.table)


@pytest.mark.parametrize("name", [name for name in SUBJECTS if name != "standings"])
def test_rows_taken_on_the_way_are_those_taken_at_the_end(name: str) -> None:
    stream = STREAMS[0]
    run, subject = straight(name, stream), SUBJECTS[name]
    projection, tables = subject.make(VENUES[stream[0]]), []
    for part in np.array_split(run.events, 7):
        projection.apply(part)
        tables.append(subject.tables(projection)[0])
    tables += subject.tables(projection)[1:]
    assert pa.concat_tables(tables).combine_chunks().equals(run.table)


@EVERY
def test_events_it_has_had_change_nothing(name: str) -> None:
    run, subject = straight(name, STREAMS[0]), SUBJECTS[name]
    projection = subject.make(VENUES[STREAMS[0][0]])
    middle = len(run.events) // 2
    projection.apply(run.events[:middle])
    projection.apply(run.events[:middle])
    projection.apply(run.events[: middle - 5])
    projection.apply(run.events[middle - 20 :])
    projection.apply(run.events[:0])
    assert projection.checkpoint() == run.checkpoint


@EVERY
def test_a_gap_is_refused_and_nothing_is_taken_in(name: str) -> None:
    run, subject = straight(name, STREAMS[0]), SUBJECTS[name]
    projection = subject.make(VENUES[STREAMS[0][0]])
    projection.apply(run.events[:100])
    before = projection.checkpoint()
    sentence = r"event 102 came after event 100, expected 101; apply the events in order"
    with pytest.raises(ProjectionError, match=sentence):
        projection.apply(run.events[101:])
    with pytest.raises(ProjectionError, match="event 132 came after event 130, expected 131"):
        projection.apply(np.delete(run.events, 130)[90:150])
    with pytest.raises(ProjectionError, match="event 119 came after event 120"):
        projection.apply(run.events[100:140][[*range(20), *range(18, 30)]])
    assert projection.checkpoint() == before
    projection.apply(run.events[100:])
    assert projection.checkpoint() == run.checkpoint


@EVERY
def test_only_events_are_taken_in(name: str) -> None:
    projection = SUBJECTS[name].make(VENUES["full"])
    with pytest.raises(ProjectionError, match="takes a row of EVENT records"):
        projection.apply(np.zeros(1, dtype=COMMAND))
    with pytest.raises(ProjectionError, match=r"of shape \(1, 1\)"):
        projection.apply(np.zeros((1, 1), dtype=EVENT))


def test_events_read_from_a_file_need_no_copy_by_the_caller() -> None:
    run = straight("positions", STREAMS[0])
    data = b"12345" + run.events.tobytes()
    projection = Positions(VENUES[STREAMS[0][0]])
    projection.apply(np.frombuffer(data, dtype=EVENT, offset=5))
    assert projection.checkpoint() == run.checkpoint


@EVERY
@given(data=st.data())
def test_damage_is_refused(name: str, data: st.DataObject) -> None:
    run, subject = straight(name, STREAMS[0]), SUBJECTS[name]
    bad = bytearray(run.checkpoint)
    place = data.draw(st.integers(0, len(bad) - 1))
    if data.draw(st.booleans()):
        bad[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del bad[place:]
    with pytest.raises(ProjectionError, match=r"these bytes are not a checkpoint|cut short or damaged"):
        subject.kind.restore(VENUES[STREAMS[0][0]], bytes(bad))


def test_a_checkpoint_of_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = VENUES[STREAMS[0][0]]
    data = straight("positions", STREAMS[0]).checkpoint
    with pytest.raises(
        ProjectionError, match="written for projection positions, and this is projection orders"
    ):
        Orders.restore(venue, data)
    with pytest.raises(ProjectionError, match="written for venue"):
        Positions.restore(VENUES["full"], data)
    monkeypatch.setattr(Positions, "layout", {**Positions.layout, "rows": EVENT})
    with pytest.raises(ProjectionError, match=r"written for schema .* rebuild it from the first event"):
        Positions.restore(venue, data)


def test_settings_are_kept() -> None:
    venue = VENUES["full"]
    assert Orders.restore(venue, Orders(venue, street=True).checkpoint()).street
    assert Positions.restore(venue, Positions(venue, street=True).checkpoint()).street
    assert Equity.restore(venue, Equity(venue, interval_ns=7).checkpoint()).interval_ns == 7


class Broken(Projection):
    """One that fails at its second batch."""

    name: ClassVar[str] = "broken"
    layout: ClassVar[Layout] = {}

    def _fold(self, events: Records) -> None:
        if events["seq"][0] > 1:
            raise ZeroDivisionError

    def _state(self) -> State:
        return {}

    def _load(self, state: State) -> None:
        assert not state


def test_one_that_failed_says_nothing_more() -> None:
    events = np.zeros(3, dtype=EVENT)
    events["seq"] = [1, 2, 3]
    projection = Broken(VENUES["full"])
    projection.apply(events[:1])
    again = Broken.restore(VENUES["full"], projection.checkpoint())
    with pytest.raises(ZeroDivisionError):
        projection.apply(events)
    for use in (projection.checkpoint, lambda: projection.apply(events)):
        with pytest.raises(ProjectionError, match="events after 1 could not be taken in"):
            use()
    assert again.seq == 1
