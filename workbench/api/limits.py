"""Token buckets in memory: how often one address, one API key and one user may ask."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from workbench.api.settings import Rate, ServerSettings
from workbench.errors import ApiError
from workbench.identity.principal import Principal

_KEPT_MAX = 50_000
"""Buckets kept at once; full ones are forgotten first, for a full bucket says nothing."""


class Buckets:
    """One bucket per name, each of the same size.

    Parameters
    ----------
    rate
        Size and speed of each.
    now
        Seconds that never go back.
    """

    def __init__(self, rate: Rate, now: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, tokens: float = 1.0) -> float:
        """Take tokens out of a bucket.

        Returns
        -------
        float
            0.0 when they were there; otherwise nothing is taken, and it is the seconds until they will be.
        """
        now = self._now()
        per_second, burst = self.rate.per_second, self.rate.burst
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= _KEPT_MAX:
                self._forget(now)
            left = burst
        else:
            left = min(burst, bucket[0] + (now - bucket[1]) * per_second)
        if left < tokens:
            return (tokens - left) / per_second
        self._buckets[name] = (left - tokens, now)
        return 0.0

    def give_back(self, name: str, tokens: float = 1.0) -> None:
        """Put tokens back that were taken for something that did not happen."""
        bucket = self._buckets.get(name)
        if bucket is not None:
            self._buckets[name] = (min(self.rate.burst, bucket[0] + tokens), bucket[1])

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again, and the oldest half when that is not enough."""
        per_second, burst = self.rate.per_second, self.rate.burst
        kept = {
            name: bucket
            for name, bucket in self._buckets.items()
            if bucket[0] + (now - bucket[1]) * per_second < burst
        }
        if len(kept) >= _KEPT_MAX:
            newest = sorted(kept.items(), key=lambda item: item[1][1])[_KEPT_MAX // 2 :]
            kept = dict(newest)
        self._buckets = kept

    def __len__(self) -> int:
        return len(self._buckets)


class Limits:
    """The buckets of a server."""

    def __init__(self, settings: ServerSettings, now: Callable[[], float] = monotonic) -> None:
        self.held = settings.limited
        self.addresses = Buckets(settings.address_rate, now)
        self.keys = Buckets(settings.key_rate, now)
        self.users = Buckets(settings.user_rate, now)
        self.logins = Buckets(settings.login_rate, now)
        self.sign_ups = Buckets(settings.sign_up_rate, now)

    def spend(self, principal: Principal, requests: float = 1.0) -> None:
        """Count a request of somebody who is logged in, or one that costs as much as several.

        Raises
        ------
        ApiError
            429 with Retry-After when that was too many.
        """
        if not self.held:
            return
        if principal.key_id:
            wait_s, who = self.keys.take(principal.key_id, requests), "this API key"
        else:
            wait_s, who = self.users.take(principal.user_id, requests), "this user"
        if wait_s:
            raise too_many(who, wait_s)

    def spend_address(self, address: str) -> float:
        """Count a request of an address; seconds to wait when that was too many, else 0."""
        return self.addresses.take(address) if self.held else 0.0

    def spend_login(self, address: str) -> None:
        """Count an attempt to log in, sign up or refresh.

        Raises
        ------
        ApiError
            429 with Retry-After when that was too many.
        """
        wait_s = self.logins.take(address) if self.held else 0.0
        if wait_s:
            raise too_many("this address", wait_s)

    def spend_sign_up(self, address: str) -> None:
        """Count a user that an address is about to make.

        Raises
        ------
        ApiError
            429 with Retry-After when it has made too many.
        """
        wait_s = self.sign_ups.take(address) if self.held else 0.0
        if wait_s:
            raise too_many("this address", wait_s)

    def forgive_sign_up(self, address: str) -> None:
        """Take back a sign-up that made no user."""
        if self.held:
            self.sign_ups.give_back(address)


def too_many(who: str, wait_s: float) -> ApiError:
    """The refusal of one request too many."""
    seconds = max(1, int(wait_s + 0.999))
    return ApiError(
        429,
        "rate_limited",
        f"{who} sends more requests than it may; wait {seconds} s",
        headers={"Retry-After": str(seconds)},
    )
