"""Seats, names and news."""

from workbench.session.live.answer import Seat
from workbench.session.live.register import Register
from workbench.session.live.remarks import Remark


def test_seats_are_given_in_order_and_never_twice() -> None:
    register = Register(range(2, 5))
    promised: set[int] = set()
    for account, user in ((2, "a"), (3, "b")):
        assert register.free_account(promised) == account
        promised.add(account)
        register.apply(Remark(seats=[(account, user, user.upper())]))
    assert register.free_account({4}) is None
    assert register.free_account(set()) == 4
    assert register.seats() == (Seat(2, "a", "A"), Seat(3, "b", "B"))
    assert register.seat_of("c") is None


def test_names_belong_to_an_account() -> None:
    register = Register(range(2, 3))
    register.apply(Remark(names=[(2, 7, "mine"), (3, 7, "theirs")]))
    assert register.name_of(2, 7) == "mine"
    assert register.name_of(3, 7) == "theirs"
    assert register.name_of(2, 8) is None
    assert dict(register.names()) == {(2, 7): "mine", (3, 7): "theirs"}
    assert register.name_count == 2


def test_the_board_is_shown_until_a_remark_hides_it() -> None:
    register = Register(range(2, 4))
    assert not register.board_hidden
    for hidden in (True, False):
        register.apply(Remark(board_hidden=hidden))
        register.apply(Remark(speed=(2.0,)))
        assert register.board_hidden is hidden
