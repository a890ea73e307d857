"""Counts of a session."""

from pathlib import Path

import numpy as np

from tests.session.live.markets import buy, opened
from workbench.domain.codes import CommandKind, EventKind, Reason
from workbench.session.live.counters import BUCKETS, Histogram, upper_bounds


def test_one_and_many_are_counted_alike() -> None:
    values = [0, 1, 2, 3, 4, 1023, 1024, 1 << 46, 1 << 50]
    one, many = Histogram(), Histogram()
    for value in values:
        one.add(value)
    many.add_all(np.array(values, dtype=np.int64))
    assert one.counts.tolist() == many.counts.tolist()
    assert one.total == many.total == sum(values)
    assert one.count == len(values)
    for value in values[:-2]:
        bucket = next(n for n, bound in enumerate(upper_bounds()) if value <= bound)
        assert one.counts[bucket] > 0
    assert one.counts[BUCKETS - 1] == 1 + 1


def test_a_quantile_is_the_bound_of_its_bucket() -> None:
    found = Histogram()
    assert found.quantile(0.5) == 0
    found.add_all(np.array([3] * 90 + [1000] * 10, dtype=np.int64))
    assert found.quantile(0.5) == 3
    assert found.quantile(0.99) == 1023


def test_a_session_counts_what_it_does(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    before = session.counters().batches
    session.send_and_wait(buy(account))
    session.send_and_wait(buy(account, price_ticks=1_000_000))
    counters = session.counters()
    assert counters.commands_by_kind[CommandKind.NEW_ORDER] == 2
    assert counters.events_by_kind[EventKind.ORDER_REJECTED] == 1
    assert counters.refusals_by_reason[Reason.PRICE_OUT_OF_BAND] == 1
    assert counters.answer_ns.count == counters.callers == 2
    assert counters.batches > before
    assert counters.journal_ns.total > 0
    session.close_and_wait()
