"""What a journal's remarks say, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.domain.codes import Phase, SessionState
from workbench.errors import JournalError
from workbench.journal.reader import read_remarks
from workbench.session.live.remarks import Remark, unpack_remark


def remark_lines(folder: Path) -> Iterator[str]:
    """Every remark of a journal, with the command that it stands before."""
    for remark in read_remarks(folder):
        try:
            said = "; ".join(_said(unpack_remark(remark.data))) or "nothing"
        except JournalError:
            said = f"{len(remark.data):,} bytes that are no live session's"
        yield f"remark before command {remark.seq}: {said}"


def _said(remark: Remark) -> Iterator[str]:
    if remark.state is not None:
        yield f"the session goes to {SessionState(remark.state).name}"
    if remark.open_ns is not None:
        yield f"the market opened at {remark.open_ns} ns, with {remark.open_commands} commands"
    if remark.start_ns is not None:
        yield f"slices are counted from {remark.start_ns} ns"
    if remark.phases is not None:
        yield f"phases before the pause {', '.join(Phase(phase).name for phase in remark.phases)}"
    if remark.speed is not None:
        yield f"speed {'max' if remark.speed[0] is None else f'{remark.speed[0]:g}'}"
    if remark.board_hidden is not None:
        yield f"the leaderboard is {'hidden' if remark.board_hidden else 'shown'}"
    if remark.board_delay_ns:
        yield f"the leaderboard is {remark.board_delay_ns / 1e9:g} s late"
    for trade_id, reason, author in remark.busts:
        yield f"{author or 'somebody'} asks to bust trade {trade_id}: {reason!r}"
    for command_seq, reason, author in remark.payments:
        yield f"{author or 'somebody'} moves money by command {command_seq}: {reason!r}"
    for account, user, name in remark.seats:
        yield f"{name!r} (user {user}) sits at account {account}"
    for number, _, headline, *_ in remark.news:
        yield f"news {number} {headline!r}"
    for account, client_order_id, name in remark.names:
        yield f"account {account} calls {client_order_id} {name!r}"
    if remark.fed is not None:
        history, script, agents, slices = remark.fed
        yield f"fed {history} of history, {script} of the script, {agents} of agents, in {slices} slices"
