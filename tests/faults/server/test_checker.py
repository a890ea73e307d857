"""The checker lets a good history pass, and refuses each kind of bad one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.faults.server.checker import check
from tests.faults.server.record import Ack, History, Piece, Row, Sent, TrueOrder, Truth

TOPIC = (2, "orders")


@dataclass
class Case:
    history: History
    truth: Truth


def good() -> Case:
    """Three orders of one account: two acknowledged, one whose answer was lost; the stream broke once."""
    rows: list[Row] = [{"id": number, "event": "created", "seq": 10 * number} for number in (1, 2, 3)]
    history = History(
        sent={
            "a": Sent("a", 2, "socket", 1.0),
            "b": Sent("b", 2, "rest", 3.0),
            "c": Sent("c", 2, "alpaca", 5.0),
            "gone": Sent("gone", 2, "rest", 5.5),
        },
        acks=[Ack("a", 1, 12, 2.0), Ack("b", 2, 20, 4.0)],
        cancels=[1],
        streams={TOPIC: [Piece(1, 1, 10, 1, rows[:1]), Piece(1, 10, 20, 2, rows[1:2]), _last(rows)]},
        final={TOPIC: [Piece(0, 1, 30, 3, rows)]},
    )
    truth = Truth(
        orders={
            "a": [TrueOrder(1, 2, 10, 12, frozenset({10, 11, 12}), True, True)],
            "b": [TrueOrder(2, 2, 20, 21, frozenset({20, 21}), False, True)],
            "c": [TrueOrder(3, 2, 30, 31, frozenset({30, 31}), False, True)],
        },
        rows={TOPIC: rows},
    )
    return Case(history, truth)


def _last(rows: list[Row]) -> Piece:
    return Piece(2, 20, 30, 3, rows[2:])


def test_a_good_history_passes() -> None:
    case = good()
    assert check(case.history, case.truth) == []


def test_an_unanswered_order_may_be_there_or_not() -> None:
    case = good()
    del case.truth.orders["c"]
    assert check(case.history, case.truth) == []


def lost(case: Case) -> None:
    del case.truth.orders["b"]


def lost_and_others_moved_up(case: Case) -> None:
    case.truth.orders["b"] = [case.truth.orders["b"][0]._replace(order_id=9)]


def twice(case: Case) -> None:
    case.truth.orders["a"].append(TrueOrder(8, 2, 40, 41, frozenset({40, 41}), False, True))


def unanswered_twice(case: Case) -> None:
    case.truth.orders["c"].append(TrueOrder(8, 2, 40, 41, frozenset({40, 41}), False, True))


def answered_twice(case: Case) -> None:
    case.history.acks.append(case.history.acks[0])


def refused_and_acknowledged(case: Case) -> None:
    case.history.refused.append("a")


def refused_and_taken(case: Case) -> None:
    case.history.refused.append("c")


def acknowledged_and_refused_in_the_journal(case: Case) -> None:
    case.truth.orders["b"] = [case.truth.orders["b"][0]._replace(taken=False)]


def another_seq_on_the_socket(case: Case) -> None:
    case.history.acks[0] = case.history.acks[0]._replace(seq=13)


def an_earlier_seq_on_the_socket(case: Case) -> None:
    case.history.acks[0] = case.history.acks[0]._replace(seq=11)


def another_seq_by_rest(case: Case) -> None:
    case.history.acks[1] = case.history.acks[1]._replace(seq=12)


def nobody_sent_it(case: Case) -> None:
    del case.history.sent["c"]


def anothers_account(case: Case) -> None:
    case.truth.orders["c"] = [case.truth.orders["c"][0]._replace(account=3)]


def cancelled_and_open(case: Case) -> None:
    case.history.cancels.append(2)


def acknowledged_before_and_later_in_the_journal(case: Case) -> None:
    case.truth.orders["b"] = [TrueOrder(2, 2, 9, 20, frozenset({9, 20}), False, True)]


def unanswered_before_what_was_acknowledged(case: Case) -> None:
    case.truth.orders["c"] = [TrueOrder(3, 2, 15, 31, frozenset({15, 31}), False, True)]


def a_gap(case: Case) -> None:
    case.history.streams[TOPIC][2] = case.history.streams[TOPIC][2]._replace(prev=25)


def a_row_that_is_not_counted(case: Case) -> None:
    case.history.streams[TOPIC][1] = case.history.streams[TOPIC][1]._replace(n=1)


def a_row_missing_at_a_reconnect(case: Case) -> None:
    del case.history.streams[TOPIC][1]


def a_row_missing_at_the_end(case: Case) -> None:
    del case.history.streams[TOPIC][2]


def a_row_told_twice(case: Case) -> None:
    pieces = case.history.streams[TOPIC]
    pieces.insert(1, pieces[0]._replace(life=2))


def another_order_of_events(case: Case) -> None:
    case.history.streams[TOPIC] = [
        Piece(1, 1, 20, 2, list(reversed(case.truth.rows[TOPIC][:2]))),
        case.history.streams[TOPIC][2],
    ]


def a_stream_that_goes_back(case: Case) -> None:
    case.history.streams[TOPIC][1] = case.history.streams[TOPIC][1]._replace(seq=5)


def another_row(case: Case) -> None:
    pieces = case.history.streams[TOPIC]
    pieces[0] = pieces[0]._replace(rows=[{**pieces[0].rows[0], "event": "filled"}])


def another_row_when_told_anew(case: Case) -> None:
    piece = case.history.final[TOPIC][0]
    case.history.final[TOPIC] = [piece._replace(rows=[{**piece.rows[0], "seq": 11}, *piece.rows[1:]])]


def never_heard(case: Case) -> None:
    del case.history.streams[TOPIC]


def never_told_anew(case: Case) -> None:
    del case.history.final[TOPIC]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lost, "b: was acknowledged and is lost"),
        (lost_and_others_moved_up, "b: was acknowledged as order 2, is 9"),
        (twice, "a: is in the journal 2 times"),
        (unanswered_twice, "c: is in the journal 2 times"),
        (answered_twice, "a: answered 2 times"),
        (refused_and_acknowledged, "a: answered 2 times"),
        (refused_and_taken, "c: was refused, and the journal has it taken"),
        (acknowledged_and_refused_in_the_journal, "b: was acknowledged, and the journal has it refused"),
        (another_seq_on_the_socket, "a: was acknowledged with seq 13, has 12"),
        (an_earlier_seq_on_the_socket, "a: was acknowledged with seq 11, has 12"),
        (another_seq_by_rest, "b: was acknowledged with seq 12, which is no event of it"),
        (nobody_sent_it, "c: is in the journal, and nobody sent it"),
        (anothers_account, "c: is of account 3, not 2"),
        (cancelled_and_open, "order 2: its cancelling was acknowledged, and it is open"),
        (
            acknowledged_before_and_later_in_the_journal,
            "a was acknowledged before b was sent, and has seq 10",
        ),
        (unanswered_before_what_was_acknowledged, "b was acknowledged before c was sent, and has seq 20"),
        (a_gap, "a gap: a frame after 25 came when 20 was told (life 2)"),
        (a_row_that_is_not_counted, "it counts 1 rows, and 1 and 1 were told"),
        (a_row_missing_at_a_reconnect, "a gap: a frame after 20 came when 10 was told (life 2)"),
        (a_row_missing_at_the_end, "2 rows were told, and the journal has 3"),
        (a_row_told_twice, "4 rows were told, and the journal has 3"),
        (another_order_of_events, "row 0 differs from the journal in id, seq"),
        (a_stream_that_goes_back, "it goes back from 10 to 5"),
        (another_row, "row 0 differs from the journal in event"),
        (another_row_when_told_anew, "the stream told anew of (2, 'orders'): row 0 differs"),
        (never_heard, "nothing of it was heard"),
        (never_told_anew, "the stream told anew of (2, 'orders'): nothing of it was heard"),
    ],
)
def test_a_bad_history_is_refused(spoil: Callable[[Case], None], said: str) -> None:
    case = good()
    spoil(case)
    assert [sentence for sentence in check(case.history, case.truth) if said in sentence]
