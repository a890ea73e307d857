"""How strict the house is."""

from dataclasses import dataclass
from enum import StrEnum

from workbench.errors import ConfigError

_DAY_S = 86_400


class SignUp(StrEnum):
    """Who can make a user of their own."""

    OPEN = "open"
    CODE = "code"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """Everything about users that a server can be told; the defaults suit a class of some hundred.

    Attributes
    ----------
    sign_up
        `open`: everybody; `code`: who knows the join code of a class; `closed`: nobody.
    issuer, audience
        What access tokens say they are from and for; a token of another server is refused.
    access_s
        Life of an access token in seconds.
    family_idle_s, family_s
        A login ends after so many seconds without a refresh, and in any case.
    grace_s
        How long a used refresh token still gets the successor it got, so that two tabs can refresh at once.
    ticket_s
        Life of a WebSocket ticket.
    skew_s
        How far the clocks of servers that share a database may be apart.
    reread_s
        How often other processes' revocations are read from the database; 0: never.
    one_time_s
        Life of a one-time password.
    argon2_memory_kib, argon2_passes, argon2_lanes
        Cost of a password hash.
    hashes_at_once, hashes_waiting
        How many passwords are hashed at the same time, and how many may wait; further logins are refused.
    database_threads
        How many statements run at the same time.
    user_failures, user_leak_s, user_lock_s_max
        Wrong passwords for one name before each further one doubles the wait, after how many seconds one
        is forgotten, and the longest wait.
    address_failures, address_leak_s, address_lock_s_max
        The same for one client address, behind which a whole classroom may sit.
    throttled_max
        How many names and addresses are remembered for that.
    keys_per_user, devices_per_user
        Live API keys a user can have; logins, of which the oldest ends when there is one more.
    tickets_max, cached_max
        Bounds of what is kept in memory.
    """

    sign_up: SignUp = SignUp.CODE
    issuer: str = "workbench"
    audience: str = "workbench"
    access_s: int = 600
    family_idle_s: int = 7 * _DAY_S
    family_s: int = 30 * _DAY_S
    grace_s: float = 10.0
    ticket_s: float = 30.0
    skew_s: int = 5
    reread_s: float = 3.0
    one_time_s: int = 14 * _DAY_S
    argon2_memory_kib: int = 19_456
    argon2_passes: int = 2
    argon2_lanes: int = 1
    hashes_at_once: int = 2
    hashes_waiting: int = 1_000
    database_threads: int = 4
    user_failures: int = 8
    user_leak_s: float = 60.0
    user_lock_s_max: float = 300.0
    address_failures: int = 100
    address_leak_s: float = 6.0
    address_lock_s_max: float = 900.0
    throttled_max: int = 10_000
    keys_per_user: int = 20
    devices_per_user: int = 50
    tickets_max: int = 10_000
    cached_max: int = 10_000

    def __post_init__(self) -> None:
        may_be_zero = {"grace_s", "skew_s", "reread_s", "hashes_waiting"}
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, int | float) and (value < 0 or (value == 0 and name not in may_be_zero)):
                least = "0 or more" if name in may_be_zero else "more than 0"
                raise ConfigError(f"is {value}, expected {least}", name)
        if not isinstance(self.sign_up, SignUp):
            raise ConfigError(f"is {self.sign_up!r}, expected one of {', '.join(SignUp)}", "sign_up")
        if self.argon2_memory_kib < 8 * self.argon2_lanes:
            raise ConfigError("is too little: Argon2 needs 8 KiB for each lane", "argon2_memory_kib")
