"""What a review gives beside frames: whose day it is, a book at an instant, the market without an account."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class About(NamedTuple):
    """Whose day it is, and when it was.

    Attributes
    ----------
    session, title
        The session's name and what it is about.
    account, user
        The account, and the name of who sat there; "" for a seat that nobody took.
    zone, currency
        IANA time zone of its days, and the currency of money.
    start_ns, open_ns, end_ns
        When its exchange time began, when trading did (0 when it never did), and its last event.
    sealed
        Whether nothing changes any more.
    seq
        The last event that the review takes in.
    """

    session: str
    title: str
    account: str
    user: str
    zone: str
    currency: str
    start_ns: int
    open_ns: int
    end_ns: int
    sealed: bool
    seq: int


class BookAt(NamedTuple):
    """A book at an instant.

    Attributes
    ----------
    symbol
        The instrument.
    at_ns
        The instant asked for.
    seq, time_ns
        The last event of the session until then, and its time; 0 before the first.
    phase
        The instrument's phase in words, such as `continuous` or `halted`.
    last_price
        Price of the last trade; None before the first.
    bids, asks
        `LEVELS`, best first.
    own
        `WORKING`: the account's open orders, with what is ahead of them.
    position
        The account's position in the instrument.
    equity
        The account's equity; None before its first row.
    """

    symbol: str
    at_ns: int
    seq: int
    time_ns: int
    phase: str
    last_price: float | None
    bids: pl.DataFrame
    asks: pl.DataFrame
    own: pl.DataFrame
    position: float
    equity: float | None


class WithoutAccount(NamedTuple):
    """The market without an account's orders, what others sent held fixed (docs/sessions.md, What if).

    Attributes
    ----------
    account
        Whose orders are left out.
    held_fixed
        The sentence that must stand beside the numbers.
    left_out, missed
        Commands left out, and commands of others that then find no order to act on.
    identical
        Whether nothing at all is different.
    accounts, positions
        `WHAT_IF_ACCOUNTS` and `WHAT_IF_POSITIONS`; to who may not read the class their own alone.
    instruments, impact, after_fills
        `WHAT_IF_INSTRUMENTS`, `WHAT_IF_IMPACT` and `WHAT_IF_AFTER_FILLS`.
    prices
        `WHAT_IF_PRICES`.
    """

    account: str
    held_fixed: str
    left_out: int
    missed: int
    identical: bool
    accounts: pl.DataFrame
    positions: pl.DataFrame
    instruments: pl.DataFrame
    impact: pl.DataFrame
    after_fills: pl.DataFrame
    prices: pl.DataFrame
