"""What order flow consists of, on a file written by hand."""

from collections import Counter
from pathlib import Path

import pytest
import zstandard

from workbench.analytics.order_flow import messages, order_lives
from workbench.feed.history import History
from workbench.feed.open import open_history

# Time, type, order, size, price, direction: 1 enters, 2 reduces, 3 cancels, 4 executes, 5 hidden.
ROWS = """\
36000.0,1,11,100,1000000,1
36000.5,1,12,50,1010000,-1
36001.0,4,11,40,1000000,1
36002.0,2,12,10,1010000,-1
36002.5,5,0,7,1005000,1
36003.0,3,11,60,1000000,1
36004.0,4,12,40,1010000,-1
36005.0,1,13,30,1000000,1
36006.5,3,13,30,1000000,1
36007.0,1,14,30,1000000,1
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    path = tmp_path_factory.mktemp("flow") / "ABC_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text(ROWS)
    return open_history(path)


def test_messages_are_counted_by_what_they_say(history: History) -> None:
    found = messages(history)
    assert dict(zip(found["message"], found["count"], strict=True)) == {
        "new order": 4,
        "cancel": 3,
        "execution": 2,
        "hidden execution": 1,
    }
    assert found["share"].sum() == pytest.approx(1)
    assert found["message"][0] == "new order"


def test_orders_live_until_nothing_is_left_of_them(history: History) -> None:
    rows = order_lives(history).select("order", "side", "lived_s", "quantity", "executed", "outcome").rows()
    assert rows == [
        (11, "BUY", 3.0, 100.0, 40.0, "executed in part"),
        # Ten of fifty were cancelled, and the rest traded.
        (12, "SELL", 3.5, 50.0, 40.0, "executed in part"),
        (13, "BUY", 1.5, 30.0, 0.0, "cancelled"),
        (14, "BUY", None, 30.0, 0.0, "unknown"),
    ]


def test_a_real_day_has_as_many_messages_as_rows(shared: Path) -> None:
    path = shared / "data/lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst"
    found = open_history(path)
    counts = dict(messages(found).select("message", "count").iter_rows())
    # Types 1, 2 and 3, 4, 5 of the file, counted as text.
    with path.open("rb") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    types = Counter(line.split(",")[1] for line in text.splitlines())
    assert counts == {
        "new order": types["1"],
        "cancel": types["2"] + types["3"],
        "execution": types["4"],
        "hidden execution": types["5"],
    }
    lives = order_lives(found)
    assert len(lives) == 24_368
    assert (lives["executed"] <= lives["quantity"]).all()
    known = lives.drop_nulls("ended")
    assert (known["ended"] >= known["entered"]).all()
    # Others have outbid these, or they were open at the end: nobody knows what became of them.
    assert (lives["outcome"] == "unknown").sum() == len(lives) - len(known) == 8_560
    assert set(known["outcome"]) == {"executed", "executed in part", "cancelled"}
