"""Every reason has its clause, with numbers in the unit of its rule."""

import pytest

from tests.engine.two_sides import ZONE, venue
from workbench.domain.codes import Reason
from workbench.engine import reasons
from workbench.engine.reasons import REASONS, reason_text
from workbench.engine.words import Words

WORDS = Words(venue(), ZONE)


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_every_reason_has_a_clause(reason: Reason) -> None:
    assert reason in REASONS
    text = reason_text(reason, 12_345, 678, 0, WORDS)
    assert bool(text) == (reason != Reason.NONE)
    assert "{" not in text


@pytest.mark.parametrize(
    ("reason", "value", "limit", "text"),
    [
        (Reason.POSITION_LIMIT, 1_200, 1_000, "the position could reach 1,200 and may reach 1,000"),
        (
            Reason.PRICE_OUT_OF_BAND,
            15_025,
            15_000,
            "its price 150.25 is outside the band, which ends at 150.00",
        ),
        (
            Reason.INSUFFICIENT_BUYING_POWER,
            15_025_000_000,
            1_000_000,
            "it requires 15,025.00 and the account has 1.00 free",
        ),
        (Reason.ORDER_RATE, 250_000_000, 0, "the account sends too fast and must wait 0.25 s"),
    ],
)
def test_numbers_are_in_the_unit_of_the_rule(reason: Reason, value: int, limit: int, text: str) -> None:
    assert reason_text(reason, value, limit, 0, WORDS) == text


def test_a_reason_without_a_clause_is_named_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "REASONS", {})
    assert reason_text(Reason.POSITION_LIMIT, 1_200, 1_000, 0, WORDS) == (
        "position limit (value 1,200, limit 1,000)"
    )
    assert reason_text(Reason.BY_REQUEST, 0, 0, 0, WORDS) == "by request"
    assert reason_text(250, 0, 0, 0, WORDS) == "reason 250"
