"""Numbers of what people call their orders."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.feed.agents.population import FIRST_CLIENT_ORDER_ID
from workbench.session.live.client_ids import client_order_number


@given(st.text())
def test_numbers_lie_above_those_of_agents(text: str) -> None:
    number = client_order_number(text)
    assert FIRST_CLIENT_ORDER_ID << 8 < number < 1 << 62
    assert number == client_order_number(text)


def test_other_texts_have_other_numbers() -> None:
    assert len({client_order_number(str(n)) for n in range(10_000)}) == 10_000
