"""An event log has every event and what it takes to print them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.engine.two_sides import ANN, BOB, BUY, SELL, ZONE, at, order, recorded
from workbench.domain.commands import cancel_order, kill_switch
from workbench.domain.config import venue_to_json
from workbench.engine.frames import Scales, events_frame
from workbench.engine.log import read_log, write_log
from workbench.errors import SourceError


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    exchange = recorded(
        order(0, ANN, BUY, 100, 15_025, client_order_id=7),
        order(1, BOB, SELL, 40, 15_025),
        cancel_order(at(2), ANN, order_id=99),
        kill_switch(at(3)),
        cancel_order(at(1), ANN, order_id=1),
    )
    path = tmp_path / "events.parquet"
    write_log(path, exchange.events, exchange.venue, ZONE, {(ANN, 7): "first"})
    log = read_log(path)
    assert venue_to_json(log.venue) == venue_to_json(exchange.venue)
    assert (log.zone, log.names) == (ZONE, {(ANN, 7): "first"})
    assert log.events.tobytes() == exchange.events.tobytes()
    assert pl.read_parquet(path).equals(events_frame(exchange.events, Scales(exchange.venue)))


def test_no_events_are_a_log_too(tmp_path: Path) -> None:
    exchange = recorded()
    write_log(tmp_path / "e.parquet", exchange.events, exchange.venue, "UTC", {})
    assert len(read_log(tmp_path / "e.parquet").events) == 0


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file"):
        read_log(tmp_path / "none.parquet")
    other = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    with pytest.raises(SourceError, match="is no event log"):
        read_log(other)
    other.write_bytes(b"PAR1")
    with pytest.raises(SourceError, match="is no event log"):
        read_log(other)


def test_a_log_of_another_version_is_refused(tmp_path: Path) -> None:
    exchange = recorded(order(0, ANN, BUY, 100, 15_025))
    path = tmp_path / "events.parquet"
    write_log(path, exchange.events, exchange.venue, ZONE, {})
    about = pl.read_parquet_metadata(path)["workbench.events"]
    table = pl.read_parquet(path)
    for text, part in (
        (about.replace('"version": 1', '"version": 2'), "of version 2"),
        (about.replace('"accounts"', '"people"'), "its venue is not one of this version"),
    ):
        table.write_parquet(path, metadata={"workbench.events": text})
        with pytest.raises(SourceError, match=part):
            read_log(path)
    table.drop("word_3").write_parquet(path, metadata={"workbench.events": about})
    with pytest.raises(SourceError, match="its table is not one of this version"):
        read_log(path)
    assert np.all(exchange.events["seq"] > 0)
