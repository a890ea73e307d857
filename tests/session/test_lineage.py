"""Which order an id belongs to."""

import numpy as np

from tests.session.markets import two_stocks
from workbench.domain.codes import Side
from workbench.domain.commands import batch, new_order, replace_order
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.session.lineage import Lineage

START = two_stocks().start_time_ns


def buy(account: int) -> Records:
    return new_order(START, account, 0, Side.BUY, 10, 10_000)


def move(account: int, order_id: int, ticks: int) -> Records:
    return replace_order(START, account, order_id=order_id, price_ticks=ticks)


COMMANDS = batch(
    [buy(2), buy(3), move(2, 1, 9_990), move(2, 3, 9_980), buy(2), move(3, 2, 9_970), move(2, 4, 9_960)]
)
"""Ann's order 1 becomes 3, 4 and 7; bob's order 2 becomes 6; ann's order 5 stays."""


def learned(size: int) -> Lineage:
    exchange, made = Exchange(two_stocks()), Lineage()
    for at in range(0, len(COMMANDS), size):
        made.take(exchange.step(COMMANDS[at : at + size]))
    return made


def test_ids_lead_to_the_first_the_latest_and_the_command() -> None:
    for size in (1, 2, 3, 100):
        made = learned(size)
        ids = np.arange(0, 10)
        assert made.count == 7
        assert made.last_seq == 7
        assert made.first(ids).tolist() == [0, 1, 2, 1, 1, 5, 2, 1, 0, 0]
        assert made.latest(np.array([0, 1, 2, 5])).tolist() == [0, 7, 6, 5]
        assert made.made_by(ids[:8]).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
        assert made.replaced_by(ids[:8]).tolist() == [0, 3, 6, 4, 7, 0, 0, 0]


def test_a_long_chain_in_one_batch() -> None:
    exchange, made = Exchange(two_stocks()), Lineage()
    chain = batch([buy(2), *(move(2, 1 + at, 9_000 + at) for at in range(3_000))])
    made.take(exchange.step(chain))
    assert made.first(np.array([3_001])).tolist() == [1]
    assert made.latest(np.array([1])).tolist() == [3_001]


def test_numbers_that_are_nobodys_order() -> None:
    assert learned(10).first(np.array([-5, 0, 8, 1 << 62])).tolist() == [0, 0, 0, 0]
