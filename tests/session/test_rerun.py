"""Reruns: identical, or the first difference in words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.conftest import ROOT
from tests.session.markets import flow, two_stocks
from workbench.domain.records import EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.errors import StoreError
from workbench.session.recorded import RecordedSession
from workbench.session.rerun import Rerun, rerun, what_if
from workbench.session.stored import StoredSession, open_session

COMMANDS = flow(60)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredSession:
    root = tmp_path_factory.mktemp("data")
    with RecordedSession.create(root, "monday", two_stocks()) as session:
        session.step(COMMANDS)
    return open_session("monday", root)


def events() -> Records:
    return Exchange(two_stocks()).step(COMMANDS)


def compared(
    stored: StoredSession, recorded: Records, monkeypatch: pytest.MonkeyPatch, pieces: int = 3
) -> Rerun:
    """A rerun against other recorded events, which come in pieces as from files."""
    parts = np.array_split(recorded, pieces)
    monkeypatch.setattr(StoredSession, "recorded_events", lambda _: iter(parts))
    return rerun(stored)


def test_the_same_commands_give_the_same_events(stored: StoredSession) -> None:
    seen: list[tuple[int, int]] = []
    found = rerun(stored, progress=lambda done, total: seen.append((done, total)))
    assert found.identical
    assert (found.commands, found.events) == (len(COMMANDS), len(events()))
    assert str(found) == f"{len(COMMANDS):,} commands, {len(events()):,} events: identical"
    assert seen == [(len(COMMANDS), len(COMMANDS))]


@pytest.mark.parametrize("at", [0, 1, 40, -1])
@pytest.mark.parametrize("pieces", [1, 7])
def test_one_bit_is_found(
    stored: StoredSession, monkeypatch: pytest.MonkeyPatch, at: int, pieces: int
) -> None:
    changed = events()
    changed["payload"][at, 3] ^= 1
    found = compared(stored, changed, monkeypatch, pieces)
    assert not found.identical
    assert found.difference is not None
    assert found.difference.seq == changed["seq"][at]
    assert found.difference.command_seq == changed["command_seq"][at]
    assert found.difference.fields == ("payload",)
    assert str(found).startswith(f"differs at event {changed['seq'][at]}, of command")


def test_both_events_are_told(stored: StoredSession, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = events()
    changed["account"][0] = 3 if changed["account"][0] == 2 else 2
    said = str(compared(stored, changed, monkeypatch))
    first, recorded, again = said.splitlines()
    assert first == "differs at event 1, of command 1, in account"
    assert recorded.startswith("  recorded: ")
    assert again.startswith("  rerun:    ")
    assert recorded.partition(": ")[2].strip() != again.partition(": ")[2].strip()


def test_a_missing_and_a_spare_event_are_found(
    stored: StoredSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = events()
    short = compared(stored, every[:-1], monkeypatch).difference
    assert short is not None
    assert (short.seq, short.recorded) == (len(every), "")
    assert short.rerun
    spare = np.concatenate([every, every[-1:]])
    spare["seq"][-1] += 1
    long = compared(stored, spare, monkeypatch).difference
    assert long is not None
    assert (long.seq, long.rerun) == (len(every) + 1, "")
    assert "no such event" in str(compared(stored, np.zeros(0, dtype=EVENT), monkeypatch))


def test_another_state_is_found(stored: StoredSession) -> None:
    import dataclasses

    manifest = dataclasses.replace(stored.manifest, state_hash="0" * 32)
    other = StoredSession(stored.folder, manifest)
    found = rerun(other)
    assert (found.identical, found.difference) == (False, None)
    assert "identical, but the last state has hash" in str(found)
    with pytest.raises(StoreError, match="`workbench rerun monday` says where they part"):
        what_if(other, without="ann")


def test_an_open_session_is_compared_as_far_as_it_is_published(tmp_path: Path) -> None:
    session = RecordedSession.create(tmp_path, "now", two_stocks())
    session.step(COMMANDS[:30])
    assert (wb.rerun("now", data=tmp_path).identical, wb.rerun("now", data=tmp_path).commands) == (True, 0)
    session.publish()
    session.step(COMMANDS[30:])
    found = wb.rerun("now", data=tmp_path)
    assert (found.identical, found.sealed, found.commands) == (True, False, 30)
    session.close()
    assert wb.rerun("now", data=tmp_path).commands == len(COMMANDS)


def test_a_what_if_of_a_recorded_session(stored: StoredSession) -> None:
    made = what_if(stored, without="ann")
    assert made.left_out > 0
    assert made.accounts.filter(account="ann", measure="orders")["what_if"].to_list() == [0.0]
    assert what_if(stored).identical
    assert made.zone == "UTC"


def test_a_name_nobody_has(tmp_path: Path, stored: StoredSession) -> None:
    root = stored.folder.parent.parent
    for what in (wb.rerun, wb.what_if):
        call: Any = what
        with pytest.raises(StoreError, match="there is no session 'munday'; did you mean 'monday'"):
            call("munday", data=root)
        with pytest.raises(StoreError, match="there is no session 'x'"):
            call("x", data=tmp_path)
        with pytest.raises(StoreError, match="5 is no name"):
            call(5, data=root)


def test_the_committed_day_with_history(tmp_path: Path) -> None:
    scenario = tmp_path / "day.toml"
    scenario.write_text(
        f"""\
[history]
files = ["{ROOT / "data/samples/harbor-2025-03-18.parquet"}"]
until = "10:15"

[[account]]
name = "ann"
cash = 10_000_000

[[script]]
at = "10:00"
do = "buy"
account = "ann"
quantity = 3_000
type = "market"
"""
    )
    wb.run(scenario, session="day", data=tmp_path)
    assert wb.rerun("day", data=tmp_path).identical
    made = wb.what_if("day", without="ann", data=tmp_path)
    row = made.impact.to_dicts()[0]
    assert row["largest"] > 0
    # Without her the market is history itself.
    assert made.what_if.instruments["divergence_orders"].tolist() == [0]
    assert made.recorded.instruments["divergence_orders"][0] > 0
