"""Record layouts: no hidden padding, the fields where files and kernels expect them."""

from typing import Any

import numpy as np
import pytest

from workbench.domain import memory, records
from workbench.domain.records import (
    ACCOUNT_EVENT,
    ACCOUNT_VIEW,
    AUCTION_EVENT,
    BOOK_ORDER,
    BUST_EVENT,
    CASH_EVENT,
    COMMAND,
    COUNTERS_VIEW,
    EVENT,
    FEE_EVENT,
    FEE_VIEW,
    FILL_EVENT,
    GROUP_VIEW,
    INSTRUMENT_VIEW,
    LEVEL_VIEW,
    LIMIT_EVENT,
    LIMIT_VIEW,
    LIQUIDITY_MAKER,
    LOT_VIEW,
    MARKET_EVENT,
    ORDER_EVENT,
    POSITION_EVENT,
    POSITION_VIEW,
    PRIORITY_KEPT,
    QUOTE_EVENT,
    ROLLING_VIEW,
    SESSION_EVENT,
    SESSION_VIEW,
    SPLIT_EVENT,
    TERMS_EVENT,
    TRADE_EVENT,
    TRADE_VIEW,
    commands,
    schema_hash,
)

DTYPES = {
    f"{module.__name__.rsplit('.', 1)[1]}.{name}": value
    for module in (records, memory)
    for name, value in vars(module).items()
    if isinstance(value, np.dtype) and value.names
}
EVENTS = [
    ORDER_EVENT,
    FILL_EVENT,
    TRADE_EVENT,
    QUOTE_EVENT,
    POSITION_EVENT,
    MARKET_EVENT,
    TERMS_EVENT,
    AUCTION_EVENT,
    ACCOUNT_EVENT,
    CASH_EVENT,
    SPLIT_EVENT,
    LIMIT_EVENT,
    SESSION_EVENT,
    FEE_EVENT,
    BUST_EVENT,
]

# Files are recognised by these; a layout that changes needs a new number and a line in CHANGELOG.md.
PINNED = {
    "COMMAND": (COMMAND, 104, "a2d73ebdc200e777"),
    "EVENT": (EVENT, 112, "971ce10af48b3958"),
    "BOOK_ORDER": (BOOK_ORDER, 192, "7ccbebddc07a1b15"),
    "ACCOUNT_VIEW": (ACCOUNT_VIEW, 88, "c5fcef7038c44918"),
    "POSITION_VIEW": (POSITION_VIEW, 88, "0c4fa3b9c194a8fd"),
    "LOT_VIEW": (LOT_VIEW, 32, "df4ff8b74e0e2a3c"),
    "INSTRUMENT_VIEW": (INSTRUMENT_VIEW, 256, "bb5344b346dd1760"),
    "COUNTERS_VIEW": (COUNTERS_VIEW, 72, "4055b451b8b5b8d9"),
    "GROUP_VIEW": (GROUP_VIEW, 40, "eef23c1d91cf95a2"),
    "ROLLING_VIEW": (ROLLING_VIEW, 32, "330c9a04a2806699"),
    "LIMIT_VIEW": (LIMIT_VIEW, 16, "8f6f4641015f383d"),
    "FEE_VIEW": (FEE_VIEW, 24, "af277ff4a2d482fe"),
    "TRADE_VIEW": (TRADE_VIEW, 88, "790ef1f1359cf8ca"),
    "SESSION_VIEW": (SESSION_VIEW, 8, "3c86f247ab3246d4"),
    "LEVEL_VIEW": (LEVEL_VIEW, 24, "c43ad288a5243380"),
}


@pytest.mark.parametrize("name", DTYPES)
def test_every_byte_belongs_to_a_field_at_its_own_alignment(name: str) -> None:
    dtype, at = DTYPES[name], 0
    for field in dtype.names or ():
        kind, offset = (dtype.fields or {})[field][:2]
        assert offset == at, field
        size = kind.base.itemsize
        assert offset % size == 0, field
        at += kind.itemsize
    assert at == dtype.itemsize
    assert dtype.itemsize % max(kind.base.itemsize for kind, *_ in (dtype.fields or {}).values()) == 0


@pytest.mark.parametrize("name", DTYPES)
def test_only_integers_in_the_byte_order_of_files(name: str) -> None:
    for kind, *_ in (DTYPES[name].fields or {}).values():
        assert kind.base.kind in "iu"
        assert kind.base.str[0] in "<|"


@pytest.mark.parametrize("name", PINNED)
def test_layouts_are_the_pinned_ones(name: str) -> None:
    dtype, size, digest = PINNED[name]
    assert dtype.itemsize == size
    assert schema_hash(dtype) == digest


@pytest.mark.parametrize("dtype", EVENTS)
def test_every_event_has_the_same_header_and_nine_words(dtype: np.dtype[Any]) -> None:
    header = EVENT.names[:-1]  # type: ignore[index]
    assert dtype.names is not None
    assert dtype.names[: len(header)] == header
    for name in header:
        assert (dtype.fields or {})[name][:2] == (EVENT.fields or {})[name][:2]
    words = dtype.names[len(header) :]
    assert len(words) == EVENT["payload"].shape[0] == 9
    assert {dtype[word].str for word in words} == {"<i8"}
    event = np.arange(14, dtype=np.int64).view(EVENT)
    named = event.view(dtype)
    assert [named[word][0] for word in words] == event["payload"][0].tolist() == list(range(5, 14))


def test_orders_fit_into_two_cache_lines() -> None:
    assert memory.ORDER.itemsize == 128
    # What matching reads of a resting order is in the first line.
    first = [name for name in memory.ORDER.names or () if (memory.ORDER.fields or {})[name][1] < 64]
    assert {"leaves_lots", "price_ticks", "order_id", "account", "prev", "next", "side", "flags"} <= set(
        first
    )


def test_schema_hash_sees_names_types_places_and_order() -> None:
    plain = np.dtype([("a", "i8"), ("b", "i8")])
    others = [
        np.dtype([("a", "i8"), ("c", "i8")]),
        np.dtype([("b", "i8"), ("a", "i8")]),
        np.dtype([("a", "i8"), ("b", "u8")]),
        np.dtype([("a", "i8"), ("b", "i4"), ("c", "i4")]),
        np.dtype({"names": ["a", "b"], "formats": ["i8", "i8"], "offsets": [0, 16]}),
        np.dtype({"names": ["a", "b"], "formats": ["i8", "i8"], "offsets": [0, 8], "itemsize": 24}),
        np.dtype([("a", ">i8"), ("b", ">i8")]),
    ]
    digests = [schema_hash(dtype) for dtype in (plain, *others)]
    assert len(set(digests)) == len(digests)
    assert schema_hash(plain, plain) not in digests
    assert schema_hash(plain, others[0]) != schema_hash(others[0], plain)
    assert schema_hash(plain) == schema_hash(np.dtype([("a", "<i8"), ("b", "<i8")]))


def test_state_arrays_have_the_layouts_of_their_module() -> None:
    assert set(memory.MEMORY_DTYPES) == set(memory.Memory._fields)
    assert set(memory.EVENT_DTYPES) == set(memory.EventBuffer._fields)
    assert list(memory.EVENT_DTYPES.values()) == EVENTS


def test_flags_of_events_are_their_highest_bits() -> None:
    assert (LIQUIDITY_MAKER, PRIORITY_KEPT) == (0x8000, 0x4000)


def test_commands_are_zero() -> None:
    rows = commands(3)
    assert (rows.dtype, rows.shape) == (COMMAND, (3,))
    assert not rows.tobytes().strip(b"\0")
