from __future__ import annotations

import pytest

from workbench.api.alpaca.errors import AlpacaError
from workbench.api.alpaca.paging import PageToken


@pytest.mark.parametrize("symbol", ["AAPL", "SIM/USD", "A|B", "ÄÖ", ""])
def test_a_token_says_what_was_written(symbol: str) -> None:
    token = PageToken(symbol, 1_767_614_400_000_000_000, 7)
    assert PageToken.read(token.write()) == token


@pytest.mark.parametrize("text", ["x", "====", "QUFQTA==", "ü", "QUFQTHx4fHk=", "A" * 500])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(AlpacaError) as error:
        PageToken.read(text)
    assert error.value.status == 422
