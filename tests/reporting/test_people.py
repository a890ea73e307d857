"""Whose reports are made of sessions in which people sat: by name, by user and by class."""

from datetime import date
from pathlib import Path

import pytest

from tests.session.live.markets import PEOPLE, buy, opened, sell
from workbench.domain.codes import SessionState
from workbench.errors import ReportError
from workbench.reporting.loading import load
from workbench.reporting.selection import Selection, class_meant, select

MONDAY, TUESDAY, WEDNESDAY = "2025-03-17", "2025-03-18", "2025-03-19"
LESSONS = {
    # The second class has taken the name of the first by Wednesday.
    # Who sat at seat-1 and seat-2, by name and id: the second trick is to be called as another's account is.
    "monday": (MONDAY, {"c1": "Econ 1"}, (("seat-2", "u-trick"), ("bob", "u-bob"))),
    "tuesday": (TUESDAY, {"c1": "Econ 1", "c2": "Econ 2"}, (("bob", "u-bob"), ("ann", "u-ann"))),
    "wednesday": (WEDNESDAY, {"c2": "Econ 1"}, (("ann", "u-other"), ("carl", "u-carl"))),
}


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days; on each who sits at seat-1 buys 10 from seat-2 at 40, and sells them at 41."""
    root = tmp_path_factory.mktemp("lessons")
    for name, (day, classes, people) in LESSONS.items():
        session = opened(root, PEOPLE.replace(TUESDAY, day), name, classes=classes)
        one, two = (session.join_and_wait(user, called).account for called, user in people)
        for maker, taker in ((sell(two), buy(one)), (buy(two, 0, 10, 4_100), sell(one, 0, 10, 4_100))):
            session.send_and_wait(maker)
            session.send_and_wait(taker)
        session.move_and_wait(SessionState.CLOSED)
        session.move_and_wait(SessionState.DEBRIEF)
        session.close_and_wait()
    return root


def made(root: Path, account: str = "", class_id: str = "", first: str = MONDAY) -> list[tuple[str, str]]:
    """Sessions with who sat at the chosen account, as the report's days have them."""
    return [(each.session, each.user) for each in load(chosen(root, account, class_id, first))]


def chosen(
    root: Path, account: str = "", class_id: str = "", first: str = MONDAY, last: str = ""
) -> Selection:
    return select("", account, class_id, first, last, root)


def test_a_user_has_the_days_on_which_they_sat_wherever_that_was(lessons: Path) -> None:
    assert made(lessons, "user:u-trick") == [("monday", "seat-2")]
    assert made(lessons, "user:u-bob") == made(lessons, "bob") == [("monday", "bob"), ("tuesday", "bob")]
    one, two = load(chosen(lessons, "user:u-bob"))
    # The seller of the one day is the buyer of the other.
    assert one.value("net_pnl") == -(two.value("net_pnl") or 0) != 0


def test_an_account_has_its_days_whoever_is_called_so(lessons: Path) -> None:
    assert made(lessons, "account:seat-2") == [("monday", "bob"), ("tuesday", "ann"), ("wednesday", "carl")]
    assert made(lessons, "seat-1") == [("monday", "seat-2"), ("tuesday", "bob"), ("wednesday", "ann")]


def test_a_name_of_several_is_refused_with_how_to_name_either(lessons: Path) -> None:
    for session in ("", "monday"):
        with pytest.raises(ReportError) as refused:
            select(session, "seat-2", "", MONDAY, "", lessons)
        assert refused.value.kind == "parameters"
        assert str(refused.value).endswith("write account:seat-2 or user:u-trick for the one that is meant")
    with pytest.raises(ReportError, match="write user:u-ann or user:u-other for the one that is meant"):
        chosen(lessons, "ann")
    # On days on which it is one's alone it needs nothing before it.
    assert made(lessons, "ann", first=WEDNESDAY)[-1] == ("wednesday", "ann")
    assert made(lessons, "seat-2", first=TUESDAY) == [("tuesday", "ann"), ("wednesday", "carl")]


@pytest.mark.parametrize("account", ["user:bob", "user:u-nobody", "account:bob", "nobody"])
def test_who_is_not_there_is_nobody_else(lessons: Path, account: str) -> None:
    with pytest.raises(ReportError) as refused:
        chosen(lessons, account)
    assert refused.value.kind == "unknown"
    assert account.removeprefix("user:").removeprefix("account:") in str(refused.value)


def test_a_class_is_everybody_in_its_own_sessions(lessons: Path) -> None:
    ours = [("monday", "seat-2"), ("monday", "bob"), ("tuesday", "bob"), ("tuesday", "ann")]
    assert made(lessons, class_id="c1") == ours
    theirs = load(chosen(lessons, class_id="c2"))
    assert [(each.session, each.user) for each in theirs] == [
        ("tuesday", "bob"),
        ("tuesday", "ann"),
        ("wednesday", "ann"),
        ("wednesday", "carl"),
    ]
    assert theirs.dates == [date(2025, 3, 18), date(2025, 3, 19)]
    assert [each.session for each in theirs.sources] == ["tuesday", "wednesday"]
    with pytest.raises(ReportError, match="session 'wednesday' is for no class 'c1'"):
        select("wednesday", "", "c1", "", "", lessons)


def test_a_class_is_meant_by_its_name_where_that_is_of_one_alone(lessons: Path) -> None:
    assert class_meant("Econ 2", "", lessons) == "c2"
    assert class_meant("Econ 1", "monday", lessons) == "c1"
    assert class_meant("Econ 1", "wednesday", lessons) == "c2"
    for itself in ("Econ 1", "c1", "all", "", "nobody's"):
        assert class_meant(itself, "", lessons) == itself
    with pytest.raises(ReportError, match=r"there are c1 \(Econ 1\), c2 \(Econ 1\); `all` is everybody"):
        chosen(lessons, class_id="Econ 1")
