"""The commands of a session with some left out, and some later: what a what-if run is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import Records
from workbench.domain.times import MAX_TIME_NS

SENT_BY_TRADERS = (
    CommandKind.NEW_ORDER,
    CommandKind.CANCEL_ORDER,
    CommandKind.REPLACE_ORDER,
    CommandKind.MASS_CANCEL,
)
"""What an account sends itself; all else is done to it by the instructor or the exchange."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Altered:
    """Commands that differ from the recorded ones.

    Attributes
    ----------
    commands
        The commands, in their new order.
    seqs
        For each of them the sequence number that it has in the recording; 0 for one that only lets time pass.
    left_out, delayed
        How many commands are missing, and how many are later than they were.
    """

    commands: Records
    seqs: Ints
    left_out: int
    delayed: int


def altered(
    commands: Records, *, without: frozenset[int], latency_ns: int, latency_of: frozenset[int], start_ns: int
) -> Altered:
    """Leave out what some accounts have sent, and let what others have sent arrive later.

    Parameters
    ----------
    commands
        All commands of the session.
    without
        Accounts whose orders, cancels and replaces are left out. What was done to them (money, fines,
        suspensions) stays.
    latency_ns, latency_of
        How much later, 0 or more, and whose; of nobody named, of all traders.
    start_ns
        Exchange time before the first command.

    Notes
    -----
    Commands are sorted by the time at which they meet the exchange, those of equal times as they were. A
    command that the exchange refuses for its time must not become a good one by being sorted, so its place
    is that of the exchange's time when it came.

    A command that is left out has moved the exchange's time, and with it scheduled phases and the ends of
    orders. So that both runs live through the same time, one that did is replaced by a mass cancel of its
    account, which has no orders: it says nothing, and unlike a CLOCK it charges no interest and looks after
    no margins that the recording did not look after then.
    """
    sent = np.isin(commands["kind"], SENT_BY_TRADERS)
    removed = sent & np.isin(commands["account"], sorted(without))
    if latency_of:
        whose = np.isin(commands["account"], sorted(latency_of))
    else:
        whose = commands["account"] >= FIRST_TRADER
    late = sent & whose & ~removed & (commands["time_ns"] <= MAX_TIME_NS) & (latency_ns > 0)
    time_ns = commands["time_ns"]
    # Times beyond the last are refused and do not move the exchange's own.
    reached_ns = np.maximum.accumulate(np.where(time_ns > MAX_TIME_NS, start_ns, time_ns))
    reached_ns = np.maximum(reached_ns, start_ns)
    passes = removed & (np.diff(reached_ns, prepend=start_ns) > 0)
    reached_ns += np.where(late, latency_ns, 0)
    kept = np.flatnonzero(~removed | passes)
    order = kept[np.argsort(reached_ns[kept], kind="stable")]
    made = commands[order]
    made["time_ns"] += np.where(late[order], latency_ns, 0)
    passing = np.zeros(int(passes.sum()), dtype=made.dtype)
    passing["kind"], passing["instrument"] = CommandKind.MASS_CANCEL, ALL
    for name in ("time_ns", "account"):
        passing[name] = made[name][passes[order]]
    made[passes[order]] = passing
    return Altered(made, np.where(passes[order], 0, order + 1), int(removed.sum()), int(late.sum()))
