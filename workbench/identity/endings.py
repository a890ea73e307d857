"""How log-ins end, and what is said of each way to whom it happened."""

from __future__ import annotations

from enum import StrEnum

from workbench.errors import AuthError


class Ending(StrEnum):
    """Why a log-in ended, as the database keeps it; `code` is the same as one word."""

    LOGOUT = "logout"
    EVERYWHERE = "logout everywhere"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - no password
    PASSWORD_RESET = "password reset"  # noqa: S105 - no password
    DISABLED = "disabled"
    DELETED = "deleted"
    REUSED = "reused"
    TOO_MANY = "too many"
    # By its time, which nobody writes down.
    EXPIRED = "expired"

    @property
    def code(self) -> str:
        """One word for programs and addresses.

        >>> Ending.PASSWORD_RESET.code
        'password_reset'
        """
        return self.value.replace(" ", "_")

    @property
    def what(self) -> str:
        """What is said of it to its user."""
        return _SAID[self][0]

    @property
    def remedy(self) -> str:
        """What they do now."""
        return _SAID[self][1]

    @property
    def sentence(self) -> str:
        """All that is said of it.

        >>> Ending.EXPIRED.sentence
        'the time of your log-in is over; log in again'
        """
        return f"{self.what}; {self.remedy}"


_SAID = {
    Ending.LOGOUT: ("you were logged out, here or on another device", "log in again"),
    Ending.EVERYWHERE: ("all log-ins of your account were ended", "log in again"),
    Ending.PASSWORD_CHANGED: (
        "your password was changed, which ended all other log-ins",
        "log in with the new one",
    ),
    Ending.PASSWORD_RESET: (
        "your password was reset, which ended all your log-ins",
        "ask your instructor for the one-time password and log in with that",
    ),
    Ending.DISABLED: ("your account was disabled, which ended all your log-ins", "ask your instructor"),
    Ending.DELETED: ("your account was deleted", "ask your instructor"),
    Ending.REUSED: (
        "this log-in came from two places, so somebody may have copied it, and it was ended",
        "log in again, and change your password if that was not you",
    ),
    Ending.TOO_MANY: (
        "you logged in on more devices than can be logged in at once, which ended the oldest log-in",
        "log in again",
    ),
    Ending.EXPIRED: ("the time of your log-in is over", "log in again"),
}


def ending_of(text: str) -> Ending | None:
    """The ending that the database, or a code, means; None when it means none.

    >>> ending_of("too_many"), ending_of("<b>")
    (<Ending.TOO_MANY: 'too many'>, None)
    """
    try:
        return Ending(text.replace("_", " "))
    except ValueError:
        return None


def revoked(ending: Ending | None = None) -> AuthError:
    """What is said of a log-in that has ended, as far as it is known why."""
    if ending is None:
        return AuthError("revoked", "this login has ended", remedy="log in again")
    return AuthError("revoked", ending.what, remedy=ending.remedy, ending=ending.code)
