"""What a server opens at its next start, when the market of its scenario has ended and when it goes on."""

from __future__ import annotations

from pathlib import Path

from tests.api.served import MARKET, serving
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
    # It goes on: nothing is opened beside it.
    assert day(over=False) == ["lesson-2"]
