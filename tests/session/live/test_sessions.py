"""Several sessions in one server."""

import asyncio
from pathlib import Path

import pytest

from tests.session.live.markets import AGENTS, PEOPLE, buy
from workbench.domain.codes import SessionState
from workbench.errors import ConfigError, SessionError, StoreError
from workbench.journal.manifest import OPEN, SEALED, read_manifest
from workbench.journal.place import session_folder
from workbench.session.live.packaged import open_market
from workbench.session.live.sessions import Sessions


def test_sessions_go_their_own_ways_and_come_back(tmp_path: Path) -> None:
    async def first() -> dict[str, int]:
        sessions = Sessions(tmp_path)
        made = [await sessions.create(f"class-{n}", PEOPLE) for n in range(3)]
        text = AGENTS.replace('close = "09:31"', 'close = "11:30"')
        sim = await sessions.create("agents", text, overrides={"live.speed": 10}, file="")
        assert sessions.names() == ["class-0", "class-1", "class-2", "agents"]
        await asyncio.gather(made[0].move(SessionState.OPEN), sim.move(SessionState.OPEN))
        seat = await made[0].join("u", "Ann")
        await made[0].send(buy(seat.account, 5))
        assert made[1].seat_of("u") is None
        await made[2].move(SessionState.CLOSED)
        await made[2].move(SessionState.DEBRIEF)
        await sessions.drain()
        with pytest.raises(SessionError, match="begins no session"):
            await sessions.create("late", PEOPLE)
        return {session.name: session.status().commands for session in made}

    async def second(before: dict[str, int]) -> None:
        sessions = Sessions(tmp_path)
        resumed = await sessions.resume()
        assert {session.name: session.state for session in resumed} == {
            "agents": SessionState.OPEN,
            "class-0": SessionState.OPEN,
            "class-1": SessionState.LOBBY,
        }
        assert sessions.get("class-0").status().commands >= before["class-0"]
        assert sessions.get("class-0").seat_of("u") is not None
        assert await sessions.resume() == []
        with pytest.raises(SessionError, match="did you mean 'class-0'"):
            sessions.get("class0")
        await sessions.drain()

    asyncio.run(second(asyncio.run(first())))
    assert read_manifest(session_folder(tmp_path, "class-2")).state == SEALED
    assert read_manifest(session_folder(tmp_path, "class-0")).state == OPEN


def test_what_is_no_session_stops_no_start_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def begin() -> None:
        sessions = Sessions(tmp_path)
        await sessions.create("class", PEOPLE)
        await sessions.drain()

    async def go_on() -> list[str]:
        sessions = Sessions(tmp_path)
        resumed = await sessions.resume()
        await sessions.drain()
        assert sessions.failures == {}
        return [session.name for session in resumed]

    asyncio.run(begin())
    (tmp_path / "sessions" / "class (copy)").mkdir()
    (tmp_path / "sessions" / "dangling").symlink_to("nowhere")
    assert asyncio.run(go_on()) == ["class"]
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [each.split(":")[0] for each in said] == [
        str(tmp_path / "sessions" / name) for name in ("class (copy)", "dangling")
    ]


def test_names_and_scenarios_are_looked_at_first(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    with pytest.raises(StoreError, match="is no name"):
        sessions.create_and_wait("../up", PEOPLE)
    with pytest.raises(ConfigError, match=r"does nothing|no instruments"):
        sessions.create_and_wait("empty", "date = 2025-01-01")
    with pytest.raises(ConfigError, match="is no TOML"):
        sessions.create_and_wait("empty", "nonsense")
    sessions.create_and_wait("one", PEOPLE)
    with pytest.raises(SessionError, match="a session of that name"):
        sessions.create_and_wait("one", PEOPLE)
    assert sessions.names() == ["one"]
    sessions.drain_and_wait()


def test_a_session_that_cannot_go_on_keeps_no_other_back(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    for name in ("bad", "good"):
        sessions.create_and_wait(name, PEOPLE)
    sessions.drain_and_wait()
    segment = max((session_folder(tmp_path, "bad") / "journal").glob("*.wbj"))
    data = bytearray(segment.read_bytes())
    data[200] ^= 1
    segment.write_bytes(bytes(data))
    again = Sessions(tmp_path)
    assert [session.name for session in again.resume_and_wait()] == ["good"]
    assert "bad" in again.failures
    again.drain_and_wait()


def test_damage_before_the_newest_snapshot_is_found_before_others_wait_for_it(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    for name in ("bad", "good"):
        session = sessions.create_and_wait(name, PEOPLE)
        session.move_and_wait(SessionState.OPEN)
        account = session.join_and_wait("user", "Ann").account
        for number in range(1, 100):
            session.send_and_wait(buy(account, number))
    # Closed in order, a session has a snapshot at its end, so that nothing before it is run again.
    sessions.drain_and_wait()
    segment = min((session_folder(tmp_path, "bad") / "journal").glob("*.wbj"))
    data = bytearray(segment.read_bytes())
    whole = len(data.rstrip(bytes(1)))
    data[whole // 2 : whole // 2 + 50] = bytes(50)
    segment.write_bytes(bytes(data))
    again = Sessions(tmp_path)
    assert [session.name for session in again.resume_and_wait()] == ["good"]
    assert "bad" in again.failures
    again.drain_and_wait()


def test_drafts_are_kept_until_they_are_thrown_away(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    assert sessions.drafts() == {}
    sessions.save_draft("lesson", "title = 'unfinished")
    sessions.save_draft("lesson", PEOPLE)
    assert Sessions(tmp_path).drafts() == {"lesson": PEOPLE}
    with pytest.raises(StoreError, match="is no name"):
        sessions.save_draft("../lesson", "")
    sessions.delete_draft("lesson")
    assert sessions.drafts() == {}
    with pytest.raises(StoreError, match="no draft"):
        sessions.delete_draft("lesson")


def test_the_packaged_market_opens(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    session = sessions.create_and_wait("open", open_market())
    status = session.move_and_wait(SessionState.OPEN)
    assert (status.epoch, status.seats, len(status.phases)) == ("wall", 250, 3)
    assert status.close_ns - status.open_ns == 12 * 3_600 * 10**9
    value = session.ask_and_wait(lambda exchange: exchange.accounts()["cash_micros"][2:].tolist())
    assert value == [100_000 * 10**6] * 250
    sessions.drain_and_wait()
