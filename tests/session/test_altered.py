"""Commands left out and commands that arrive later."""

import numpy as np

from workbench.domain.codes import Side
from workbench.domain.commands import batch, clock, fine, kill_switch, mass_cancel, new_order
from workbench.domain.records import Records
from workbench.domain.times import MAX_TIME_NS
from workbench.session.altered import altered

NOBODY = frozenset[int]()


def order(time_ns: int, account: int) -> Records:
    return new_order(time_ns, account, 0, Side.BUY, 1, 100)


def test_what_was_done_to_an_account_stays() -> None:
    commands = batch([order(1, 2), fine(2, 2, 5), order(3, 3), kill_switch(4, 2), order(5, 0)])
    made = altered(commands, without=frozenset([2]), latency_ns=0, latency_of=NOBODY, start_ns=0)
    assert made.seqs.tolist() == [0, 2, 3, 4, 5]
    assert (made.left_out, made.delayed) == (1, 0)
    assert made.commands[1:].tobytes() == commands[1:].tobytes()


def test_the_time_of_what_is_left_out_passes() -> None:
    # Of the five left out one moves the exchange from 0 to 1 and one from 5 to 9; the others find it at 5,
    # and what is refused for its time never moved it.
    commands = batch(
        [order(1, 2), order(5, 3), order(5, 2), order(3, 2), order(MAX_TIME_NS + 1, 2), order(9, 2)]
    )
    made = altered(commands, without=frozenset([2]), latency_ns=2, latency_of=NOBODY, start_ns=0)
    assert made.left_out == 5
    assert made.seqs.tolist() == [0, 2, 0]
    assert made.commands["time_ns"].tolist() == [1, 7, 9]
    passing = batch([mass_cancel(1, 2), mass_cancel(9, 2)])
    assert made.commands[[0, 2]].tobytes() == passing.tobytes()


def test_later_orders_come_after_what_was_there_in_between() -> None:
    commands = batch([order(10, 2), order(12, 3), clock(13), order(20, 0)])
    made = altered(commands, without=NOBODY, latency_ns=3, latency_of=NOBODY, start_ns=0)
    # Traders' orders come at 13 and 15; at 13 the one that was sent first comes first.
    assert made.seqs.tolist() == [1, 3, 2, 4]
    assert made.commands["time_ns"].tolist() == [13, 13, 15, 20]
    assert made.delayed == 2
    one = altered(commands, without=NOBODY, latency_ns=5, latency_of=frozenset([2]), start_ns=0)
    assert one.seqs.tolist() == [2, 3, 1, 4]
    assert commands["time_ns"].tolist() == [10, 12, 13, 20]


def test_a_command_that_came_too_late_to_be_good_does_not_become_good() -> None:
    # The third is refused for its time (5 is before 10), and so is the last, which is beyond all time.
    commands = batch([order(4, 3), order(10, 3), clock(5), order(11, 0), clock(MAX_TIME_NS + 1), clock(12)])
    made = altered(commands, without=NOBODY, latency_ns=0, latency_of=NOBODY, start_ns=0)
    assert np.array_equal(made.seqs, np.arange(1, 7))
