"""Numbers given as text."""

import json

import msgspec
import pytest

from workbench.api.alpaca.order_request import OrderRequest
from workbench.api.native.stream_requests import Request
from workbench.api.numbers import Numbers
from workbench.domain.frames import PlaceOrder
from workbench.errors import ApiError


@pytest.mark.parametrize("text", ["1", "-1.5", "+.5", "5.", "1e3", "1E-3", " 2 "])
def test_what_people_write_is_taken(text: str) -> None:
    # The name makes it look twice.
    assert Numbers(PlaceOrder).odd(json.dumps({"quantity": text, "client_order_id": "a_b"})) is None


@pytest.mark.parametrize("text", ["1_0", "_1", "\u0661", "1\uff11"])
@pytest.mark.parametrize("escaped", [True, False])
def test_what_only_python_reads_is_found_however_it_is_written(text: str, escaped: bool) -> None:
    body = json.dumps({"symbol": "A", "limit_price": text}, ensure_ascii=escaped).encode()
    assert Numbers(PlaceOrder).odd(body) == ("limit_price", text)


def test_fields_of_what_is_nested_are_held_to_it_too() -> None:
    assert Numbers(OrderRequest).odd(b'{"take_profit": {"limit_price": "4_6"}}') == ("limit_price", "4_6")
    packed = msgspec.msgpack.encode({"id": 1, "place": {"quantity": "1_0"}})
    with pytest.raises(ApiError, match="quantity is '1_0'"):
        Numbers(Request).check(packed, msgspec.msgpack.decode)


def test_other_texts_may_have_anything() -> None:
    assert Numbers(PlaceOrder).odd('{"client_order_id": "1_0 \u0661", "symbol": "A_B"}') is None
