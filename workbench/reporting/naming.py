"""What people are called in one report: by their names, and by more where two share one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

_MOST = 2


class Seated(NamedTuple):
    """Somebody, or nobody, at an account of a session.

    Attributes
    ----------
    session, account
        Where.
    user, user_id
        Who, by name and by id; "" for an account at which nobody sat.
    """

    session: str
    account: str
    user: str
    user_id: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.user or self.account

    @property
    def who(self) -> tuple[str, ...]:
        """Who it is: a user, wherever they sat, or an account of this session alone."""
        return (self.user_id,) if self.user_id else (self.session, self.account)


def names_of(seats: Sequence[Seated]) -> dict[tuple[str, str], str]:
    """By session and account, whose each is, as nobody else is called.

    A user has the name by which they went last. Who shares theirs with others has in brackets where they sat,
    an account of no user its session; with that alike, session and account; at last the user's id.

    Parameters
    ----------
    seats
        In order of time.

    Examples
    --------
    >>> names_of([Seated("day", "carl", "", ""), Seated("lesson", "seat-3", "carl", "u-1")])
    {('day', 'carl'): 'carl (day)', ('lesson', 'seat-3'): 'carl (seat-3)'}
    """
    people: dict[tuple[str, ...], list[Seated]] = {}
    for each in seats:
        people.setdefault(each.who, []).append(each)
    alike: dict[str, list[tuple[str, ...]]] = {}
    for who, theirs in people.items():
        alike.setdefault(theirs[-1].name, []).append(who)
    called = {}
    for name, several in alike.items():
        for way in _WAYS:
            texts = {who: way(people[who]) for who in several}
            if len(set(texts.values())) == len(several):
                break
        called.update({who: f"{name} ({text})" if text else name for who, text in texts.items()})
    return {(each.session, each.account): called[each.who] for each in seats}


def _together(texts: Sequence[str]) -> str:
    """Each once, and not more than fit into a table."""
    every = list(dict.fromkeys(texts))
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return f"{', '.join(every[:_MOST])}{more}"


_WAYS: tuple[Callable[[list[Seated]], str], ...] = (
    lambda _: "",
    lambda theirs: _together([each.account if each.user_id else each.session for each in theirs]),
    lambda theirs: _together([f"{each.session}, {each.account}" for each in theirs]),
    lambda theirs: theirs[0].user_id or f"{theirs[0].session}, {theirs[0].account}",
)
"""Ever longer ways to say who somebody is; the last one is nobody else's."""
