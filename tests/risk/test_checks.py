"""Rate, opening part and position limit against the plain formulas of docs/rules.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.codes import Side
from workbench.domain.limits import Limits
from workbench.domain.memory import ACCOUNT, POSITION
from workbench.jit import array_of, entry, int64
from workbench.risk.checks import closable, rate_wait, reachable_position, smaller_limit, take_token
from workbench.risk.reference import closable_lots

pytestmark = pytest.mark.kernel

INTS = array_of("i8")
SECOND = 10**9


@entry(array_of(ACCOUNT), INTS, INTS)
def send_at(accounts: Any, times: Any, waits: Any) -> None:
    """At each time ask how long to wait, and send an order when there is nothing to wait for."""
    account = accounts[int64(0)]
    for i in range(times.size):
        waits[i] = rate_wait(account, times[i])
        if waits[i] == 0:
            take_token(account, times[i])


@entry(array_of(POSITION), INTS, INTS)
def measure(positions: Any, numbers: Any, out: Any) -> None:
    """Closable lots and reachable position of a side (0), quantity (1) and own leaves (2)."""
    position = positions[int64(0)]
    out[0] = closable(position, numbers[0], numbers[2])
    out[1] = reachable_position(position, numbers[0], numbers[1], numbers[2])


@entry(INTS, INTS)
def smaller_of(numbers: Any, out: Any) -> None:
    """`smaller_limit` of two numbers."""
    out[0] = smaller_limit(numbers[0], numbers[1])


def paced(per_second: int, burst: int, first_ns: int = 0) -> Any:
    accounts = np.zeros(1, dtype=ACCOUNT)
    limits = Limits(orders_per_second=per_second, order_burst=burst)
    accounts["rate_interval_ns"] = limits.rate_interval_ns
    accounts["order_burst"] = limits.order_burst
    accounts["rate_time_ns"] = first_ns
    return accounts


def waits(accounts: Any, times: list[int]) -> list[int]:
    out = np.zeros(len(times), dtype=np.int64)
    send_at(accounts, np.array(times, dtype=np.int64), out)
    return out.tolist()


class TestOrderRate:
    def test_a_burst_then_one_each_interval(self) -> None:
        accounts = paced(per_second=10, burst=3)
        tenth = SECOND // 10
        times = [SECOND] * 5 + [SECOND + tenth - 1, SECOND + tenth, SECOND + tenth]
        assert waits(accounts, times) == [0, 0, 0, tenth, tenth, 1, 0, tenth]

    def test_a_quiet_hour_saves_up_no_more_than_the_burst(self) -> None:
        accounts = paced(per_second=1, burst=2)
        hour = 3_600 * SECOND
        assert waits(accounts, [0, 0, hour, hour, hour]) == [0, 0, 0, 0, SECOND]

    def test_no_limit_keeps_no_time(self) -> None:
        accounts = paced(per_second=0, burst=1)
        assert waits(accounts, [5] * 10) == [0] * 10
        assert accounts["rate_time_ns"][0] == 0

    @given(
        per_second=st.sampled_from([1, 3, 1_000, SECOND]),
        burst=st.integers(1, 5),
        steps=st.lists(st.integers(0, 2 * SECOND), max_size=30),
    )
    def test_is_a_token_bucket(self, per_second: int, burst: int, steps: list[int]) -> None:
        # The bucket as one usually writes it: `burst` tokens at most, one more each interval.
        interval = SECOND // per_second
        filled = burst * interval
        now, expected = 0, []
        times = np.cumsum(steps, dtype=np.int64).tolist()
        for time_ns in times:
            filled = min(burst * interval, filled + time_ns - now)
            now = time_ns
            expected.append(max(0, interval - filled))
            if filled >= interval:
                filled -= interval
        assert waits(paced(per_second, burst), times) == expected

    def test_waits_for_the_largest_burst_at_the_latest_time(self) -> None:
        latest = 2**62
        accounts = paced(per_second=1, burst=2**32)
        assert waits(accounts, [latest] * 3) == [0, 0, 0]
        assert accounts["rate_time_ns"][0] == latest + 3 * SECOND


LOTS = st.one_of(st.integers(0, 20), st.sampled_from([2**40, 2**50]))


@given(
    side=st.sampled_from([Side.BUY, Side.SELL]),
    held=st.one_of(LOTS, LOTS.map(lambda lots: -lots)),
    open_buy=LOTS,
    open_sell=LOTS,
    quantity=LOTS,
    data=st.data(),
)
def test_what_an_order_closes_and_where_it_could_lead(
    side: Side, held: int, open_buy: int, open_sell: int, quantity: int, data: st.DataObject
) -> None:
    own = data.draw(st.integers(0, open_buy if side == Side.BUY else open_sell))
    positions = np.zeros(1, dtype=POSITION)
    positions["position_lots"] = held
    positions["open_buy_lots"] = open_buy
    positions["open_sell_lots"] = open_sell
    out = np.zeros(2, dtype=np.int64)
    measure(positions, np.array([side, quantity, own], dtype=np.int64), out)
    others_buy = open_buy - (own if side == Side.BUY else 0)
    others_sell = open_sell - (own if side == Side.SELL else 0)
    assert out[0] == closable_lots(side, held, others_buy, others_sell)
    reach = held + others_buy + quantity if side == Side.BUY else -held + others_sell + quantity
    assert out[1] == reach


@pytest.mark.parametrize(("one", "other", "smaller"), [(0, 0, 0), (3, 0, 3), (0, 4, 4), (3, 4, 3), (4, 3, 3)])
def test_of_two_limits_zero_is_none(one: int, other: int, smaller: int) -> None:
    out = np.zeros(1, dtype=np.int64)
    smaller_of(np.array([one, other]), out)
    assert out[0] == smaller
