"""A disk that fails under a session: everybody is told, others go on, and so does this one later."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faults.disk import SimDisk
from tests.session.live.markets import AGENTS, PEOPLE, Wall, buy, opened, until
from workbench.bus.memory import MemoryBus
from workbench.domain.records import COMMAND
from workbench.errors import FailedError
from workbench.journal.place import JOURNAL
from workbench.journal.reader import read
from workbench.session.blocks import one_block
from workbench.session.live.session import LiveSession


def on(disk: SimDisk, folder: Path, bus: MemoryBus, text: str = PEOPLE, **given: Any) -> LiveSession:
    return opened(folder, text, "sick", disk=disk, bus=bus, retry_seconds=0.05, **given)


def journaled(session: LiveSession, disk: SimDisk) -> np.ndarray:
    return one_block([part for _, part in read(session.folder / JOURNAL, disk=disk)], COMMAND)


@pytest.mark.parametrize("fault", ["full", "sync"])
def test_a_disk_that_fails_stops_its_session_alone_until_it_is_well(tmp_path: Path, fault: str) -> None:
    disk, bus = SimDisk(1, tmp_path / "sessions" / "sick"), MemoryBus()
    # Time stands: nothing but what is sent here makes commands.
    session = on(disk, tmp_path, bus, wall=Wall())
    well = opened(tmp_path, PEOPLE, "well", bus=bus)
    account = session.join_and_wait("u", "Ann").account
    other = well.join_and_wait("u", "Ann").account
    heard: list[int] = []
    bus.subscribe("test", "sick", 1, lambda batch: heard.extend(batch.events["seq"].tolist()))
    acked = [session.send_and_wait(buy(account, number)) for number in (1, 2)]
    disk.rates = {fault: 1.0}
    with pytest.raises(FailedError, match="cannot be written"):
        session.send_and_wait(buy(account, 3))
    with pytest.raises(FailedError, match="goes on by itself"):
        session.send_and_wait(buy(account, 4))
    with pytest.raises(FailedError):
        session.join_and_wait("v", "Bob")
    status = session.status()
    assert status.failed
    assert session.counters().failures >= 1
    assert not session.clock.running
    assert well.send_and_wait(buy(other, 1)).last_event_seq
    disk.calm()
    until(lambda: not session.status().failed)
    assert session.clock.running
    last = session.send_and_wait(buy(account, 5))
    stored = journaled(session, disk)
    mine = stored["client_order_id"][stored["account"] == account].tolist()
    assert mine in ([1, 2, 5], [1, 2, 3, 5]), "what was in doubt happened wholly or not at all"
    assert last.last_command_seq == len(stored)
    until(lambda: len(heard) == last.last_event_seq)
    assert heard == list(range(1, last.last_event_seq + 1))
    assert acked[1].last_command_seq < last.last_command_seq
    orders = session.ask_and_wait(lambda exchange: exchange.orders(account)["client_order_id"].tolist())
    assert sorted(orders) == mine
    session.close_and_wait()
    well.close_and_wait()


def test_agents_go_on_behind_a_failure_where_they_were(tmp_path: Path) -> None:
    disk = SimDisk(1, tmp_path / "sessions" / "sick")
    # Long enough that it does not close before all of them, however slow the machine is.
    text = AGENTS.replace('close = "09:31"', 'close = "11:30"')
    session = on(disk, tmp_path, MemoryBus(), text)
    session.set_speed_and_wait(50)
    for _ in range(3):
        later_ns = session.status().time_ns + 5 * 10**9
        until(lambda later_ns=later_ns: session.status().time_ns > later_ns)
        disk.rates = {"sync": 1.0}
        until(lambda: session.status().failed)
        disk.calm()
        until(lambda: not session.status().failed)
    session.close_and_wait()
    whole = opened(tmp_path, text, "whole", overrides={"live.speed": "max"})
    stored = journaled(session, disk)
    until(lambda: whole.status().commands > len(stored))
    whole.close_and_wait()
    again = one_block([part for _, part in read(whole.folder / JOURNAL)], COMMAND)
    assert again[: len(stored)].tobytes() == stored.tobytes()
