"""Limits of an account, as they are given and as the exchange counts them."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from workbench.domain.codes import LimitKind
from workbench.domain.limits import Limits
from workbench.errors import ConfigError


def test_nothing_is_limited_unless_asked_for() -> None:
    limits = Limits()
    assert (limits.max_order_notional_micros, limits.rate_interval_ns, limits.order_burst) == (0, 0, 1)


def test_are_counted_in_micros_and_nanoseconds() -> None:
    limits = Limits(
        max_order_notional="2.50", orders_per_second=3, max_daily_loss="1.25", max_drawdown="0.000001"
    )
    assert (limits.max_daily_loss_micros, limits.max_drawdown_micros) == (1_250_000, 1)
    assert limits.max_order_notional_micros == 2_500_000
    # Rounded down: an order too many in three hundred million seconds is better than one too few.
    assert limits.rate_interval_ns == 333_333_333
    assert Limits(orders_per_second=10**9).rate_interval_ns == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"max_order_lots": -1}, "max_order_lots: -1 is not a whole number ≥ 0; 0 means no limit"),
        ({"max_open_orders": 1.5}, "max_open_orders: 1.5 is not a whole number ≥ 0; 0 means no limit"),
        (
            {"position_limit_lots": "9"},
            "position_limit_lots: '9' is not a whole number ≥ 0; 0 means no limit",
        ),
        ({"orders_per_second": None}, "orders_per_second: None is not a whole number ≥ 0; 0 means no limit"),
        ({"max_order_notional": -1}, "max_order_notional: negative; 0 means no limit"),
        ({"max_daily_loss": "-0.01"}, "max_daily_loss: negative; 0 means no limit"),
        ({"max_drawdown": -1}, "max_drawdown: negative; 0 means no limit"),
        ({"max_drawdown": 0.5}, "max_drawdown: 0.5 is not an exact decimal number; give"),
        ({"orders_per_second": 10**9 + 1}, "orders_per_second: more than one order a nanosecond; 0 means no"),
        ({"order_burst": 0}, "order_burst: 0 orders at once; give at least 1"),
        (
            {"max_order_lots": 2**62},
            f"max_order_lots: {2**62} is too large to be counted: the largest is 4,6",
        ),
        ({"max_order_notional": 10**14}, "max_order_notional: 100000000000000 is too large to be counted"),
        (
            {"orders_per_second": 1, "order_burst": 2**60},
            "order_burst: more orders at once than there will be",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Limits(**settings)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize("kind", LimitKind, ids=lambda kind: kind.name)
def test_every_limit_can_be_read_and_changed_by_its_kind(kind: LimitKind) -> None:
    assert [each.name.lower() for each in LimitKind] == [field.name for field in fields(Limits)]
    changed = Limits(order_burst=3).changed(kind, 1_234_567)
    assert changed.value(kind) == 1_234_567
    for other in set(LimitKind) - {kind}:
        assert changed.value(other) == Limits(order_burst=3).value(other)
    money = "max_order_notional", "max_daily_loss", "max_drawdown"
    shown = getattr(changed, kind.name.lower())
    assert shown == (Decimal("1.234567") if kind.name.lower() in money else 1_234_567)
    with pytest.raises(ConfigError, match=kind.name.lower()):
        Limits().changed(kind, -1)
