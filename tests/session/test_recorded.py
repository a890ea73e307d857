"""Recorded sessions: durable first, tables that grow, and one sealed session whatever happens on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import workbench as wb
from tests.conftest import ROOT
from tests.session.markets import flow, two_stocks
from workbench.domain.records import EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.errors import CommandError, ConfigError, JournalError, StoreError
from workbench.journal.disk import RealDisk
from workbench.journal.manifest import SEALED, encode, read_manifest
from workbench.journal.writer import Journal
from workbench.session.publisher import Rhythm
from workbench.session.recorded import RecordedSession
from workbench.session.recovery import recover, reopen
from workbench.session.rerun import rerun
from workbench.session.stored import StoredSession, open_session

OFTEN = Rhythm(publish_events=60, snapshot_commands=40, compact_parts=3)
COMMANDS = flow(110)


def expected() -> tuple[Records, str]:
    exchange = Exchange(two_stocks())
    return exchange.step(COMMANDS), exchange.state_hash()


def begin(root: Path, rhythm: Rhythm = OFTEN) -> RecordedSession:
    return RecordedSession.create(root, "monday", two_stocks(), zone="America/New_York", rhythm=rhythm)


def feed(session: RecordedSession, commands: Records = COMMANDS, size: int = 7) -> None:
    for at in range(0, len(commands), size):
        session.step(commands[at : at + size])


def rows_of(stored: StoredSession) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, in an order of their own."""
    made: dict[str, list[dict[str, object]]] = {}
    for part in stored.manifest.parts:
        rows = pq.read_table(stored.folder / part.path).to_pylist()
        made.setdefault(f"{part.table} {part.interval}", []).extend(rows)
    return {name: sorted(rows, key=repr) for name, rows in made.items()}


def whole(root: Path) -> StoredSession:
    """The session as it is when nothing goes wrong."""
    with begin(root) as session:
        feed(session)
    return open_session("monday", root)


def check_sealed(root: Path, like: StoredSession) -> None:
    stored = open_session("monday", root)
    events, state_hash = expected()
    assert stored.sealed
    assert (stored.manifest.commands, stored.manifest.events) == (len(COMMANDS), len(events))
    assert stored.manifest.state_hash == state_hash
    recorded = np.concatenate([np.zeros(0, dtype=EVENT), *stored.recorded_events()])
    assert recorded.tobytes() == events.tobytes()
    assert rows_of(stored) == rows_of(like)
    assert rerun("monday", data=root).identical


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> StoredSession:
    return whole(tmp_path_factory.mktemp("right"))


def test_what_is_recorded_is_what_happened(tmp_path: Path) -> None:
    events, state_hash = expected()
    made = []
    with begin(tmp_path) as session:
        for at in range(0, len(COMMANDS), 11):
            made.append(session.step(COMMANDS[at : at + 11]))
            # What is answered is durable.
            assert session.commands == min(at + 11, len(COMMANDS))
        assert session.published_seq <= session.events == len(events)
    assert np.concatenate(made).tobytes() == events.tobytes()
    stored = open_session("monday", tmp_path)
    assert (stored.sealed, stored.zone, stored.manifest.state_hash) == (True, "America/New_York", state_hash)
    assert stored.commands().tobytes() == COMMANDS.tobytes()
    assert stored.log().events.tobytes() == events.tobytes()
    tables = {part.table for part in stored.manifest.parts}
    assert tables >= {"events", "trades", "quotes", "candles", "orders", "positions", "equity"}
    # One file for each table: the session is compact.
    assert len(stored.manifest.parts) == len({(part.table, part.interval) for part in stored.manifest.parts})
    with pytest.raises(StoreError, match="is closed"):
        session.step(COMMANDS[:1])


def test_batches_do_not_show_in_the_tables(tmp_path: Path, right: StoredSession) -> None:
    with begin(tmp_path, Rhythm(publish_events=10_000)) as session:
        feed(session, size=100)
    assert rows_of(open_session("monday", tmp_path)) == rows_of(right)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    with begin(tmp_path), pytest.raises(StoreError, match="monday"):
        begin(tmp_path)
    with pytest.raises(StoreError, match="monday"):
        begin(tmp_path)
    with pytest.raises(StoreError, match="is no name"):
        RecordedSession.create(tmp_path, "../monday", two_stocks())
    with pytest.raises(ConfigError, match="is no Venue"):
        RecordedSession.create(tmp_path, "tuesday", "venue")  # type: ignore[arg-type]


def test_wrong_commands_leave_no_trace(tmp_path: Path) -> None:
    with begin(tmp_path) as session:
        feed(session, COMMANDS[:20])
        with pytest.raises(CommandError):
            session.step(np.zeros(3))
        feed(session, COMMANDS[20:])
        assert session.commands == len(COMMANDS)


def test_rows_that_cannot_be_written_now_are_written_later(
    tmp_path: Path, right: StoredSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = begin(tmp_path)
    feed(session, COMMANDS[:30])
    published = session.published_seq
    refused: list[str] = []

    def add(table: str, *_: object, **__: object) -> None:
        refused.append(table)
        raise StoreError("cannot be written: no space left", "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(session._store, "add", add)
        feed(session, COMMANDS[30:80])
        with pytest.raises(StoreError, match="no space left"):
            session.publish()
    assert refused
    assert "rows are not written yet" in caplog.text
    # Answered and durable all the same.
    assert (session.published_seq, session.commands) == (published, 80)
    feed(session, COMMANDS[80:])
    session.close()
    check_sealed(tmp_path, right)


@pytest.mark.parametrize("stop", [0, 1, 39, 40, 41, 111])
def test_a_session_goes_on_where_it_was_left(tmp_path: Path, right: StoredSession, stop: int) -> None:
    session = begin(tmp_path)
    feed(session, COMMANDS[:stop], size=1)
    state_hash = session.exchange.state_hash()
    session.abandon()
    again = reopen(tmp_path, "monday", rhythm=OFTEN)
    assert (again.commands, again.exchange.state_hash()) == (stop, state_hash)
    assert again.recovered_from == stop // 40 * 40
    feed(again, COMMANDS[stop:])
    again.close()
    check_sealed(tmp_path, right)


def test_a_damaged_snapshot_is_not_needed(tmp_path: Path, right: StoredSession) -> None:
    session = begin(tmp_path)
    feed(session)
    session.abandon()
    for path in (tmp_path / "sessions/monday/journal").glob("*.wbs"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert reopened_from(tmp_path) == 0
    check_sealed(tmp_path, right)


def reopened_from(root: Path) -> int:
    session = reopen(root, "monday")
    session.close()
    return session.recovered_from


STEPS = ("published", "written", "completed", "compacted", "sealed", "closed")


@pytest.mark.parametrize("last", STEPS)
def test_sealing_may_stop_after_any_step(tmp_path: Path, right: StoredSession, last: str) -> None:
    session = begin(tmp_path)
    feed(session)
    steps = session.sealing()
    assert [next(steps) for _ in range(STEPS.index(last) + 1)] == list(STEPS[: STEPS.index(last) + 1])
    session.abandon()
    found = recover("monday", data=tmp_path)
    assert found.sealed_before == (last in ("sealed", "closed"))
    assert found.state_hash == right.manifest.state_hash
    check_sealed(tmp_path, right)


def _failing(what: Callable[..., object], after: int, left: list[int]) -> Callable[..., object]:
    """A function that fails once it has been called so often; `left` has how often it still may be."""
    left[0] = after

    def call(*args: object, **kwargs: object) -> object:
        if not left[0]:
            raise OSError(5, "Input/output error")
        left[0] -= 1
        return what(*args, **kwargs)

    return call


@pytest.fixture(scope="module")
def writes(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many files take their place while a session is sealed."""
    session = begin(tmp_path_factory.mktemp("counted"))
    feed(session)
    left = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", _failing(Path.replace, 1 << 30, left))
        session.close()
    return (1 << 30) - left[0]


@pytest.mark.parametrize("part", [0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.99, 1.0])
def test_sealing_may_fail_at_any_write(
    tmp_path: Path, right: StoredSession, writes: int, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    after = int(part * writes)
    session = begin(tmp_path)
    feed(session)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _failing(Path.replace, after, [0]))
        with pytest.raises(StoreError, match="Input/output error") if after < writes else nullcontext():
            session.close()
    session.abandon()
    recover("monday", data=tmp_path)
    check_sealed(tmp_path, right)


def test_a_state_that_cannot_be_saved_stops_nothing(
    tmp_path: Path, right: StoredSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = begin(tmp_path)
    refused: list[int] = []

    def save(_: bytes, seq: int, __: str) -> None:
        refused.append(seq)
        raise JournalError("the snapshot cannot be written: No space left on device", "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(session._journal, "save_snapshot", save)
        feed(session, COMMANDS[:90])
        with pytest.raises(JournalError, match="No space left"):
            session.save_snapshot()
    # Tried when it was due, not at each step; and all that was answered goes on.
    assert len(refused) == 3
    assert "its state is not saved: somewhere: the snapshot cannot be written" in caplog.text
    feed(session, COMMANDS[90:])
    session.close()
    check_sealed(tmp_path, right)


def test_a_session_whose_journal_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(*_: object, **__: object) -> Journal:
        raise JournalError("the journal cannot be made: File too large", "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "create", create)
        with pytest.raises(JournalError, match="File too large"):
            begin(tmp_path)
    assert list((tmp_path / "sessions").iterdir()) == []
    # The name is free again; a journal that was there before is not touched.
    begin(tmp_path).abandon()
    (tmp_path / "sessions/monday/manifest.json").unlink()
    with pytest.raises(JournalError, match="holds a journal already"):
        begin(tmp_path)
    assert list((tmp_path / "sessions/monday/journal").glob("*.wbj"))


def test_sealing_needs_no_room_for_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk a session is recovered without the 64 MiB of a segment that nobody would write to."""
    session = begin(tmp_path)
    feed(session)
    session.abandon()
    allocate = RealDisk.allocate

    def little(self: RealDisk, handle: int, size: int) -> None:
        if size > 1 << 20:
            raise OSError(28, "No space left on device")
        allocate(self, handle, size)

    monkeypatch.setattr(RealDisk, "allocate", little)
    with pytest.raises(JournalError, match="No space left"):
        reopen(tmp_path, "monday")
    assert recover("monday", data=tmp_path).commands == len(COMMANDS)


def test_a_step_that_was_interrupted_is_left_to_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begin(tmp_path)
    feed(session, COMMANDS[:20])

    def interrupt(_: Records) -> Records:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(session.exchange, "step", interrupt)
        with pytest.raises(KeyboardInterrupt):
            session.step(COMMANDS[20:25])
    # The journal has five commands that the exchange has not.
    for again in (lambda: session.step(COMMANDS[25:30]), session.publish, session.close):
        with pytest.raises(StoreError, match="was stopped in the middle of a step"):
            again()
    session.abandon()
    assert recover("monday", data=tmp_path).commands == 25
    assert rerun("monday", data=tmp_path).identical


def test_whether_a_session_came_to_its_own_end(tmp_path: Path) -> None:
    begin(tmp_path).abandon()
    for name, close in (("whole", True), ("cut", False)):
        session = RecordedSession.create(tmp_path, name, two_stocks())
        feed(session)
        session.close() if close else session.abandon()
    recover("cut", data=tmp_path)
    with wb.connect(tmp_path) as db:
        found = dict(db.sql("SELECT session, ended FROM sessions").fetchall())
    assert found == {"monday": None, "whole": "closed", "cut": "recovered"}


def test_a_session_that_began_no_journal(tmp_path: Path) -> None:
    session = begin(tmp_path)
    session.abandon()
    for path in (tmp_path / "sessions/monday/journal").iterdir():
        path.unlink()
    found = recover("monday", data=tmp_path)
    assert (found.commands, found.events, found.from_command) == (0, 0, 0)
    assert rerun("monday", data=tmp_path).identical


def forget_the_journal(folder: Path) -> None:
    """Write the manifest as if it were from before manifests had the identity of the journal."""
    (folder / "manifest.json").write_bytes(encode(replace(read_manifest(folder), journal="")))


def put_in_place_of(journal: Path, another: Path) -> None:
    """Have another journal's files where a journal was."""
    for path in journal.iterdir():
        path.unlink()
    for path in another.iterdir():
        (journal / path.name).write_bytes(path.read_bytes())


def test_a_journal_that_lost_commands_is_refused(tmp_path: Path) -> None:
    session = begin(tmp_path)
    feed(session)
    session.publish()
    session.abandon()
    forget_the_journal(session.folder)
    journal = tmp_path / "sessions/monday/journal"
    other = tmp_path / "other"
    with RecordedSession.create(other, "monday", two_stocks()) as shorter:
        feed(shorter, COMMANDS[:10])
    put_in_place_of(journal, other / "sessions/monday/journal")
    with pytest.raises(JournalError, match="ends with command 10, but the tables were written after 111"):
        reopen(tmp_path, "monday")


def test_a_journal_of_another_session_is_refused(tmp_path: Path) -> None:
    session = begin(tmp_path)
    feed(session)
    session.publish()
    session.abandon()
    forget_the_journal(session.folder)
    journal = tmp_path / "sessions/monday/journal"
    other = tmp_path / "other"
    with RecordedSession.create(other, "monday", two_stocks()) as another:
        feed(another, flow(110, seed=2))
    put_in_place_of(journal, other / "sessions/monday/journal")
    with pytest.raises(JournalError, match="but the tables were written with"):
        reopen(tmp_path, "monday")


def test_who_writes_is_alone(tmp_path: Path) -> None:
    with begin(tmp_path) as session:
        feed(session, COMMANDS[:50])
        with pytest.raises(StoreError, match="is being written by another process"):
            recover("monday", data=tmp_path)
    assert recover("monday", data=tmp_path).sealed_before
    with pytest.raises(StoreError, match="there is no session of this name"):
        recover("tuesday", data=tmp_path)
    with pytest.raises(StoreError, match="is sealed"):
        reopen(tmp_path, "monday")


def test_a_second_process_asks_while_it_runs(tmp_path: Path) -> None:
    asks = (
        "import sys, workbench as wb\n"
        "con = wb.connect(sys.argv[1])\n"
        "print(con.sql(\"select count(*), max(seq) from events where session = 'monday'\").fetchall()[0])\n"
    )

    def asked() -> str:
        run = subprocess.run(
            [sys.executable, "-c", asks, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        return run.stdout.strip()

    with begin(tmp_path, Rhythm(publish_events=10_000, publish_seconds=3_600)) as session:
        feed(session, COMMANDS[:60])
        session.publish()
        seen = session.published_seq
        assert asked() == f"({seen}, {seen})"
        feed(session, COMMANDS[60:])
        # Not published yet, so not there: all or nothing.
        assert asked() == f"({seen}, {seen})"
        session.publish()
        assert asked() == f"({session.events}, {session.events})"


KILLED = """
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tests.session.test_recorded import COMMANDS, OFTEN, begin
session = begin(Path(sys.argv[1]))
for at in range(len(COMMANDS)):
    session.step(COMMANDS[at : at + 1])
    print(session.commands, session.exchange.state_hash(), flush=True)
session.close()
print("closed", "", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [3, 70, 111])
def test_nothing_answered_is_lost_by_a_kill(tmp_path: Path, right: StoredSession, after: int) -> None:
    """The process is killed without warning once it has answered so many commands."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(f"{after} "):
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        # Lines that were on their way when it was killed are answers too.
        rest = [line for line in process.stdout if line.startswith(tuple("0123456789"))]
    answered, state_hash = (rest[-1] if rest else line).split()
    session = reopen(tmp_path, "monday") if not sealed(tmp_path) else None
    if session is not None:
        assert session.commands >= int(answered)
        exchange = Exchange(two_stocks())
        exchange.step(COMMANDS[: session.commands])
        assert session.exchange.state_hash() == exchange.state_hash()
        if session.commands == int(answered):
            assert session.exchange.state_hash() == state_hash
        feed(session, COMMANDS[session.commands :])
        session.close()
    check_sealed(tmp_path, right)


def sealed(root: Path) -> bool:
    return read_manifest(root / "sessions/monday").state == SEALED


def test_runs_and_replays_are_recorded(tmp_path: Path) -> None:
    market = wb.run(ROOT / "data/scenarios/two-traders.toml", session="two", data=tmp_path)
    assert market.summary().state_hash == wb.rerun("two", data=tmp_path).state_hash
    stored = open_session("two", tmp_path)
    assert (stored.title, stored.sealed) == ("Two traders at one price", True)
    assert stored.names == market.names
    with pytest.raises(StoreError, match="two"):
        wb.run(ROOT / "data/scenarios/two-traders.toml", session="two", data=tmp_path)


def test_our_own_orders_in_a_replay_are_recorded_too(tmp_path: Path) -> None:
    day = ROOT / "data/samples/harbor-2025-03-18.parquet"
    market = wb.replay(day, session="mine", data=tmp_path)
    market.run_until("09:35")
    order = market.buy(100)
    market.close()
    with pytest.raises(StoreError, match="is closed"):
        market.sell(100)
    found = wb.rerun("mine", data=tmp_path)
    assert found.identical
    assert found.events == len(market.events)
    assert wb.recover("mine", data=tmp_path).sealed_before
    made = wb.what_if("mine", without="me", data=tmp_path)
    # One market order, the clock of 09:35 and the close: the order alone is left out.
    assert (made.left_out, order.filled) == (1, 100)
    assert made.accounts.filter(account="me", measure="fills")["what_if"].to_list() == [0.0]


def test_an_interrupted_run_can_be_recovered(tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wb.run(ROOT / "data/scenarios/crowd.toml", session="cut", data=tmp_path, progress=stop)
    assert not open_session("cut", tmp_path).sealed
    assert wb.recover("cut", data=tmp_path).commands > 0
    assert wb.rerun("cut", data=tmp_path).identical


def test_a_run_that_nobody_waits_for_is_durable_before_its_rows_are_seen(tmp_path: Path) -> None:
    rhythm = Rhythm(publish_events=10_000, snapshot_commands=10_000, sync_commands=50)
    session = begin(tmp_path, rhythm)
    feed(session, COMMANDS[:70], size=10)
    # Five batches of ten are made durable together; the last two are not yet.
    assert session.commands == 50
    session.publish()
    assert (session.commands, session.published_seq) == (70, session.events)
    feed(session, COMMANDS[70:], size=10)
    session.save_snapshot()
    assert session.commands == len(COMMANDS)
    session.close()
    assert rerun("monday", data=tmp_path).identical
