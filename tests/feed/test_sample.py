"""The sample day: its messages, its files, and that it looks like a day."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from workbench.domain.codes import EventKind, OrderFlag, Side, TimeInForce
from workbench.domain.commands import batch, cancel_order, new_order, replace_order
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import QUOTE_EVENT, TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange
from workbench.errors import SourceError
from workbench.feed.agents.stocks import sample_crews
from workbench.feed.agents.tape import MessageKind, Tape
from workbench.feed.history import History
from workbench.feed.open import open_history
from workbench.feed.sample import (
    MINUTE_NS,
    SEED,
    SESSION,
    generate,
    is_sample,
    read_messages,
    read_sample,
    sample_digest,
    sample_venue,
    write_sample,
)

SAMPLES = ROOT / "data" / "samples"
FILES = sorted(SAMPLES.glob("*.parquet"))
SYMBOLS = [crew.instrument.symbol for crew in sample_crews()]
SHORT_MINUTES = 2
AnyExchange = Exchange | ReferenceExchange

SIZE_MAX_BYTES = 8_000_000
"""What the repository can carry without anybody noticing."""
MESSAGES_MIN, MESSAGES_MAX = 300_000, 1_000_000
"""Enough for a day that is never still, few enough for a laptop."""
MEDIAN_SPREAD_MIN, MEDIAN_SPREAD_MAX = 1, 4
"""Ticks; what liquid stocks show."""
TWO_SIDED_SHARE_MIN = 0.99
"""Share of the day with a bid and an ask."""
CLUSTERING_SIGMAS = 3.0
"""How many standard errors the mean autocorrelation of absolute returns must be above zero."""
CLUSTERING_LAGS = 10
"""Minutes over which that mean is taken."""
KURTOSIS_MIN = 3.5
"""Above a normal distribution's 3 by two of its standard errors (the root of 24 / 389 is 0.25)."""
CANCELS_PER_TRADE_MIN, CANCELS_PER_TRADE_MAX = 4.0, 40.0
"""Cancels and replaces for each execution, as exchanges report it for stocks."""


def short(factory: Callable[[Venue], AnyExchange]) -> tuple[Records, ...]:
    return generate(SEED, factory(sample_venue()), SESSION.open_ns + SHORT_MINUTES * MINUTE_NS)


@cache
def committed(number: int) -> tuple[History, Records, Records]:
    """A committed stock's history, and quotes and trades of its replay."""
    history = read_sample(FILES[number])
    events = Exchange(Venue([history.instrument])).step(history.commands)
    return history, quotes(events), trades(events)


class Recorded:
    """An exchange that keeps its events."""

    def __init__(self, exchange: AnyExchange) -> None:
        self.exchange = exchange
        self.events: list[Records] = []

    def step(self, commands: Records) -> Records:
        self.events.append(self.exchange.step(commands))
        return self.events[-1]


def quotes(events: Records, instrument: int = 0) -> Records:
    """The quote after each moment that changed it."""
    found = events[(events["kind"] == EventKind.QUOTE) & (events["instrument"] == instrument)].view(
        QUOTE_EVENT
    )
    found = found[np.append(found["time_ns"][1:] != found["time_ns"][:-1], True)]
    shown = np.stack([found[name] for name in QUOTE_NAMES], axis=1)
    return found[np.append(True, (shown[1:] != shown[:-1]).any(axis=1))]


def trades(events: Records, instrument: int = 0) -> Records:
    return events[(events["kind"] == EventKind.TRADE) & (events["instrument"] == instrument)].view(
        TRADE_EVENT
    )


def columns(records: Records, names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    return np.stack([records["time_ns"], *(records[name] for name in names)], axis=1).astype(np.int64)


QUOTE_NAMES = (
    "bid_price_ticks",
    "bid_lots",
    "bid_orders",
    "ask_price_ticks",
    "ask_lots",
    "ask_orders",
    "last_price_ticks",
)
TRADE_NAMES = ("side", "price_ticks", "quantity_lots")


def check_replay(
    until_ns: int,
    factory: Callable[[Venue], AnyExchange],
    folder: Path,
    mode: ReplayMode = ReplayMode.RESPONSIVE,
) -> None:
    """Replaying the files gives the quotes and trades of the run that made them."""
    venue = sample_venue()
    recorded = Recorded(factory(venue))
    paths = write_sample(folder, SEED, lambda _: recorded, until_ns)
    made = np.concatenate(recorded.events)
    for number, path in enumerate(paths):
        history = read_sample(path)
        assert history.instrument == venue.instruments[number]
        exchange = factory(Venue([history.instrument], replay_mode=mode))
        events = exchange.step(history.commands)
        refused = (EventKind.ORDER_REJECTED, EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED)
        assert not np.isin(events["kind"], [*refused, EventKind.COMMAND_REJECTED]).any()
        np.testing.assert_array_equal(
            columns(quotes(events), QUOTE_NAMES), columns(quotes(made, number), QUOTE_NAMES)
        )
        np.testing.assert_array_equal(
            columns(trades(events), TRADE_NAMES), columns(trades(made, number), TRADE_NAMES)
        )
        assert exchange.state().instruments["divergence_orders"].tolist() == [0]


class TestTape:
    def told(self, *commands: Records) -> list[tuple[str, int, int, int, int]]:
        exchange = ReferenceExchange(Venue([Instrument("A", "1", "2")], bare=True))
        tape = Tape(1)
        tape.add(exchange.step(batch(commands)))
        rows = tape.messages(0)
        assert len(tape) == len(rows)
        return [
            (
                MessageKind(row["kind"]).name,
                *(int(row[n]) for n in ("order_id", "side", "price_ticks", "quantity_lots")),
            )
            for row in rows
        ]

    def test_orders_are_anonymous_and_takers_unseen(self) -> None:
        assert self.told(
            new_order(1, 2, 0, Side.BUY, 10, 150),
            new_order(2, 3, 0, Side.SELL, 4, 150, time_in_force=TimeInForce.IOC),
            new_order(3, 3, 0, Side.SELL, 9, 149),
            new_order(4, 2, 0, Side.BUY, 5, time_in_force=TimeInForce.IOC),
            cancel_order(5, 3, order_id=3),
        ) == [
            ("ADD", 1, 1, 150, 10),
            ("EXECUTE", 1, 1, 150, 4),
            ("EXECUTE", 1, 1, 150, 6),
            ("ADD", 2, 2, 149, 3),
            ("EXECUTE", 2, 2, 149, 3),
        ]

    def test_cancels_reductions_and_moves(self) -> None:
        assert self.told(
            new_order(1, 2, 0, Side.BUY, 10, 150),
            cancel_order(2, 2, order_id=1, quantity_lots=3),
            replace_order(3, 2, order_id=1, quantity_lots=5),
            replace_order(4, 2, order_id=2, price_ticks=151),
            cancel_order(5, 2, order_id=3),
            cancel_order(6, 2, order_id=3),
        ) == [
            ("ADD", 1, 1, 150, 10),
            ("CANCEL", 1, 1, 150, 3),
            ("CANCEL", 1, 1, 150, 2),
            ("REPLACE", 1, 1, 151, 5),
            ("CANCEL", 1, 1, 151, 5),
        ]

    @pytest.mark.parametrize("there", [3, 9])
    def test_a_move_that_trades(self, there: int) -> None:
        told = self.told(
            new_order(1, 2, 0, Side.SELL, there, 152),
            new_order(2, 3, 0, Side.BUY, 7, 150),
            replace_order(3, 3, order_id=2, price_ticks=152),
        )
        rest = [("ADD", 3, 1, 152, 4)] if there == 3 else []
        assert told[2:] == [("CANCEL", 2, 1, 150, 7), ("EXECUTE", 1, 2, 152, min(there, 7)), *rest]

    def test_instruments_are_apart(self) -> None:
        exchange = ReferenceExchange(Venue([Instrument("A", "1", "2"), Instrument("B", "1", "2")], bare=True))
        tape = Tape(2)
        tape.add(exchange.step(batch(new_order(1, 2, i, Side.BUY, 1, 150) for i in (1, 0, 1))))
        assert [tape.messages(i)["order_id"].tolist() for i in (0, 1)] == [[1], [1, 2]]
        assert len(Tape(1).messages(0)) == 0


class TestMaking:
    @pytest.mark.kernel
    def test_twin_and_kernel_make_the_same_day(self) -> None:
        twin, kernel = short(ReferenceExchange), short(Exchange)
        assert [messages.tobytes() for messages in twin] == [messages.tobytes() for messages in kernel]

    @pytest.mark.parametrize("number", range(3))
    def test_the_first_minutes_are_the_committed_ones(self, number: int) -> None:
        made = short(ReferenceExchange)[number]
        symbol_file = next(path for path in FILES if path.name.startswith(SYMBOLS[number].lower()))
        _, messages = read_messages(symbol_file)
        assert len(made) > 500
        assert made.tobytes() == messages[: len(made)].tobytes()

    @pytest.mark.parametrize("mode", list(ReplayMode))
    def test_replay_gives_the_generating_run(self, tmp_path: Path, mode: ReplayMode) -> None:
        check_replay(SESSION.open_ns + SHORT_MINUTES * MINUTE_NS, ReferenceExchange, tmp_path, mode)

    @pytest.mark.slow
    def test_replay_gives_the_generating_run_all_day(self, tmp_path: Path) -> None:
        check_replay(SESSION.close_ns, Exchange, tmp_path)
        made = {path.name: sample_digest(read_messages(path)[1]) for path in tmp_path.glob("*.parquet")}
        assert made == {path.name: sample_digest(read_messages(path)[1]) for path in FILES}


class TestFiles:
    def test_they_are_small_and_complete(self) -> None:
        assert sorted(read_messages(path)[0].symbol for path in FILES) == sorted(SYMBOLS)
        assert sum(path.stat().st_size for path in FILES) < SIZE_MAX_BYTES
        assert MESSAGES_MIN < sum(len(read_messages(path)[1]) for path in FILES) < MESSAGES_MAX

    def test_they_open_as_history(self) -> None:
        history = open_history(FILES[0])
        assert (history.kind, history.zone) == ("sample", "America/New_York")
        assert history.row_count == len(history.commands) == len(read_messages(FILES[0])[1])
        assert (history.commands["flags"] & OrderFlag.HISTORICAL).all()
        assert (np.diff(history.commands["time_ns"]) >= 0).all()

    def test_any_reader_of_parquet_understands_them(self) -> None:
        table = pq.read_table(FILES[0])
        assert table.column_names == ["time_ns", "kind", "order_id", "side", "price_ticks", "quantity_lots"]
        assert table.slice(0, 1).to_pylist()[0]["kind"] == "ADD"
        assert set(table["side"].to_pylist()) == {"BUY", "SELL"}

    def test_an_interrupted_file_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(_table: pa.Table, path: Path, **_options: object) -> None:
            path.write_bytes(b"half of it")
            raise KeyboardInterrupt

        monkeypatch.setattr(pq, "write_table", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_sample(tmp_path, SEED, Exchange, SESSION.open_ns + MINUTE_NS)
        assert not list(tmp_path.iterdir())

    def test_other_files_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="no such file"):
            read_sample(tmp_path / "none.parquet")
        other = tmp_path / "other.parquet"
        pq.write_table(pa.table({"a": [1]}), other)
        assert not is_sample(other)
        assert not is_sample(tmp_path / "none.parquet")
        assert is_sample(FILES[0])
        with pytest.raises(SourceError, match="no sample file"):
            read_sample(other)

    @pytest.mark.parametrize("fault", ["cut", "record", "version"])
    def test_damaged_files_are_refused(self, tmp_path: Path, fault: str) -> None:
        path = tmp_path / "damaged.parquet"
        if fault == "cut":
            path.write_bytes(FILES[0].read_bytes()[:-1000])
        else:
            table = pq.read_table(FILES[0]).slice(1 if fault == "record" else 0)
            metadata = table.schema.metadata[b"workbench.sample"]
            if fault == "version":
                metadata = metadata.replace(b'"version": 1', b'"version": 2')
            pq.write_table(table.replace_schema_metadata({b"workbench.sample": metadata}), path)
        expected = {
            "cut": "damaged",
            "record": "not those that were written",
            "version": "version 2, expected 1",
        }
        with pytest.raises(SourceError, match=expected[fault]):
            read_sample(path)


@pytest.mark.parametrize("number", range(3), ids=[path.name.split("-")[0] for path in FILES])
class TestDay:
    def minutes(self, number: int) -> npt.NDArray[np.float64]:
        """The middle of the quote at the end of each minute."""
        _, shown, _ = committed(number)
        both = shown[(shown["bid_price_ticks"] > 0) & (shown["ask_price_ticks"] > 0)]
        ends = SESSION.open_ns + np.arange(1, 391) * MINUTE_NS
        at = np.searchsorted(both["time_ns"], ends, side="right") - 1
        return (both["bid_price_ticks"][at] + both["ask_price_ticks"][at]) / 2

    def lasting(self, number: int) -> npt.NDArray[np.int64]:
        """How long each quote stood."""
        _, shown, _ = committed(number)
        return np.diff(np.append(shown["time_ns"], SESSION.close_ns))

    def test_spread(self, number: int) -> None:
        _, shown, _ = committed(number)
        lasting = self.lasting(number)
        both = (shown["bid_price_ticks"] > 0) & (shown["ask_price_ticks"] > 0)
        assert lasting[both].sum() > TWO_SIDED_SHARE_MIN * (SESSION.close_ns - SESSION.open_ns)
        spread = (shown["ask_price_ticks"] - shown["bid_price_ticks"])[both]
        assert spread.min() >= 1
        order = np.argsort(spread)
        share = np.cumsum(lasting[both][order]) / lasting[both].sum()
        median = spread[order][np.searchsorted(share, 0.5)]
        assert MEDIAN_SPREAD_MIN <= median <= MEDIAN_SPREAD_MAX

    def test_volatility_clusters(self, number: int) -> None:
        size = abs(np.diff(np.log(self.minutes(number))))
        size -= size.mean()
        lags = range(1, CLUSTERING_LAGS + 1)
        mean = np.mean([(size[lag:] * size[:-lag]).sum() for lag in lags]) / (size * size).sum()
        assert mean > CLUSTERING_SIGMAS / (len(size) * CLUSTERING_LAGS) ** 0.5

    def test_tails_are_fat(self, number: int) -> None:
        returns = np.diff(np.log(self.minutes(number)))
        returns -= returns.mean()
        assert (returns**4).mean() / (returns**2).mean() ** 2 > KURTOSIS_MIN

    def test_volume_is_u_shaped(self, number: int) -> None:
        _, _, printed = committed(number)
        hour = ((printed["time_ns"] - SESSION.open_ns) // (30 * MINUTE_NS)).astype(np.int64)
        volume = np.bincount(hour, printed["quantity_lots"], minlength=13)
        assert volume[:2].sum() + volume[-2:].sum() > volume[4:-4].sum() / 5 * 4
        assert volume[:2].sum() > volume[4:6].sum()
        assert volume[-2:].sum() > volume[6:8].sum()

    def test_most_orders_are_cancelled(self, number: int) -> None:
        _, messages = read_messages(FILES[number])
        count = np.bincount(messages["kind"], minlength=5)
        ratio = (count[MessageKind.CANCEL] + count[MessageKind.REPLACE]) / count[MessageKind.EXECUTE]
        assert CANCELS_PER_TRADE_MIN < ratio < CANCELS_PER_TRADE_MAX

    def test_depth_thins_out_when_volatile(self, number: int) -> None:
        _, shown, _ = committed(number)
        minute = ((shown["time_ns"] - SESSION.open_ns) // MINUTE_NS).astype(np.int64)
        weighted = self.lasting(number) * (shown["bid_lots"] + shown["ask_lots"]) / 2
        depth = np.bincount(minute, weighted, minlength=390)[:390] / MINUTE_NS
        size = abs(np.diff(self.minutes(number)))
        volatility = np.convolve(size, np.ones(5) / 5, mode="same")
        assert np.corrcoef(volatility, depth[1:])[0, 1] < 0

    def test_sizes_are_round(self, number: int) -> None:
        _, messages = read_messages(FILES[number])
        added = messages["quantity_lots"][messages["kind"] == MessageKind.ADD]
        assert 0.8 < (added % 100 == 0).mean() < 1
