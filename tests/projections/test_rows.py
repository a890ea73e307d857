"""Tables of rows: names, types and nulls, and that their documentation lists them all."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.conftest import ROOT
from tests.projections.recordings import VENUES, recorded
from workbench.domain.codes import EventKind
from workbench.domain.records import EVENT, ORDER_EVENT
from workbench.projections.equity import Equity
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.rows import more_rows
from workbench.projections.standings import Standings
from workbench.projections.trades import Trades

PAGE = (ROOT / "docs" / "projections.md").read_text()
VENUE = VENUES["money"]
TABLES: dict[str, Any] = {
    "Orders": lambda: Orders(VENUE).take_rows(),
    "Round trips": lambda: Trades(VENUE).take_round_trips(),
    "Closed lots": lambda: Trades(VENUE).take_closed_lots(),
    "Positions": lambda: Positions(VENUE).take_rows(),
    "Equity": lambda: Equity(VENUE).take_rows(),
    "Standings": lambda: Standings(VENUE).table(),
}
NAME = pa.dictionary(pa.int32(), pa.string())
TYPES = {"name": NAME, "time": pa.timestamp("ns")}


@pytest.mark.parametrize("title", TABLES)
def test_the_page_lists_every_column_with_its_type(title: str) -> None:
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(title + "\n"))
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]+ \| [^|]+ \|$", text, flags=re.MULTILINE)
    schema = TABLES[title]().schema
    named = [(name, TYPES.get(kind) or pa.type_for_alias(kind)) for name, kind in listed]
    assert named == [(field.name, field.type) for field in schema]


def test_the_pages_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    code, book = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(book, {})
    assert capsys.readouterr().out
    exec(code, {})
    seq, *worth = re.findall(r"\d+", capsys.readouterr().out)
    assert int(seq) > 0
    assert worth == ["0", "0", "50000000000", "50000000000", "0"]


@pytest.mark.kernel
def test_accounts_without_names_are_numbers_and_unknown_ones_null() -> None:
    recording = recorded("bare", "day", 0, 100)
    projection = Orders(recording.venue)
    projection.apply(recording.events)
    names = set(projection.take_rows()["account"].to_pylist())
    told = recording.events[recording.events["kind"] == EventKind.ORDER_CREATED]["account"]
    assert names <= {str(account) for account in told.tolist()}

    events = np.zeros(2, dtype=EVENT)
    events["seq"] = [1, 2]
    events["kind"] = [EventKind.ORDER_CREATED, EventKind.ORDER_REJECTED]
    events["account"], events["instrument"], events["side"], events["order_type"] = -7, 99, 3, 255
    events.view(ORDER_EVENT)["order_id"] = 1
    other = Orders(VENUE)
    other.apply(events)
    (row,) = other.take_rows().to_pylist()
    assert [row[name] for name in ("account", "symbol", "side", "type", "ended")] == [None] * 5


def test_more_rows_keep_the_first() -> None:
    rows = np.arange(4)
    assert more_rows(rows, 3, 5).tolist() == [0, 1, 2, 0, 0, 0, 0, 0]
    assert len(more_rows(rows, 0, 100)) == 100
