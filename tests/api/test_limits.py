"""Token buckets: what they let through, what they refuse and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.api import limits
from workbench.api.limits import Buckets, Limits
from workbench.api.settings import Rate, ServerSettings
from workbench.errors import ApiError
from workbench.identity.principal import Principal
from workbench.identity.roles import Role


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_its_burst_and_fills_again() -> None:
    now = Seconds()
    buckets = Buckets(Rate(per_second=2.0, burst=3.0), now)
    assert [buckets.take("ann") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert buckets.take("bob") == 0.0
    now.now = 0.5
    assert buckets.take("ann") == 0.0
    assert buckets.take("ann") == 0.5


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.floats(0.5, 20), st.integers(1, 30))
def test_no_more_than_the_burst_and_the_rate_ever_pass(gaps: list[float], rate: float, burst: int) -> None:
    now = Seconds()
    buckets = Buckets(Rate(rate, float(burst)), now)
    passed = 0
    for gap in gaps:
        now.now += gap
        wait = buckets.take("ann")
        passed += wait == 0.0
        if wait:
            now.now += wait + 1e-6
            assert buckets.take("ann") == 0.0
            passed += 1
    assert passed <= burst + rate * now.now + 1e-3


def test_many_names_are_forgotten_and_none_that_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_KEPT_MAX", 100)
    now = Seconds()
    buckets = Buckets(Rate(1.0, 2.0), now)
    buckets.take("greedy")
    buckets.take("greedy")
    for number in range(1000):
        now.now += 0.001
        buckets.take(f"guest-{number}")
        if number % 40 == 39:
            now.now += 1e-9
            assert len(buckets) <= 100
    buckets.take("greedy")
    assert len(buckets) <= 100


def principal(key: str = "") -> Principal:
    return Principal("user", "ann", Role.STUDENT, frozenset(), key_id=key)


def test_users_keys_addresses_and_logins_are_counted_apart() -> None:
    one = Rate(1.0, 1.0)
    now = Seconds()
    settings = ServerSettings(data=None, address_rate=one, key_rate=one, user_rate=one, login_rate=one)  # type: ignore[arg-type]
    held = Limits(settings, now)
    held.spend(principal())
    held.spend(principal("key"))
    held.spend_login("192.0.2.1")
    assert held.spend_address("192.0.2.1") == 0.0
    for again in (
        lambda: held.spend(principal()),
        lambda: held.spend(principal("key")),
        lambda: held.spend_login("192.0.2.1"),
    ):
        with pytest.raises(ApiError) as refused:
            again()
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    assert held.spend_address("192.0.2.1") == 1.0


def test_a_sign_up_that_made_nobody_does_not_count() -> None:
    now = Seconds()
    held = Limits(ServerSettings(data=None, sign_up_rate=Rate(0.5, 2.0)), now)  # type: ignore[arg-type]
    for _ in range(10):
        held.spend_sign_up("192.0.2.1")
        held.forgive_sign_up("192.0.2.1")
    held.spend_sign_up("192.0.2.1")
    held.spend_sign_up("192.0.2.1")
    held.forgive_sign_up("192.0.2.9")
    with pytest.raises(ApiError) as refused:
        held.spend_sign_up("192.0.2.1")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "2"})
    held.spend_sign_up("192.0.2.2")


def test_limits_that_are_off_let_everything_through() -> None:
    none = Rate(1.0, 1.0)
    settings = ServerSettings(data=None, user_rate=none, limited=False)  # type: ignore[arg-type]
    held = Limits(settings, Seconds())
    for _ in range(10):
        held.spend(principal())
        held.spend_login("192.0.2.1")
        assert held.spend_address("192.0.2.1") == 0.0
