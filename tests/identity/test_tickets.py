"""Tickets: one socket each, for some seconds, bounded."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from tests.identity.conftest import PASSWORD, Clock, House, People
from workbench.errors import AuthError
from workbench.identity import Principal, Role
from workbench.identity.tickets import Tickets

Refused = Callable[..., AuthError]
ANN = Principal("u", "ann", Role.STUDENT, frozenset(), family="f")


def test_a_ticket_is_good_once(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.login("ann")
    ticket = identity.ticket(ann)
    other = identity.ticket(ann)
    assert ticket != other
    assert identity.take_ticket(ticket) == structs.replace(ann, kind="ticket")
    refused("bad_credentials", lambda: identity.take_ticket(ticket))
    for wrong in ("", "x", "\ud800", ticket.upper()):
        refused("bad_credentials", lambda wrong=wrong: identity.take_ticket(wrong))
    house.clock.pass_s(30)
    refused("expired", lambda: identity.take_ticket(other))
    last = identity.ticket(ann)
    house.clock.pass_s(29.9)
    identity.take_ticket(last)


def test_a_ticket_ends_with_what_it_was_made_by(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.login("ann")
    again = house(identity.login("ann", PASSWORD)).principal
    ended, kept = identity.ticket(ann), identity.ticket(again)
    house(identity.revoke_device(ann, ann.family))
    refused("bad_credentials", lambda: identity.take_ticket(ended))
    assert identity.take_ticket(kept).family == again.family
    # A principal that was revoked before gets a ticket that is good for nothing.
    refused("revoked", lambda: identity.take_ticket(identity.ticket(ann)))


def test_tickets_are_bounded(refused: Refused) -> None:
    clock = Clock()
    tickets = Tickets(clock, life_s=30, tickets_max=3)
    made = [tickets.make(ANN) for _ in range(5)]
    assert len(tickets) == 3
    refused("bad_credentials", lambda: tickets.take(made[0]))
    tickets.take(made[4])
    clock.pass_s(31)
    tickets.make(ANN)
    assert len(tickets) == 1
