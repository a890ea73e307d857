"""Names and other short texts that people type: one form of each, nothing that cannot be stored or seen."""

import unicodedata
from uuid import UUID

from workbench.errors import AuthError

NAME_CHARACTERS_MAX = 64
_KEY_CHARACTERS_MAX = 256


def shown_name(text: str) -> str:
    """Name as it is stored and shown: NFC, no blanks around it; AuthError("invalid") when it is none.

    Examples
    --------
    >>> shown_name("  Zoe\u0308 ")
    'Zoë'
    """
    name = line_of(text, "name", NAME_CHARACTERS_MAX)
    if not name:
        raise AuthError("invalid", "is empty, expected 1 to 64 characters", "name")
    if len(name_key(name)) > _KEY_CHARACTERS_MAX:
        raise AuthError("invalid", "has letters that are too long when written out", "name")
    return name


def name_key(name: str) -> str:
    """What two names have in common that are the same but for case, width or composition.

    Examples
    --------
    >>> name_key("\uff3aOË") == name_key("zoe\u0308")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def found_name(text: str) -> str | None:
    """Key of a name that somebody logs in with, or None when nobody can have that name."""
    try:
        return name_key(shown_name(text))
    except AuthError:
        return None


def line_of(text: str, what: str, characters_max: int) -> str:
    """One line of visible text in NFC without blanks around it; AuthError("invalid") otherwise."""
    if len(text) > 4 * characters_max:
        raise AuthError("invalid", f"is longer than {characters_max} characters", what)
    line = unicodedata.normalize("NFC", text).strip()
    if len(line) > characters_max:
        raise AuthError("invalid", f"is longer than {characters_max} characters", what)
    for character in line:
        # Control characters, formats such as right-to-left marks, lone surrogates, line separators.
        if character != " " and unicodedata.category(character)[0] in "CZ":
            raise AuthError("invalid", f"has a character that cannot be seen (U+{ord(character):04X})", what)
    return line


def email_of(text: str) -> str:
    """E-mail address, or nothing; AuthError("invalid") when it cannot be one."""
    email = line_of(text, "email", 254)
    local, at, domain = email.rpartition("@")
    if email and (not at or not local or "." not in domain.strip(".") or " " in email):
        raise AuthError("invalid", f"{email!r} is no address, expected one like ann@school.example", "email")
    return email


def storable(text: str, characters_max: int) -> str:
    """The beginning of any text, with a mark for what no database stores: strange bytes lose nothing."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:characters_max])


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID as this package writes them; a database need not be asked for others."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
