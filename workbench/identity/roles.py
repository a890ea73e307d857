"""Who may do what: every role, every permission, and the one table between them."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is to the whole server."""

    STUDENT = "student"
    ASSISTANT = "assistant"
    INSTRUCTOR = "instructor"
    OBSERVER = "observer"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a route or an act asks for."""

    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of a permission
    """Change the own password: all that a one-time password is good for."""
    MANAGE_OWN = "manage_own"
    """Read and change the own profile, preferences and logins."""
    MANAGE_OWN_KEYS = "manage_own_keys"
    """Create and revoke own API keys."""
    READ_MARKET = "read_market"
    """Quotes, trades, bars, the book, news."""
    READ_OWN = "read_own"
    """Own orders, fills, positions and cash."""
    JOIN_SESSION = "join_session"
    """Take a seat."""
    TRADE = "trade"
    """Send, replace and cancel own orders."""
    READ_CLASS = "read_class"
    """Others' orders, positions and the details of the leaderboard."""
    RUN_SESSION = "run_session"
    """Create, start, pause, speed, halt, close, announce."""
    SET_LIMITS = "set_limits"
    """Change the limits of accounts."""
    EXPORT = "export"
    """Take the tables of a session and the roster of a class away as files."""
    MANAGE_CLASSES = "manage_classes"
    """Create classes, codes and rosters."""
    MANAGE_USERS = "manage_users"
    """Create, disable and reset users: an instructor those of own classes, an admin everybody."""
    READ_AUDIT = "read_audit"
    """Read the audit log."""
    ADMINISTER = "administer"
    """Roles, deletion, the server itself."""


_ACCOUNT = frozenset({Permission.CHANGE_PASSWORD, Permission.MANAGE_OWN, Permission.MANAGE_OWN_KEYS})
_OBSERVER = _ACCOUNT | {Permission.READ_MARKET}
_STUDENT = _OBSERVER | {Permission.READ_OWN, Permission.JOIN_SESSION, Permission.TRADE}
_ASSISTANT = _STUDENT | {Permission.READ_CLASS, Permission.RUN_SESSION, Permission.EXPORT}
_INSTRUCTOR = _ASSISTANT | {Permission.SET_LIMITS, Permission.MANAGE_CLASSES, Permission.MANAGE_USERS}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OBSERVER: _OBSERVER,
    Role.STUDENT: _STUDENT,
    Role.ASSISTANT: _ASSISTANT,
    Role.INSTRUCTOR: _INSTRUCTOR,
    Role.ADMIN: frozenset(Permission),
}
"""What each role may do."""

ONE_TIME_PERMISSIONS = frozenset({Permission.CHANGE_PASSWORD})
"""What somebody who logged in with a one-time password may do until it is changed."""

KEY_PERMISSIONS = frozenset(Permission) - {Permission.CHANGE_PASSWORD, Permission.MANAGE_OWN_KEYS}
"""What an API key can carry: a lost key must not be able to make others or to lock its owner out."""

DEFAULT_SCOPES = frozenset(
    {Permission.READ_MARKET, Permission.READ_OWN, Permission.JOIN_SESSION, Permission.TRADE}
)
"""What a key carries when nobody says: what a bot needs to trade."""
