"""States of a session, its clock and the phases of its instruments."""

from itertools import product
from pathlib import Path

import pytest

from tests.session.live.markets import PEOPLE, SECOND_NS, Wall, begin, buy, opened, sell, until
from workbench.domain.codes import EventKind, Phase, Reason, SessionState
from workbench.domain.commands import cancel_order, set_phase
from workbench.domain.records import Records
from workbench.domain.states import SESSION_TRANSITIONS
from workbench.errors import SessionError
from workbench.session.live.lifecycle import RUNNING
from workbench.session.live.session import LiveSession

S = SessionState
PATHS = {
    S.LOBBY: [],
    S.PRE_OPEN: [S.PRE_OPEN],
    S.OPEN: [S.OPEN],
    S.PAUSED: [S.OPEN, S.PAUSED],
    S.CLOSED: [S.CLOSED],
    S.DEBRIEF: [S.CLOSED, S.DEBRIEF],
}
PHASES = {
    S.LOBBY: Phase.PRE_OPEN,
    S.PRE_OPEN: Phase.PRE_OPEN,
    S.OPEN: Phase.CONTINUOUS,
    S.PAUSED: Phase.HALTED,
    S.CLOSED: Phase.CLOSED,
    S.DEBRIEF: Phase.CLOSED,
}


def test_the_table_holds_for_every_pair_of_states(tmp_path: Path) -> None:
    for number, (before, after) in enumerate(product(PATHS, S)):
        if before == after == S.DEBRIEF:
            continue
        session = begin(tmp_path, name=f"s{number}")
        for state in PATHS[before]:
            session.move_and_wait(state)
        assert session.status().phases == (PHASES[before],) * 2
        if after in SESSION_TRANSITIONS[before]:
            assert session.move_and_wait(after).state == after == session.state
        else:
            called = before.name.lower().replace("_", "-")
            could = "close it first|it can go on to [a-z]|sealed"
            with pytest.raises(
                SessionError, match=f"is {called} and cannot go on to [a-z-]+; ({could})|sealed"
            ):
                session.move_and_wait(after)
            assert session.state == before
        assert session.clock.running == (session.state in RUNNING)
        session.close_and_wait()


def test_a_pause_takes_cancels_alone_and_time_stands(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    session.send_and_wait(buy(account, 5))
    session.move_and_wait(S.PAUSED)
    refused = session.send_and_wait(buy(account, 6))
    assert refused.events["reason"].tolist()[-1] == Reason.INSTRUMENT_HALTED
    canceled = session.send_and_wait(cancel_order(0, account, client_order_id=5))
    assert EventKind.ORDER_CANCELED in canceled.events["kind"]
    assert refused.time_ns == canceled.time_ns
    session.close_and_wait()


def test_what_was_halted_before_a_pause_is_halted_after_it(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.send_and_wait(set_phase(0, Phase.HALTED, 1))
    assert session.status().phases == (Phase.CONTINUOUS, Phase.HALTED)
    session.move_and_wait(S.PAUSED)
    assert session.status().phases == (Phase.HALTED, Phase.HALTED)
    assert session.move_and_wait(S.OPEN).phases == (Phase.CONTINUOUS, Phase.HALTED)
    session.move_and_wait(S.PAUSED)
    assert session.move_and_wait(S.PRE_OPEN).phases == (Phase.REOPENING_AUCTION, Phase.HALTED)
    assert session.move_and_wait(S.OPEN).phases == (Phase.CONTINUOUS, Phase.HALTED)
    session.close_and_wait()


def test_a_paused_market_may_reopen_by_an_auction_that_ends_by_itself(tmp_path: Path) -> None:
    wall = Wall()
    session = opened(tmp_path, PEOPLE + 'auction = "1s"\n', wall=wall)
    session.move_and_wait(S.PAUSED)
    status = session.move_and_wait(S.OPEN, reopen_by_auction=True)
    assert status.phases == (Phase.REOPENING_AUCTION,) * 2
    wall.now_ns += 2 * SECOND_NS
    session._sequencer.ring()
    until(lambda: session.status().phases == (Phase.CONTINUOUS,) * 2)
    session.close_and_wait()


def test_time_is_held_at_the_open_until_somebody_opens(tmp_path: Path) -> None:
    session = begin(tmp_path, PEOPLE + "speed = 100_000\n")
    lobby = session.status()
    assert lobby.time_ns == lobby.open_ns - 600 * 10**9
    session.move_and_wait(S.PRE_OPEN)
    until(lambda: session.status().time_ns == lobby.open_ns)
    account = session.join_and_wait("u", "Ann").account
    assert session.send_and_wait(buy(account)).time_ns == lobby.open_ns
    assert session.move_and_wait(S.OPEN).open_ns == lobby.open_ns
    session.close_and_wait()


def test_the_market_closes_at_the_end_of_its_hours(tmp_path: Path) -> None:
    session = opened(tmp_path, PEOPLE + 'close = "09:31"\nspeed = "max"\n')
    until(lambda: session.state == S.CLOSED)
    status = session.status()
    assert status.time_ns == status.close_ns == status.open_ns + 60 * 10**9
    assert not session.clock.running
    session.close_and_wait()


def test_a_wall_session_opens_when_it_is_opened(tmp_path: Path) -> None:
    text = PEOPLE + 'close = "10:30"\nepoch = "wall"\n'
    session = begin(tmp_path, text, wall_time=lambda: 1_800_000_000_000_000_000)
    assert session.clock.running
    status = session.move_and_wait(S.OPEN)
    assert 0 <= status.open_ns - 1_800_000_000_000_000_000 < 60 * 10**9
    assert status.close_ns == status.open_ns + 3_600 * 10**9
    with pytest.raises(SessionError, match="which runs at 1"):
        session.set_speed_and_wait(2)
    session.close_and_wait()


def test_orders_of_the_lobby_survive_a_restart_and_trade_at_the_open(tmp_path: Path) -> None:
    session = begin(tmp_path)
    ann, bob = (session.join_and_wait(user, user).account for user in ("ann", "bob"))
    kinds = session.send_and_wait(buy(ann, 5)).events["kind"]
    assert EventKind.ORDER_APPROVED in kinds
    session.send_and_wait(buy(ann, 6, price_ticks=4_100))
    session.send_and_wait(cancel_order(0, ann, client_order_id=6))
    refused = session.send_and_wait(buy(ann, 5))
    assert refused.events["reason"].tolist()[-1] == Reason.DUPLICATE_CLIENT_ORDER_ID
    session.close_and_wait()
    session = LiveSession.resume(tmp_path, "live")
    assert session.state == S.LOBBY
    sold = session.send_and_wait(sell(bob, 7)).events["kind"]
    assert EventKind.ORDER_FILLED not in sold
    filled: list[int] = []
    session.bus.subscribe("test", session.name, 1, lambda batch: filled.extend(_filled(batch.events)))
    session.move_and_wait(S.OPEN)
    until(lambda: len(filled) == 2)
    assert sorted(filled) == [ann, bob]
    session.close_and_wait()


def _filled(events: Records) -> list[int]:
    return list(events["account"][events["kind"] == EventKind.ORDER_FILLED].tolist())


def test_a_lobby_of_before_orders_were_taken_in_it_opens(tmp_path: Path) -> None:
    session = begin(tmp_path)
    session.send_and_wait(set_phase(0, Phase.CLOSED))
    assert session.move_and_wait(S.PRE_OPEN).phases == (Phase.PRE_OPEN,) * 2
    assert session.move_and_wait(S.OPEN).phases == (Phase.CONTINUOUS,) * 2
    session.close_and_wait()
