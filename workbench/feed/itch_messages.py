"""Every message of Nasdaq TotalView-ITCH 5.0: its fields and what their codes mean.

All numbers are big-endian and unsigned, text is padded with spaces on its right, and each type has one
length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LETTER, TEXT, NUMBER, PRICE = "letter", "text", "number", "price"
"""Forms of a field: a one-letter code, text, a whole number, a price of as many decimals as its name says."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Parameters
    ----------
    name
        Its column; the specification's name, with the unit last where it has one.
    form
        One of `LETTER`, `TEXT`, `NUMBER` and `PRICE`.
    size
        Its bytes.
    codes
        Meaning of each code, where the specification lists them.
    """

    name: str
    form: str
    size: int
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One type of message: its letter, name and the fields after the header."""

    letter: str
    name: str
    fields: tuple[Field, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Layout of the whole message."""
        forms = {1: "u1", 2: ">u2", 4: ">u4", 8: ">u8"}
        return np.dtype([*_HEADER, *((part.name, forms[part.size]) for part in self.fields)])

    @property
    def length(self) -> int:
        """Bytes of the whole message."""
        return self.dtype.itemsize

    def offset(self, name: str) -> int:
        """Where in the message a field begins."""
        return int(np.dtype(self.dtype).fields[name][1])  # type: ignore[index]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of its table that are its own, after `COMMON_COLUMNS`."""
        return tuple(part.name for part in self.fields if part.name != RESERVED)


_HEADER = [
    ("message_type", "u1"),
    ("stock_locate", ">u2"),
    ("tracking_number", ">u2"),
    ("timestamp_high", ">u2"),
    ("timestamp_low", ">u4"),
]

COMMON_COLUMNS = ("message", "time_ns", "timestamp_ns", "stock_locate", "tracking_number")
"""Columns that every table begins with; `time_ns` only where the day is known."""

RESERVED = "reserved"
"""A field without a meaning; it has no column."""

_YES_NO = {"Y": "yes", "N": "no"}
_YES_NO_UNKNOWN = {**_YES_NO, " ": "not available"}
_SIDES = {"B": "buy", "S": "sell"}
_CROSSES = {
    "O": "opening cross",
    "C": "closing cross",
    "H": "cross of an IPO, or of a stock that was halted or paused",
}


def _letter(name: str, codes: Mapping[str, str]) -> Field:
    return Field(name, LETTER, 1, codes)


_STOCK = Field("stock", TEXT, 8)
_ORDER = Field("order_reference_number", NUMBER, 8)
_MATCH = Field("match_number", NUMBER, 8)
_SHARES = Field("shares", NUMBER, 4)
_EXECUTED = Field("executed_shares", NUMBER, 4)
_SIDE = _letter("buy_sell_indicator", _SIDES)


def _price(name: str = "") -> Field:
    return Field(f"{name}price_e4", PRICE, 4)


_ADD_ORDER = (_ORDER, _SIDE, _SHARES, _STOCK, _price())

_ALL = (
    Message(
        "S",
        "system_event",
        (
            _letter(
                "event_code",
                {
                    "O": "start of messages",
                    "S": "start of system hours",
                    "Q": "start of market hours",
                    "M": "end of market hours",
                    "E": "end of system hours",
                    "C": "end of messages",
                },
            ),
        ),
    ),
    Message(
        "R",
        "stock_directory",
        (
            _STOCK,
            _letter(
                "market_category",
                {
                    "Q": "Nasdaq Global Select Market",
                    "G": "Nasdaq Global Market",
                    "S": "Nasdaq Capital Market",
                    "N": "NYSE",
                    "A": "NYSE American",
                    "P": "NYSE Arca",
                    "Z": "Cboe BZX",
                    "V": "IEX",
                    " ": "not available",
                },
            ),
            _letter(
                "financial_status_indicator",
                {
                    "D": "deficient",
                    "E": "delinquent",
                    "Q": "bankrupt",
                    "S": "suspended",
                    "G": "deficient and bankrupt",
                    "H": "deficient and delinquent",
                    "J": "delinquent and bankrupt",
                    "K": "deficient, delinquent and bankrupt",
                    "C": "creations or redemptions of an exchange-traded product are suspended",
                    "N": "none of these",
                    " ": "not available",
                },
            ),
            Field("round_lot_size", NUMBER, 4),
            _letter("round_lots_only", _YES_NO),
            _letter(
                "issue_classification",
                {
                    "A": "American depositary share",
                    "B": "bond",
                    "C": "common stock",
                    "F": "depositary receipt",
                    "I": "144A",
                    "L": "limited partnership",
                    "N": "notes",
                    "O": "ordinary share",
                    "P": "preferred stock",
                    "Q": "other security",
                    "R": "right",
                    "S": "share of beneficial interest",
                    "T": "convertible debenture",
                    "U": "unit",
                    "V": "unit of beneficial interest",
                    "W": "warrant",
                },
            ),
            Field("issue_subtype", TEXT, 2),
            _letter("authenticity", {"P": "live", "T": "test"}),
            _letter("short_sale_threshold_indicator", _YES_NO_UNKNOWN),
            _letter("ipo_flag", _YES_NO_UNKNOWN),
            _letter("luld_reference_price_tier", {"1": "tier 1", "2": "tier 2", " ": "not available"}),
            _letter("etp_flag", _YES_NO_UNKNOWN),
            Field("etp_leverage_factor", NUMBER, 4),
            _letter("inverse_indicator", _YES_NO),
        ),
    ),
    Message(
        "H",
        "stock_trading_action",
        (
            _STOCK,
            _letter(
                "trading_state",
                {
                    "H": "halted at all US markets",
                    "P": "paused at all US markets",
                    "Q": "quotation only",
                    "T": "trading at Nasdaq",
                },
            ),
            _letter(RESERVED, {}),
            Field("reason", TEXT, 4),
        ),
    ),
    Message(
        "Y",
        "reg_sho_restriction",
        (
            _STOCK,
            _letter(
                "reg_sho_action",
                {
                    "0": "no short sale price test",
                    "1": "restricted, after a fall of the price today",
                    "2": "still restricted",
                },
            ),
        ),
    ),
    Message(
        "L",
        "market_participant_position",
        (
            Field("mpid", TEXT, 4),
            _STOCK,
            _letter("primary_market_maker", _YES_NO),
            _letter(
                "market_maker_mode",
                {"N": "normal", "P": "passive", "S": "syndicate", "R": "pre-syndicate", "L": "penalty"},
            ),
            _letter(
                "market_participant_state",
                {"A": "active", "E": "excused", "W": "withdrawn", "S": "suspended", "D": "deleted"},
            ),
        ),
    ),
    Message(
        "V",
        "mwcb_decline_level",
        tuple(Field(f"level_{level}_price_e8", PRICE, 8) for level in (1, 2, 3)),
    ),
    Message(
        "W",
        "mwcb_status",
        (_letter("breached_level", {"1": "level 1", "2": "level 2", "3": "level 3"}),),
    ),
    Message(
        "K",
        "ipo_quoting_period_update",
        (
            _STOCK,
            Field("ipo_quotation_release_time_s", NUMBER, 4),
            _letter("ipo_quotation_release_qualifier", {"A": "anticipated", "C": "cancelled or postponed"}),
            _price("ipo_"),
        ),
    ),
    Message(
        "J",
        "luld_auction_collar",
        (
            _STOCK,
            _price("auction_collar_reference_"),
            _price("upper_auction_collar_"),
            _price("lower_auction_collar_"),
            Field("auction_collar_extension", NUMBER, 4),
        ),
    ),
    Message(
        "h",
        "operational_halt",
        (
            _STOCK,
            _letter("market_code", {"Q": "Nasdaq", "B": "Nasdaq BX", "X": "Nasdaq PSX"}),
            _letter("operational_halt_action", {"H": "halted at this market", "T": "lifted"}),
        ),
    ),
    Message("A", "add_order", _ADD_ORDER),
    Message("F", "add_order_mpid", (*_ADD_ORDER, Field("attribution", TEXT, 4))),
    Message("E", "order_executed", (_ORDER, _EXECUTED, _MATCH)),
    Message(
        "C",
        "order_executed_with_price",
        (_ORDER, _EXECUTED, _MATCH, _letter("printable", _YES_NO), _price("execution_")),
    ),
    Message("X", "order_cancel", (_ORDER, Field("cancelled_shares", NUMBER, 4))),
    Message("D", "order_delete", (_ORDER,)),
    Message(
        "U",
        "order_replace",
        (
            Field("original_order_reference_number", NUMBER, 8),
            Field("new_order_reference_number", NUMBER, 8),
            _SHARES,
            _price(),
        ),
    ),
    Message("P", "trade", (*_ADD_ORDER, _MATCH)),
    Message(
        "Q",
        "cross_trade",
        (
            Field("shares", NUMBER, 8),
            _STOCK,
            _price("cross_"),
            _MATCH,
            _letter("cross_type", _CROSSES),
        ),
    ),
    Message("B", "broken_trade", (_MATCH,)),
    Message(
        "I",
        "net_order_imbalance_indicator",
        (
            Field("paired_shares", NUMBER, 8),
            Field("imbalance_shares", NUMBER, 8),
            _letter(
                "imbalance_direction",
                {
                    **_SIDES,
                    "N": "no imbalance",
                    "O": "too few orders to say",
                    "P": "paused",
                },
            ),
            _STOCK,
            _price("far_"),
            _price("near_"),
            _price("current_reference_"),
            _letter("cross_type", {**_CROSSES, "A": "extended trading close"}),
            _letter(
                "price_variation_indicator",
                {
                    "L": "below 1 %",
                    **{str(percent): f"{percent} % to below {percent + 1} %" for percent in range(1, 10)},
                    "A": "10 % to below 20 %",
                    "B": "20 % to below 30 %",
                    "C": "30 % or more",
                    " ": "cannot be calculated",
                },
            ),
        ),
    ),
    Message(
        "N",
        "retail_price_improvement_indicator",
        (
            _STOCK,
            _letter(
                "interest_flag",
                {
                    "B": "retail orders on the buy side",
                    "S": "retail orders on the sell side",
                    "A": "retail orders on both sides",
                    "N": "none",
                },
            ),
        ),
    ),
    Message(
        "O",
        "direct_listing_with_capital_raise",
        (
            _STOCK,
            _letter("open_eligibility_status", _YES_NO),
            _price("minimum_allowable_"),
            _price("maximum_allowable_"),
            _price("near_execution_"),
            Field("near_execution_time", NUMBER, 8),
            Field("lower_price_range_collar_e4", PRICE, 4),
            Field("upper_price_range_collar_e4", PRICE, 4),
        ),
    ),
)

MESSAGES: dict[str, Message] = {message.letter: message for message in _ALL}
"""Every type of message by its letter."""

ORDER_TYPES = "AFECXDUP"
"""Types of messages about orders and trades outside crosses."""

PCAPNG = b"\x0a\x0d\x0d\x0a"
CAPTURES = {
    b"\xa1\xb2\xc3\xd4": ">u4",
    b"\xd4\xc3\xb2\xa1": "<u4",
    b"\xa1\xb2\x3c\x4d": ">u4",
    b"\x4d\x3c\xb2\xa1": "<u4",
    PCAPNG: "",
}
"""First bytes of a capture of packets to the form of its numbers.

The third and fourth have times in nanoseconds, of which only the seconds are used; the last is refused with a
reason.
"""

LENGTHS = np.zeros(256, np.int64)
"""Length of a message by the code of its letter; 0 where there is no such type."""

STOCK_OFFSETS = np.zeros(256, np.int64)
"""Where in a message its stock is named; 0 where it is not."""

for _message in _ALL:
    LENGTHS[ord(_message.letter)] = _message.length
    if _STOCK in _message.fields:
        STOCK_OFFSETS[ord(_message.letter)] = _message.offset("stock")


def begins_itch(head: bytes) -> bool:
    """Whether a file without packets begins with a message of the specification behind its length."""
    length = int.from_bytes(head[:2], "big")
    return length > 0 and len(head) >= 2 + length and int(LENGTHS[head[2]]) == length
