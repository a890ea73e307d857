"""Ids that say what they name."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from workbench.session.live.order_ids import (
    account_number,
    account_uuid,
    asset_symbol,
    asset_uuid,
    execution_seq,
    execution_uuid,
    order_number,
    order_uuid,
)

IDENTITIES = st.binary(min_size=16, max_size=16)
NUMBERS = st.integers(0, (1 << 64) - 1)


@given(IDENTITIES, NUMBERS)
def test_an_id_gives_back_its_number_and_is_one_of_rfc_9562(identity: bytes, number: int) -> None:
    for make, read in (
        (order_uuid, order_number),
        (execution_uuid, execution_seq),
        (account_uuid, account_number),
    ):
        made = make(identity, number)
        assert (made.version, made.variant) == (8, "specified in RFC 4122")
        assert UUID(str(made)) == made
        assert read(identity, made) == number


@given(IDENTITIES, IDENTITIES, NUMBERS)
def test_an_id_of_another_session_or_kind_is_none(one: bytes, other: bytes, number: int) -> None:
    made = order_uuid(one, number)
    assert execution_seq(one, made) is None
    assert account_number(one, made) is None
    if one != other:
        assert order_number(other, made) is None


@given(IDENTITIES, NUMBERS, st.integers(64, 127))
def test_an_id_with_another_bit_in_its_tag_is_none(identity: bytes, number: int, bit: int) -> None:
    made = order_uuid(identity, number)
    # 62 and 63 are the variant; the bits from 64 on are tag, number's top two bits and version.
    changed = UUID(int=made.int ^ 1 << bit)
    assert order_number(identity, changed) != number


@given(NUMBERS)
def test_an_id_has_one_way_of_being_written(number: int) -> None:
    made = order_uuid(bytes(16), number)
    for bit in (62, 63, 76, 77, 78, 79):
        assert order_number(bytes(16), UUID(int=made.int ^ 1 << bit)) is None


def test_an_instrument_is_called_the_same_in_every_session() -> None:
    assert asset_uuid("AAPL") == asset_uuid("AAPL") != asset_uuid("MSFT")
    assert asset_symbol(asset_uuid("MSFT"), ["AAPL", "MSFT"]) == "MSFT"
    assert asset_symbol(asset_uuid("TSLA"), ["AAPL", "MSFT"]) is None
    assert order_number(b"", asset_uuid("AAPL")) is None
