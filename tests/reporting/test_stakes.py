"""Several sessions of one person, and several people of one name, as reports tell of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.reporting.common import subject
from dashboards.reporting.drawdown import drawdown_head, drawdown_time
from dashboards.reporting.pnl import pnl_head, pnl_ratios
from tests.reporting.conftest import HEAD, day, record
from tests.session.live.markets import PEOPLE, buy, opened, sell
from workbench.analytics.spans import length_ns
from workbench.domain.codes import SessionState
from workbench.errors import ReportError
from workbench.reporting.days import Days
from workbench.reporting.loading import load
from workbench.reporting.naming import Seated, names_of
from workbench.reporting.selection import select

TUESDAY, WEDNESDAY = "2025-03-18", "2025-03-19"
CLASS = "6f2c4a1e-0000-4000-8000-000000000001"
ANN, BOB = ("ann", "u-ann"), ("bob", "u-bob")
LESSONS = {
    # Day, capital, who sat at seat-1 and seat-2, and how many the first one made 1.00 with of the second.
    "morning": (TUESDAY, 50_000, (ANN, BOB), 10),
    "noon": (TUESDAY, 500_000, (BOB, ANN), 130),
    "next": (WEDNESDAY, 50_000, (ANN, BOB), 20),
}


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stakes")
    for name, (date, cash, people, lots) in LESSONS.items():
        text = PEOPLE.replace(TUESDAY, date).replace("cash = 100_000", f"cash = {cash}")
        text = text.replace("People alone", "A lesson")
        # The class had another name in the morning.
        called = "Markets" if name == "morning" else "Markets I"
        session = opened(root, text, name, classes={CLASS: called})
        one, two = (session.join_and_wait(user, called).account for called, user in people)
        orders = (sell(two, 0, lots), buy(one, 0, lots), buy(two, 0, lots, 4_100), sell(one, 0, lots, 4_100))
        for order in orders:
            session.send_and_wait(order)
        session.move_and_wait(SessionState.CLOSED)
        session.move_and_wait(SessionState.DEBRIEF)
        session.close_and_wait()
    # Scripts have accounts that are called as the people are.
    record(root, "script", day(TUESDAY, 103) + HEAD.format(title="Script", date=TUESDAY))
    return root


def days(root: Path, account: str = "user:u-ann", class_id: str = "", last: str = TUESDAY) -> Days:
    return load(select("", "" if class_id else account, class_id, TUESDAY, last, root))


def values(found: Days) -> dict[str, float]:
    return dict(found.summary.select("statistic", "value").iter_rows())


def test_two_sessions_of_a_day_are_of_both_capitals(lessons: Path) -> None:
    found = days(lessons)
    told = values(found)
    # 10 made of 50,000 and 130 lost of 500,000, at the same time.
    assert told["net_pnl"] == pytest.approx(-120)
    assert told["return"] == pytest.approx(-120 / 550_000)
    assert told["max_drawdown"] == pytest.approx(-130)
    assert told["max_drawdown_share"] == pytest.approx(-130 / 550_000, rel=1e-4)
    assert told["final_equity"] == pytest.approx(549_880)
    meanings = dict(found.summary.select("statistic", "about").iter_rows())
    assert meanings["return"].endswith("in all sessions of that day, days chained")
    assert meanings["net_pnl"] == "Equity at the end less capital at the start, money from outside apart"
    assert 0 < told["under_water"] <= 1
    assert "120.00 USD, \N{MINUS SIGN}0.02 % of the capital" in pnl_head(found).headline
    assert "130.00 USD, 0.02 % of the peak" in drawdown_head(found).headline
    figure = drawdown_time(found)
    assert figure is not None
    assert "% of the time" in figure.sentence


def test_a_second_day_is_chained_and_agrees_with_the_ratios_beside_it(lessons: Path) -> None:
    found = days(lessons, last=WEDNESDAY)
    growth = (1 - 120 / 550_000) * (1 + 20 / 50_000)
    assert values(found)["return"] == pytest.approx(growth - 1)
    assert found.session_days["start"].to_list() == [550_000, 50_000]
    # The night between them is no time of a session, and what overlaps is none twice.
    alone = [length_ns(each.tables.spans) for each in found]
    assert max(alone) < length_ns(found.together.spans) < sum(alone)
    figure = pnl_ratios(found)
    assert figure is not None
    assert figure.grid is not None
    yearly = next(row[1] for row in figure.grid.rows if row[0] == "Return a year")
    assert yearly == f"{100 * (growth ** (252 / 2) - 1):.2f} %".replace("-", "\N{MINUS SIGN}")


def test_a_class_adds_up_what_its_people_had_at_stake(lessons: Path) -> None:
    found = days(lessons, class_id=CLASS)
    rows = {row["name"]: row for row in found.standings.iter_rows(named=True)}
    assert [*rows] == ["bob", "ann"]
    assert rows["bob"]["return"] == pytest.approx(120 / 550_000)
    assert rows["ann"]["return"] == pytest.approx(-120 / 550_000)
    assert rows["ann"]["drawdown"] == pytest.approx(-130)
    assert values(found)["return"] == pytest.approx(0, abs=1e-12)
    # Of all, what it is called since noon.
    assert subject(found).startswith(
        "class Markets I (2 accounts) \N{MIDDLE DOT} A lesson (morning and noon)"
    )


def test_the_line_below_the_title_has_all_seats_and_sessions(lessons: Path) -> None:
    parts = subject(days(lessons)).split(" \N{MIDDLE DOT} ")
    assert parts[0] in ("ann (seat-1 and seat-2)", "ann (seat-2 and seat-1)")
    assert parts[1] == "A lesson (morning and noon)"
    seat = subject(days(lessons, "account:seat-1"))
    assert seat.startswith("seat-1 (ann and bob) \N{MIDDLE DOT} ")


def test_people_of_one_name_are_people_of_their_own(lessons: Path) -> None:
    found = days(lessons, class_id="all")
    assert set(found.names) == {
        "ann (script)",
        "ann (seat-1, seat-2)",
        "bob (script)",
        "bob (seat-2, seat-1)",
        "mia",
    }
    assert len(found.standings) == 5
    assert found.standings["net"].sum() == pytest.approx(values(found)["net_pnl"])
    (mine,) = found.standings.filter(name="ann (seat-1, seat-2)").iter_rows(named=True)
    assert (mine["days"], mine["net"]) == (2, pytest.approx(-120))
    assert set(found.table("fills").filter(name="ann (script)")["session"]) == {"script"}


def test_names_that_several_have_say_more_until_they_differ() -> None:
    seats = [
        Seated("a", "seat-1", "ann", "u-1"),
        Seated("b", "seat-1", "ann", "u-2"),
        Seated("b", "seat-2", "bob", "u-3"),
        Seated("c", "seat-9", "rob", "u-3"),
        *(Seated(session, f"seat-{session}", "zoe", "u-4") for session in "cdef"),
        Seated("f", "zoe", "", ""),
        Seated("c", "eve", "", ""),
        Seated("d", "eve", "", ""),
    ]
    assert names_of(seats) == {
        ("a", "seat-1"): "ann (a, seat-1)",
        ("b", "seat-1"): "ann (b, seat-1)",
        # Who changed their name has the new one, wherever they sat.
        ("b", "seat-2"): "rob",
        ("c", "seat-9"): "rob",
        **{(session, f"seat-{session}"): "zoe (seat-c, seat-d and 2 more)" for session in "cdef"},
        ("f", "zoe"): "zoe (f)",
        ("c", "eve"): "eve (c)",
        ("d", "eve"): "eve (d)",
    }


@pytest.mark.parametrize("account", ["account:nobody", "nobody", "user:nobody"])
def test_an_account_that_a_session_has_not_is_named_before_its_days(lessons: Path, account: str) -> None:
    with pytest.raises(ReportError) as refused:
        select("noon", account, "", WEDNESDAY, TUESDAY, lessons)
    assert refused.value.kind == "unknown"
    assert "'nobody'" in str(refused.value)
