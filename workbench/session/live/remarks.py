"""What a session's journal says beside commands: seats, names of orders, news, states, speed, positions.

Each is one msgpack map, written in the same breath as the commands that follow it. Everything that a restart
needs and the commands do not say is in them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.errors import JournalError


class Remark(msgspec.Struct, omit_defaults=True):
    """One remark.

    Attributes
    ----------
    names
        Account, client order id and name of orders.
    seats
        Account, user id and name of those who sat down.
    news
        Number, time, headline, body, symbols and author of announcements.
    state
        The state that the session goes to.
    speed
        The clock's speed from here on: one number, or one None.
    start_ns
        Where slices are counted from, from here on.
    open_ns
        When the market first opened.
    open_commands
        How many commands follow this remark in the frame that opened the market.
    phases
        Phase of each instrument before the session was paused.
    fed
        How many commands of history, of the script and of agents have happened with the commands that
        follow, and how many slices have ended since `start_ns`.
    board_hidden
        Whether the leaderboard is for those alone who run the session, from here on.
    board_delay_ns
        How much exchange time the leaderboard of all others is late, from here on; 0 for not at all.
    busts
        Trade, why it is to be busted and whose word that is; the exchange's events say whether it was.
    payments
        Command that moves money, why and whose word that is; the exchange's events say whether it did.
    """

    names: list[tuple[int, int, str]] = []
    seats: list[tuple[int, str, str]] = []
    news: list[tuple[int, int, str, str, tuple[str, ...], str]] = []
    state: int | None = None
    speed: tuple[float | None] | None = None
    start_ns: int | None = None
    open_ns: int | None = None
    open_commands: int = 0
    phases: list[int] | None = None
    fed: tuple[int, int, int, int] | None = None
    board_hidden: bool | None = None
    board_delay_ns: int | None = None
    busts: list[tuple[int, str, str]] = []
    payments: list[tuple[int, str, str]] = []

    def add(self, other: Remark) -> None:
        """Say what another one says too, so that who hears this one alone knows as much.

        The last word counts, and lists grow. Not added are names, which are many and are packed as they come,
        and what only tells the street where it stood.
        """
        for field in _LASTING:
            said = getattr(other, field)
            if not said and said in (None, []):
                continue
            if field in _GROWING:
                known = getattr(self, field)
                setattr(self, field, known + [each for each in said if each not in known])
            else:
                setattr(self, field, said)


_GROWING = ("seats", "news", "busts", "payments")
_LASTING = [
    field
    for field in Remark.__struct_fields__
    if field not in ("names", "start_ns", "open_ns", "open_commands", "fed")
]
_EMPTY = Remark()
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Remark)


def pack_remark(remark: Remark) -> bytes:
    """A remark as bytes; none for one that says nothing.

    >>> pack_remark(Remark())
    b''
    >>> unpack_remark(pack_remark(Remark(speed=(None,)))).speed
    (None,)
    """
    return b"" if remark == _EMPTY else _ENCODER.encode(remark)


def unpack_remark(data: bytes, where: Any = "") -> Remark:
    """The remark that `pack_remark` was given.

    Raises
    ------
    JournalError
        For bytes that are none; the journal's checksums hold, so another version wrote them.
    """
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise JournalError(
            f"a remark is of another make ({error})", str(where), "use the version that wrote it"
        ) from None
