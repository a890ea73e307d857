"""What a server opens at its next start, when the market of its scenario has ended and when it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.api.served import MARKET, serving
from tests.served_market import market
from workbench.identity.roles import Role


def test_a_market_that_has_ended_has_a_successor_and_each_day_one(tmp_path: Path) -> None:
    file = tmp_path / "lesson.toml"
    file.write_text(MARKET)

    def day(*, over: bool) -> list[str]:
        with serving(tmp_path / "data", name="", scenario=file) as served, served.client() as client:
            lee = {"Authorization": f"Bearer {served.person(Role.INSTRUCTOR).access}"}
            names = [each["name"] for each in client.get("/api/sessions", headers=lee).json()["sessions"]]
            if over:
                for act in ("close", "debrief"):
                    answer = client.post(f"/api/sessions/{names[-1]}/{act}", headers=lee)
                    assert answer.status_code == 200, answer.text
            return names

    assert day(over=False) == ["lesson"]
    assert day(over=True) == ["lesson"]
    assert day(over=False) == ["lesson-2"]
    # It goes on: nothing is opened beside it, not even of the file as it is now.
    file.write_text(f"{MARKET}\n# corrected\n")
    assert day(over=False) == ["lesson-2"]


def started(data: Path, file: Path | None, *made: dict[str, Any], **more: Any) -> list[str]:
    """Names of the sessions of a server that is started with a scenario, after an instructor made some."""
    with serving(data, name="", scenario=file, **more) as served, served.client() as client:
        lee = {"Authorization": f"Bearer {served.person(Role.INSTRUCTOR).access}"}
        names = [each["name"] for each in client.get("/api/sessions", headers=lee).json()["sessions"]]
        for each in made:
            answer = client.post("/api/sessions", json=each, headers=lee)
            assert answer.status_code == 201, answer.text
        return sorted(names)


def test_a_session_of_another_scenario_takes_nobodys_place_whatever_it_is_called(tmp_path: Path) -> None:
    file, data = tmp_path / "lesson.toml", tmp_path / "data"
    file.write_text(MARKET)
    other = market("Another lesson", seats=3)
    made = [{"name": name, "scenario": other} for name in ("lesson-2", "lesson-7", "lesson")]
    assert started(data, file, *made, session=False) == []
    # The first name that is free.
    assert started(data, file) == ["lesson", "lesson-2", "lesson-3", "lesson-7"]
    assert started(data, file) == ["lesson", "lesson-2", "lesson-3", "lesson-7"]


def test_a_session_of_the_scenario_is_known_by_what_it_is_made_of(tmp_path: Path) -> None:
    file, data = tmp_path / "lesson.toml", tmp_path / "data"
    file.write_text(MARKET)
    assert started(data, file, {"name": "monday", "scenario": MARKET}, session=False) == []
    assert started(data, file) == ["monday"]
    # Under another name of the file it is the same market.
    assert started(data, file.rename(tmp_path / "renamed.toml")) == ["monday"]
    # Who names the session means that one.
    with serving(data, name="tuesday", scenario=tmp_path / "renamed.toml") as served:
        assert sorted(served.server.sessions.names()) == ["monday", "tuesday"]


def test_a_session_that_is_for_a_class_alone_is_not_that_of_everybody(tmp_path: Path) -> None:
    file, data = tmp_path / "lesson.toml", tmp_path / "data"
    file.write_text(MARKET)
    with serving(data, name="", scenario=file, session=False) as served, served.client() as client:
        lee = {"Authorization": f"Bearer {served.person(Role.INSTRUCTOR).access}"}
        taught = client.post("/api/classes", json={"name": "Morning"}, headers=lee).json()["class_id"]
        new = {"name": "lesson-2", "scenario": MARKET, "classes": [taught]}
        answer = client.post("/api/sessions", json=new, headers=lee)
        assert answer.status_code == 201, answer.text
    with serving(data, name="", scenario=file) as served:
        assert sorted(served.server.sessions.names()) == ["lesson", "lesson-2"]
