"""What clients of a server saw, and what its journal says: the two sides that the checker compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Topic = tuple[int, str]
"""An account and one of its own topics."""
Row = dict[str, Any]


class Sent(NamedTuple):
    """An order that a client sent.

    Attributes
    ----------
    name
        Its client order id; no other order of the whole history has it.
    account
        Whose.
    face
        `rest`, `socket` or `alpaca`.
    sent_s
        When, by the one clock of all clients.
    """

    name: str
    account: int
    face: str
    sent_s: float


class Ack(NamedTuple):
    """An answer that says that an order is durable.

    Attributes
    ----------
    name, order_id
        Which order.
    seq
        By the socket the last event of the order's command; by REST the event that last changed it.
    acked_s
        When the answer came.
    """

    name: str
    order_id: int
    seq: int
    acked_s: float


class Piece(NamedTuple):
    """A frame of an own topic, in the order in which frames came, over all connections.

    Attributes
    ----------
    life
        The number of the connection.
    prev, seq, n
        As the stream says them.
    rows
        The rows.
    """

    life: int
    prev: int
    seq: int
    n: int
    rows: list[Row]


@dataclass
class History:
    """All that clients saw.

    Attributes
    ----------
    sent, acks, refused
        Orders sent, by name; answers that took them; names of those that were refused.
    cancels
        Ids of orders whose cancelling was acknowledged, and when.
    streams
        Each account's own topics, put together over all connections.
    final
        The same topics, told anew from the first event by the last server.
    """

    sent: dict[str, Sent] = field(default_factory=dict)
    acks: list[Ack] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cancels: list[int] = field(default_factory=list)
    streams: dict[Topic, list[Piece]] = field(default_factory=dict)
    final: dict[Topic, list[Piece]] = field(default_factory=dict)


class TrueOrder(NamedTuple):
    """An order as the journal has it.

    Attributes
    ----------
    order_id, account, created_seq
        Which, whose, and the event that made it.
    command_seq_last
        The last event of the command that entered it.
    seqs
        All events that were about it.
    ended
        Whether it is over.
    taken
        Whether it was taken: an order refused on entry was not.
    """

    order_id: int
    account: int
    created_seq: int
    command_seq_last: int
    seqs: frozenset[int]
    ended: bool
    taken: bool


@dataclass
class Truth:
    """What the journal says.

    Attributes
    ----------
    orders
        Orders of people by client order id; more than one when it was entered more than once.
    rows
        The rows of each account's own topics, in order.
    first_seq
        Rows of earlier events, and of this one, were not asked for.
    """

    orders: dict[str, list[TrueOrder]] = field(default_factory=dict)
    rows: dict[Topic, list[Row]] = field(default_factory=dict)
    first_seq: int = 1
