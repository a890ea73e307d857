"""Price paths as steps in time, and the numbers taken from their difference."""

import numpy as np
import pytest

from workbench.domain.codes import Side
from workbench.domain.records import FILL_EVENT, Records
from workbench.session.impact import Gap, gap, impact, mids_of
from workbench.session.trace import QUOTED

S = 1_000_000_000


def quotes(*rows: tuple[int, int, int]) -> Records:
    made = np.zeros(len(rows), dtype=QUOTED)
    for at, (seconds, bid, ask) in enumerate(rows):
        made[at] = (seconds * S, bid, ask, 0)
    return made


def fills(*rows: tuple[int, Side, int]) -> Records:
    made = np.zeros(len(rows), dtype=FILL_EVENT)
    for at, (seconds, side, lots) in enumerate(rows):
        made["time_ns"][at], made["side"][at], made["last_quantity_lots"][at] = seconds * S, side, lots
    return made


def path(with_: Records, without: Records, end_s: int) -> Gap:
    return gap(mids_of(with_), mids_of(without), end_s * S)


def test_the_last_quote_of_a_time_counts_and_an_empty_side_has_no_middle() -> None:
    mids = mids_of(quotes((1, 10, 12), (1, 10, 14), (3, 0, 14), (4, 11, 14)))
    assert mids.time_ns.tolist() == [1 * S, 3 * S, 4 * S]
    np.testing.assert_array_equal(mids.ticks, [12, np.nan, 12.5])
    np.testing.assert_array_equal(
        mids.at(np.array([0, S, 2 * S, 3 * S, 9 * S])), [np.nan, 12, 12, np.nan, 12.5]
    )
    assert np.isnan(mids_of(quotes()).at(np.array([5]))).all()


def test_weights_leave_out_what_has_no_price() -> None:
    # 1..4 s: +2; 4..6 s: no middle in the recording; 6..10 s: -1. (3 x 2 - 4 x 1) / 7.
    made = impact(
        path(quotes((1, 11, 13), (4, 0, 13), (6, 8, 10)), quotes((1, 9, 11)), 10), fills(), since_ns=0
    )
    assert made.average_ticks == pytest.approx(2 / 7)
    assert (made.largest_ticks, made.largest_ns, made.end_ticks) == (2.0, 1 * S, -1.0)
    assert made.moved_share == 1
    assert (made.meets_after_ns, made.equal_since_ns) == (None, None)


def test_what_was_before_does_not_count() -> None:
    made = impact(path(quotes((1, 11, 13), (6, 9, 11)), quotes((1, 9, 11)), 10), fills(), since_ns=5 * S)
    assert made.average_ticks == pytest.approx(2 / 5)
    assert made.largest_ns == 5 * S
    assert made.equal_since_ns == 6 * S


def test_fills_weigh_by_quantity_and_side() -> None:
    # +4 ticks from second 10 on, -2 from 100 on. One second after each: 30 bought at +4, 10 sold at -2.
    there = path(quotes((0, 99, 101), (10, 103, 105), (100, 97, 99)), quotes((0, 99, 101)), 1000)
    made = impact(there, fills((10, Side.BUY, 30), (100, Side.SELL, 10)), since_ns=0)
    first, _, minute, five = made.after_fills
    assert (first.fills, first.ticks) == (2, pytest.approx((30 * 4 + 10 * 2) / 40))
    assert first.basis_points == pytest.approx((30 * 4 + 10 * 2) / 40 / 100 * 10_000)
    assert minute.ticks == pytest.approx((30 * 4 + 10 * 2) / 40)
    # Five minutes after the first fill the price is 2 ticks lower than without, which is against a buyer.
    assert five.ticks == pytest.approx((30 * -2 + 10 * 2) / 40)
    assert made.meets_after_ns is None


def test_equal_paths_have_none() -> None:
    same = quotes((1, 9, 11), (2, 9, 12))
    made = impact(path(same, same, 5), fills((2, Side.BUY, 1)), since_ns=0)
    assert (made.average_ticks, made.largest_ticks, made.largest_ns) == (0, 0, None)
    assert (made.meets_after_ns, made.equal_since_ns, made.moved_share) == (0, 1 * S, 0)


def test_nothing_at_all() -> None:
    made = impact(path(quotes(), quotes(), 5), fills((2, Side.BUY, 1)), since_ns=0)
    assert (made.end_ticks, made.average_ticks, made.largest_ticks, made.moved_share) == (None,) * 4
    assert [after.fills for after in made.after_fills] == [0] * 4


def test_the_furthest_in_a_span() -> None:
    there = path(quotes((0, 99, 101), (10, 103, 105), (11, 96, 98)), quotes((0, 99, 101)), 100)
    assert there.furthest(0, 10 * S) == 0
    assert there.furthest(0, 11 * S) == 4
    assert there.furthest(10 * S, 20 * S) == 4
    assert there.furthest(11 * S, 20 * S) == -3


def test_paths_that_meet_and_part_again_settle_later() -> None:
    # Both middles are 10 until the fill moves the recorded one to 14 at 1 s; equal from 3 to 5 s, apart
    # until 9 s, then equal for good.
    recorded = quotes((0, 9, 11), (1, 13, 15), (3, 9, 11), (5, 11, 13), (9, 9, 11))
    found = impact(path(recorded, quotes((0, 9, 11)), 20), fills((1, Side.BUY, 100)), since_ns=0)
    assert (found.meets_after_ns, found.settles_after_ns) == (2 * S, 8 * S)
    assert found.equal_since_ns == 9 * S
