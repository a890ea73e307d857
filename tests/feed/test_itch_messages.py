import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.feed.itch_bytes import framed
from workbench.feed.itch import read_itch
from workbench.feed.itch_messages import COMMON_COLUMNS, LENGTHS, MESSAGES, STOCK_OFFSETS, begins_itch

# Stock locate 258, tracking number 3, and 1 ns after 09:30: 34,200,000,000,001 ns since midnight.
HEAD = "0102 0003 1F1ACED9F001"
ZXZZT = "5A585A5A54202020"

# Each type spelled out from the specification: the bytes of its fields, and what they say.
EXAMPLES: dict[str, tuple[str, dict[str, int | str]]] = {
    "S": (f"53 {HEAD} 51", {"event_code": "Q"}),
    "R": (
        # Nasdaq Global Select, normal, round lots of 100 and others too, common stock, subtype Z, live,
        # no short sale threshold, no IPO, tier 1, an exchange-traded product of leverage 3, inverse.
        f"52 {HEAD} {ZXZZT} 51 4E 00000064 4E 43 5A20 50 4E 20 31 59 00000003 59",
        {
            "stock": "ZXZZT",
            "market_category": "Q",
            "financial_status_indicator": "N",
            "round_lot_size": 100,
            "round_lots_only": "N",
            "issue_classification": "C",
            "issue_subtype": "Z",
            "authenticity": "P",
            "short_sale_threshold_indicator": "N",
            "ipo_flag": " ",
            "luld_reference_price_tier": "1",
            "etp_flag": "Y",
            "etp_leverage_factor": 3,
            "inverse_indicator": "Y",
        },
    ),
    # Paused, a reserved space, for the reason LUDP.
    "H": (f"48 {HEAD} {ZXZZT} 50 20 4C554450", {"stock": "ZXZZT", "trading_state": "P", "reason": "LUDP"}),
    "Y": (f"59 {HEAD} {ZXZZT} 31", {"stock": "ZXZZT", "reg_sho_action": "1"}),
    # FLTU is the primary market maker, in normal mode, excused.
    "L": (
        f"4C {HEAD} 464C5455 {ZXZZT} 59 4E 45",
        {
            "mpid": "FLTU",
            "stock": "ZXZZT",
            "primary_market_maker": "Y",
            "market_maker_mode": "N",
            "market_participant_state": "E",
        },
    ),
    # 4,500, 4,200 and 3,800, each times 1e8.
    "V": (
        f"56 {HEAD} 00000068C6171400 00000061C9F36800 0000005879C3D800",
        {
            "level_1_price_e8": 450_000_000_000,
            "level_2_price_e8": 420_000_000_000,
            "level_3_price_e8": 380_000_000_000,
        },
    ),
    "W": (f"57 {HEAD} 32", {"breached_level": "2"}),
    # 09:50:00 is 35,400 s; anticipated, at 17.00.
    "K": (
        f"4B {HEAD} {ZXZZT} 00008A48 41 00029810",
        {
            "stock": "ZXZZT",
            "ipo_quotation_release_time_s": 35_400,
            "ipo_quotation_release_qualifier": "A",
            "ipo_price_e4": 170_000,
        },
    ),
    "J": (
        f"4A {HEAD} {ZXZZT} 00029810 00030D40 00027100 00000001",
        {
            "stock": "ZXZZT",
            "auction_collar_reference_price_e4": 170_000,
            "upper_auction_collar_price_e4": 200_000,
            "lower_auction_collar_price_e4": 160_000,
            "auction_collar_extension": 1,
        },
    ),
    "h": (f"68 {HEAD} {ZXZZT} 51 48", {"stock": "ZXZZT", "market_code": "Q", "operational_halt_action": "H"}),
    # Order 2^32 + 1 buys 300 at 123.45.
    "A": (
        f"41 {HEAD} 0000000100000001 42 0000012C {ZXZZT} 0012D644",
        {
            "order_reference_number": 4_294_967_297,
            "buy_sell_indicator": "B",
            "shares": 300,
            "stock": "ZXZZT",
            "price_e4": 1_234_500,
        },
    ),
    "F": (
        f"46 {HEAD} 0000000100000001 53 0000012C {ZXZZT} 0012D644 464C5455",
        {
            "order_reference_number": 4_294_967_297,
            "buy_sell_indicator": "S",
            "shares": 300,
            "stock": "ZXZZT",
            "price_e4": 1_234_500,
            "attribution": "FLTU",
        },
    ),
    "E": (
        f"45 {HEAD} 0000000100000001 00000064 0000000000000009",
        {"order_reference_number": 4_294_967_297, "executed_shares": 100, "match_number": 9},
    ),
    "C": (
        f"43 {HEAD} 0000000100000001 00000064 0000000000000009 4E 0012D644",
        {
            "order_reference_number": 4_294_967_297,
            "executed_shares": 100,
            "match_number": 9,
            "printable": "N",
            "execution_price_e4": 1_234_500,
        },
    ),
    "X": (
        f"58 {HEAD} 0000000100000001 00000064",
        {"order_reference_number": 4_294_967_297, "cancelled_shares": 100},
    ),
    "D": (f"44 {HEAD} 0000000100000001", {"order_reference_number": 4_294_967_297}),
    "U": (
        f"55 {HEAD} 0000000100000001 0000000100000002 0000012C 0012D644",
        {
            "original_order_reference_number": 4_294_967_297,
            "new_order_reference_number": 4_294_967_298,
            "shares": 300,
            "price_e4": 1_234_500,
        },
    ),
    "P": (
        f"50 {HEAD} 0000000000000000 42 0000012C {ZXZZT} 0012D644 0000000000000009",
        {
            "order_reference_number": 0,
            "buy_sell_indicator": "B",
            "shares": 300,
            "stock": "ZXZZT",
            "price_e4": 1_234_500,
            "match_number": 9,
        },
    ),
    # The shares of a cross have eight bytes: 2^32 + 1 of them.
    "Q": (
        f"51 {HEAD} 0000000100000001 {ZXZZT} 0012D644 0000000000000009 43",
        {
            "shares": 4_294_967_297,
            "stock": "ZXZZT",
            "cross_price_e4": 1_234_500,
            "match_number": 9,
            "cross_type": "C",
        },
    ),
    # The largest number that eight bytes can hold.
    "B": (f"42 {HEAD} FFFFFFFFFFFFFFFF", {"match_number": 18_446_744_073_709_551_615}),
    "I": (
        f"49 {HEAD} 0000000000000064 00000000000000C8 53 {ZXZZT} 00029810 00030D40 00027100 4F 4C",
        {
            "paired_shares": 100,
            "imbalance_shares": 200,
            "imbalance_direction": "S",
            "stock": "ZXZZT",
            "far_price_e4": 170_000,
            "near_price_e4": 200_000,
            "current_reference_price_e4": 160_000,
            "cross_type": "O",
            "price_variation_indicator": "L",
        },
    ),
    "N": (f"4E {HEAD} {ZXZZT} 41", {"stock": "ZXZZT", "interest_flag": "A"}),
    "O": (
        f"4F {HEAD} {ZXZZT} 59 00027100 00030D40 00029810 00001F1ACED9F001 00027100 00030D40",
        {
            "stock": "ZXZZT",
            "open_eligibility_status": "Y",
            "minimum_allowable_price_e4": 160_000,
            "maximum_allowable_price_e4": 200_000,
            "near_execution_price_e4": 170_000,
            "near_execution_time": 34_200_000_000_001,
            "lower_price_range_collar_e4": 160_000,
            "upper_price_range_collar_e4": 200_000,
        },
    ),
}

_LENGTHS = (12, 39, 25, 20, 26, 35, 12, 28, 35, 21, 36, 40, 31, 36, 23, 19, 35, 44, 40, 19, 50, 20, 48)
SPECIFIED_LENGTHS = dict(zip("SRHYLVWKJhAFECXDUPQBINO", _LENGTHS, strict=True))


def example(letter: str) -> bytes:
    return bytes.fromhex(EXAMPLES[letter][0])


@pytest.mark.parametrize("letter", MESSAGES)
def test_every_field_of_every_type(tmp_path: Path, letter: str) -> None:
    path = tmp_path / "20190130.itch"
    path.write_bytes(framed([example(letter)]))
    itch = read_itch(path)
    assert itch.counts == {letter: 1}
    assert itch.faults == {}
    common = {
        "message": 1,
        "time_ns": 1_548_858_600_000_000_001,
        "timestamp_ns": 34_200_000_000_001,
        "stock_locate": 258,
        "tracking_number": 3,
    }
    assert tuple(common) == COMMON_COLUMNS
    assert itch.table(letter).row(0, named=True) == common | EXAMPLES[letter][1]
    assert list(itch.tables) == [letter]


def test_lengths_are_those_of_the_specification() -> None:
    assert {letter: message.length for letter, message in MESSAGES.items()} == SPECIFIED_LENGTHS
    assert {chr(code): int(LENGTHS[code]) for code in range(256) if LENGTHS[code]} == SPECIFIED_LENGTHS
    assert all(len(example(letter)) == length for letter, length in SPECIFIED_LENGTHS.items())


@pytest.mark.parametrize("letter", MESSAGES)
def test_where_the_stock_is(letter: str) -> None:
    offset = int(STOCK_OFFSETS[ord(letter)])
    found = example(letter).find(b"ZXZZT   ")
    assert offset == max(found, 0)


@pytest.mark.parametrize("letter", MESSAGES)
def test_codes_of_examples_are_listed(letter: str) -> None:
    for part in MESSAGES[letter].fields:
        if part.codes:
            assert EXAMPLES[letter][1][part.name] in part.codes


def test_a_column_of_spaces_is_empty_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(framed([example("H")[:-4] + b"    "]))
    assert read_itch(path).table("H")["reason"].to_list() == [""]


def test_what_begins_as_itch() -> None:
    assert begins_itch(framed([example("S")]))
    assert begins_itch(framed([example("R"), example("S")]))
    for other in (b"", b"\0", b"\0\0", b"\0\x0cS", b"time,price\n", framed([b"Z" * 12]), framed([b"S" * 13])):
        assert not begins_itch(other)


PAGE = (ROOT / "docs" / "feeds.md").read_text()
SECTION = PAGE.partition("## Nasdaq TotalView-ITCH 5.0")[2].partition("\n## ")[0]


def lines(first_cell: str) -> list[str]:
    """Lines of tables in the section whose first cell is this."""
    return re.findall(rf"^\| {re.escape(first_cell)} \|.*$", SECTION, re.MULTILINE)


@pytest.mark.parametrize("letter", MESSAGES)
def test_every_type_has_its_line(letter: str) -> None:
    (line,) = lines(letter)
    message = MESSAGES[letter]
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells == [letter, message.name, str(message.length), ", ".join(message.columns)]


@pytest.mark.parametrize("letter", MESSAGES)
def test_every_field_has_its_line_with_every_code(letter: str) -> None:
    for part in MESSAGES[letter].fields:
        if part.name not in MESSAGES[letter].columns:
            continue
        (line,) = lines(f"`{part.name}`")
        for code, meaning in part.codes.items():
            assert f"{code if code != ' ' else 'space'} {meaning}" in line, part.name


@pytest.mark.parametrize("column", COMMON_COLUMNS)
def test_every_common_column_has_its_line(column: str) -> None:
    assert len(lines(f"`{column}`")) == 1
