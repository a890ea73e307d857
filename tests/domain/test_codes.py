"""Codes are part of the file formats: numbers never change, and each says what it means."""

import re
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

from workbench.domain import codes, numbers, states
from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Reason,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import (
    AUCTION,
    COMMAND,
    DIVERGED,
    EVENT,
    LIQUIDATION,
    LIQUIDITY_MAKER,
    PRIORITY_KEPT,
    SHADOW,
    TRADE_VIEW,
)

# Written down once more on purpose: who changes a number changes what stored files mean.
PINNED: dict[str, dict[str, int]] = {
    "Side": {"NONE": 0, "BUY": 1, "SELL": 2},
    "OrderType": {
        "MARKET": 1,
        "LIMIT": 2,
        "STOP": 3,
        "STOP_LIMIT": 4,
        "MARKET_IF_TOUCHED": 5,
        "LIMIT_IF_TOUCHED": 6,
        "TRAILING_STOP": 7,
    },
    "TimeInForce": {"DAY": 0, "GTC": 1, "OPG": 2, "IOC": 3, "FOK": 4, "GTD": 6, "CLS": 7},
    "SelfTradePrevention": {
        "VENUE_DEFAULT": 0,
        "ALLOW": 1,
        "CANCEL_RESTING": 2,
        "CANCEL_INCOMING": 3,
        "CANCEL_BOTH": 4,
        "DECREMENT": 5,
    },
    "CommandKind": {
        "NEW_ORDER": 1,
        "CANCEL_ORDER": 2,
        "REPLACE_ORDER": 3,
        "MASS_CANCEL": 4,
        "EXECUTE_ORDER": 5,
        "SUSPEND_ACCOUNT": 6,
        "REINSTATE_ACCOUNT": 7,
        "KILL_SWITCH": 8,
        "SET_PHASE": 9,
        "SET_PRICE_BAND": 10,
        "CLOCK": 11,
        "SCHEDULE_PHASE": 12,
        "CROSS_ORDERS": 13,
        "RESTRICT_SHORT_SALES": 14,
        "SET_AUCTION_COLLAR": 15,
        "TRANSFER_CASH": 20,
        "FINE": 21,
        "DIVIDEND": 22,
        "SPLIT": 23,
        "START_DAY": 24,
        "SET_LIMIT": 25,
        "SET_FEE": 26,
        "BUST_TRADE": 27,
        "SET_SESSION_STATE": 30,
        "ANNOUNCE": 31,
    },
    "OrderFlag": {
        "POST_ONLY": 1,
        "REDUCE_ONLY": 2,
        "HISTORICAL": 4,
        "QUANTITY_IS_LEAVES": 8,
        "LOSE_PRIORITY": 16,
        "GROUP_CHILD": 32,
        "GROUP_LAST": 64,
    },
    "SplitFlag": {"CANCEL_ORDERS": 1},
    "Mark": {"LAST": 0, "MID": 1, "CLOSE": 2},
    "ExposureMode": {"REJECT": 0, "FINE": 1, "LOG": 2},
    "Phase": {
        "CONTINUOUS": 0,
        "CLOSED": 1,
        "PRE_OPEN": 2,
        "OPENING_AUCTION": 3,
        "CLOSING_AUCTION": 4,
        "REOPENING_AUCTION": 5,
        "HALTED": 6,
    },
    "AccountState": {"ACTIVE": 0, "SUSPENDED": 1},
    "AccountFlag": {"SHORT_PERMITTED": 1, "CASH_CHECKED": 2, "MARGIN": 4},
    "EventKind": {
        "ORDER_CREATED": 1,
        "ORDER_APPROVED": 2,
        "ORDER_REJECTED": 3,
        "ORDER_HELD": 4,
        "ORDER_RESTED": 5,
        "ORDER_PARTIALLY_FILLED": 6,
        "ORDER_FILLED": 7,
        "ORDER_CANCELED": 8,
        "ORDER_EXPIRED": 9,
        "ORDER_REPLACED": 10,
        "ORDER_REDUCED": 11,
        "CANCEL_REJECTED": 12,
        "REPLACE_REJECTED": 13,
        "COMMAND_REJECTED": 14,
        "ORDER_TERMS": 15,
        "ORDER_TRIGGERED": 16,
        "ORDER_TRAILED": 17,
        "ORDER_REFRESHED": 18,
        "TRADE": 20,
        "QUOTE": 21,
        "TRADE_BUSTED": 22,
        "POSITION_CHANGED": 30,
        "ACCOUNT_SUSPENDED": 31,
        "ACCOUNT_REINSTATED": 32,
        "PHASE_CHANGED": 40,
        "PRICE_BAND_CHANGED": 41,
        "AUCTION_INDICATIVE": 42,
        "AUCTION_UNCROSSED": 43,
        "PRICE_LIMITS_CHANGED": 44,
        "PHASE_SCHEDULED": 45,
        "SHORT_SALE_RESTRICTION_CHANGED": 46,
        "AUCTION_COLLAR_CHANGED": 47,
        "CASH_CHANGED": 50,
        "LIMIT_BREACHED": 51,
        "MARGIN_CALL": 52,
        "MARGIN_CALL_MET": 53,
        "LIQUIDATION": 54,
        "ORDER_ADJUSTED": 55,
        "INSTRUMENT_SPLIT": 56,
        "DAY_STARTED": 57,
        "LIMIT_CHANGED": 58,
        "FEE_CHANGED": 59,
        "SESSION_STATE_CHANGED": 60,
        "ANNOUNCED": 61,
    },
    "Reason": {
        "NONE": 0,
        "UNKNOWN_COMMAND": 1,
        "TIME_BACKWARDS": 2,
        "UNKNOWN_ACCOUNT": 3,
        "UNKNOWN_INSTRUMENT": 4,
        "ACCOUNT_SUSPENDED": 5,
        "MARKET_CLOSED": 6,
        "INVALID_SIDE": 7,
        "INVALID_ORDER_TYPE": 8,
        "INVALID_TIME_IN_FORCE": 9,
        "INVALID_SELF_TRADE_PREVENTION": 10,
        "INVALID_FLAGS": 11,
        "INVALID_CLIENT_ORDER_ID": 12,
        "INVALID_QUANTITY": 13,
        "QUANTITY_NOT_IN_INCREMENT": 14,
        "QUANTITY_TOO_LARGE": 15,
        "INVALID_PRICE": 16,
        "PRICE_NOT_IN_INCREMENT": 17,
        "PRICE_OUT_OF_BAND": 18,
        "NOTIONAL_TOO_LARGE": 19,
        "ORDER_RATE": 20,
        "TOO_MANY_OPEN_ORDERS": 21,
        "DUPLICATE_CLIENT_ORDER_ID": 22,
        "SHORT_SALE_NOT_PERMITTED": 23,
        "POSITION_LIMIT": 24,
        "INSUFFICIENT_BUYING_POWER": 25,
        "POST_ONLY_WOULD_CROSS": 26,
        "INSTRUMENT_HALTED": 27,
        "INVALID_EXPIRE_TIME": 28,
        "INVALID_TRIGGER_PRICE": 29,
        "UNKNOWN_ORDER": 30,
        "NOT_ORDER_OWNER": 31,
        "QUANTITY_BELOW_EXECUTED": 32,
        "INVALID_DISPLAY_QUANTITY": 33,
        "INVALID_GROUP": 34,
        "REDUCE_ONLY_WOULD_OPEN": 35,
        "SHORT_SALE_RESTRICTED": 36,
        "BY_REQUEST": 40,
        "IMMEDIATE_OR_CANCEL": 41,
        "FILL_OR_KILL": 42,
        "NO_LIQUIDITY": 43,
        "SELF_TRADE": 44,
        "MASS_CANCEL": 45,
        "KILL_SWITCH": 46,
        "END_OF_DAY": 47,
        "GROUP": 48,
        "REDUCE_ONLY": 49,
        "AUCTION_ENDED": 50,
        "END_OF_TIME": 51,
        "LIMIT_UP_DOWN": 52,
        "SCHEDULED": 53,
        "INVALID_AMOUNT": 60,
        "INSUFFICIENT_CASH": 61,
        "GROSS_EXPOSURE": 62,
        "NET_EXPOSURE": 63,
        "DAILY_LOSS": 64,
        "DRAWDOWN": 65,
        "LIQUIDATION": 66,
        "CORPORATE_ACTION": 67,
        "PRICE_COLLAR": 68,
        "DEPOSIT": 70,
        "WITHDRAWAL": 71,
        "FINE": 72,
        "DIVIDEND": 73,
        "BORROW_COST": 74,
        "INTEREST": 75,
        "CASH_IN_LIEU": 76,
        "UNKNOWN_LIMIT": 80,
        "INVALID_LIMIT": 81,
        "INVALID_SESSION_STATE": 82,
        "INVALID_ANNOUNCEMENT": 83,
        "UNKNOWN_TRADE": 84,
        "ALREADY_BUSTED": 85,
        "TRADE_TOO_OLD": 86,
        "UNKNOWN_FEE": 87,
        "INVALID_FEE": 88,
    },
    "LimitKind": {
        "MAX_ORDER_LOTS": 1,
        "MAX_ORDER_NOTIONAL": 2,
        "POSITION_LIMIT_LOTS": 3,
        "MAX_OPEN_ORDERS": 4,
        "ORDERS_PER_SECOND": 5,
        "ORDER_BURST": 6,
        "MAX_DAILY_LOSS": 7,
        "MAX_DRAWDOWN": 8,
    },
    "FeeKind": {
        "MAKER_PER_LOT": 1,
        "TAKER_PER_LOT": 2,
        "MAKER_BPS": 3,
        "TAKER_BPS": 4,
        "PER_ORDER": 5,
        "MINIMUM_PER_ORDER": 6,
        "CAP_BPS": 7,
    },
    "TradeState": {"STANDS": 0, "BUSTED": 1, "FORGOTTEN": 2},
    "SessionState": {
        "DRAFT": 0,
        "LOBBY": 1,
        "PRE_OPEN": 2,
        "OPEN": 3,
        "PAUSED": 4,
        "CLOSED": 5,
        "DEBRIEF": 6,
    },
    "Place": {
        "SHOWN": 0,
        "LIVE": 1,
        "TRIGGER": 2,
        "GROUP": 3,
        "AUCTION": 4,
        "RELEASED": 5,
        "MARKET_QUEUE": 6,
    },
    "TriggerReference": {"LAST_TRADE": 0, "BID_ASK": 1, "MIDPOINT": 2},
}

ENUMS = [
    value
    for value in vars(codes).values()
    if isinstance(value, type)
    and issubclass(value, (IntEnum, IntFlag))
    and value.__module__ == codes.__name__
]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_numbers_are_the_pinned_ones(enum: type[IntEnum]) -> None:
    assert {member.name: member.value for member in enum} == PINNED[enum.__name__]


def test_every_pinned_code_exists() -> None:
    assert {enum.__name__ for enum in ENUMS} == set(PINNED)


def test_codes_fit_into_their_fields() -> None:
    fields = [
        (CommandKind, COMMAND, "kind"),
        (Side, COMMAND, "side"),
        (OrderType, COMMAND, "order_type"),
        (TimeInForce, COMMAND, "time_in_force"),
        (OrderFlag, COMMAND, "flags"),
        (EventKind, EVENT, "kind"),
        (Reason, EVENT, "reason"),
        (states.OrderState, EVENT, "order_state"),
        (codes.LimitKind, COMMAND, "group_place"),
        (codes.FeeKind, COMMAND, "group_place"),
        (codes.TradeState, TRADE_VIEW, "state"),
        (codes.SessionState, COMMAND, "flags"),
    ]
    for enum, record, field in fields:
        assert max(enum) < 2 ** (8 * record[field].itemsize)  # type: ignore[type-var]


def test_no_two_flags_of_an_event_share_a_bit() -> None:
    bits = [int(flag) for flag in OrderFlag]
    bits += [LIQUIDITY_MAKER, PRIORITY_KEPT, SHADOW, DIVERGED, LIQUIDATION, AUCTION]
    assert [bit.bit_count() for bit in bits] == [1] * len(bits)
    assert sum(bits).bit_count() == len(bits)


def test_accounts_of_the_exchange_come_before_the_traders() -> None:
    assert (STREET_ACCOUNT, HOUSE_ACCOUNT, FIRST_TRADER) == (0, 1, 2)


def test_kernels_take_the_same_numbers() -> None:
    prefixes = {
        "COMMAND_": CommandKind,
        "EVENT_": EventKind,
        "REASON_": Reason,
        "STATE_": states.OrderState,
        "PREVENT_": codes.SelfTradePrevention,
        "EXPOSURE_": codes.ExposureMode,
        "PLACE_": codes.Place,
        "REFERENCE_": codes.TriggerReference,
        "LIMITS_": codes.LimitKind,
        "FEES_": codes.FeeKind,
        "TRADE_": codes.TradeState,
        "SESSION_": codes.SessionState,
    }
    plain = {
        name: value for name, value in vars(numbers).items() if isinstance(value, int) and name.isupper()
    }
    assert len(plain) > 70
    for name, value in plain.items():
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), "")
        others = [enum for enum in ENUMS if enum not in prefixes.values() and name in enum.__members__]
        homes = [prefixes[prefix]] if prefix else others
        assert homes, name
        assert {int(enum[name.removeprefix(prefix)]) for enum in homes} == {value}, name


@pytest.mark.parametrize("enum", [CommandKind, EventKind, Reason, OrderFlag], ids=lambda enum: enum.__name__)
def test_every_code_says_what_it_means(enum: type[IntEnum]) -> None:
    source = Path(codes.__file__).read_text(encoding="utf-8")
    body = re.split(r"\n\n\nclass ", source.split(f"class {enum.__name__}(")[1])[0]
    for member in enum:
        if member.name != "NONE":
            assert re.search(rf'    {member.name} = \d+\n    """[A-Z].*\."""', body), member.name
