"""Which passwords are good enough, and the ones that are made for others."""

from __future__ import annotations

import secrets
import unicodedata

from workbench.errors import AuthError
from workbench.identity.commonest import COMMONEST
from workbench.identity.names import name_key

CHARACTERS_MIN = 8
CHARACTERS_MAX = 256
_DISTINCT_MIN = 4
# No 0 and O, 1, I and L: somebody reads it from a sheet of paper.
READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_ONE_TIME_GROUPS = 4
_GROUP_CHARACTERS = 4


def check_password(password: str, name: str) -> None:
    """Raise AuthError("invalid") with the reason when this cannot be the password of that name."""
    characters = len(unicodedata.normalize("NFC", password[: 4 * CHARACTERS_MAX]))
    if characters < CHARACTERS_MIN:
        raise AuthError(
            "invalid", f"has {characters} characters, expected {CHARACTERS_MIN} or more", "password"
        )
    if characters > CHARACTERS_MAX:
        raise AuthError("invalid", f"has more than {CHARACTERS_MAX} characters", "password")
    if any(unicodedata.category(character) == "Cs" for character in password):
        raise AuthError("invalid", "has half of a character in it", "password")
    key = name_key(password)
    if key.strip("0123456789!.?*_- ") == name_key(name) or key == name_key(name):
        raise AuthError("invalid", "is the name, with little added", "password", "choose something else")
    if key in COMMONEST or len(set(key)) < _DISTINCT_MIN:
        raise AuthError(
            "invalid", "is among the first that anybody tries", "password", "choose something else"
        )


def one_time_password() -> str:
    """A password for somebody else's first login: 79 random bits, as in K7QF-M2WX-9RTB-HC4D."""
    groups = (readable(_GROUP_CHARACTERS) for _ in range(_ONE_TIME_GROUPS))
    return "-".join(groups)


def readable(characters: int) -> str:
    """Random characters that nobody mistakes for one another."""
    return "".join(secrets.choice(READABLE) for _ in range(characters))
