"""The anatomy of a real day, executed; and what it says where there is no such day."""

from pathlib import Path

import pytest

from tests.notebooks.executed import execute

DAY = "data/lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst"


@pytest.mark.slow
def test_anatomy_of_a_real_day(shared: Path, tmp_path: Path) -> None:
    found = execute("order_book_anatomy", tmp_path / "ran.ipynb", path=shared / DAY)
    assert "49,482 of 49,482 rows equal" in found.printed
    assert found.figures["What are the messages?"].startswith("Of 49,482 messages 49.25 % enter an order")
    assert (
        "8,560 orders left the source's view"
        in found.figures["How long do orders live, and how do they end?"]
    )
    assert found.figures["How wide is the market?"].startswith(
        "Half of the time the spread is 25 ticks (0.25 USD)"
    )
    assert "from 15:30" in found.figures["When does it trade?"]
    assert "widest from 09:30" in found.figures["When is it cheap to trade?"]
    assert "of 22,994 moves" in found.figures["Do the queues foretell the next price?"]


@pytest.mark.slow
def test_without_a_recording_it_says_so_and_stops(tmp_path: Path) -> None:
    found = execute("order_book_anatomy", tmp_path / "ran.ipynb", fails=True, path="nowhere.csv")
    # A sentence alone: nobody wants to read where in which module it was found out.
    assert found.failed == (
        "This notebook needs a recorded day of order flow, and there is no file 'nowhere.csv'; name one in "
        "the parameters above. The cells below did not run."
    )
    assert not found.printed
    assert not found.figures
