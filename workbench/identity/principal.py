"""Who is asking, as every route sees it, and what no longer holds."""

from typing import Literal

from msgspec import Struct

from workbench.errors import AuthError
from workbench.identity.roles import PERMISSIONS, Permission, Role

Kind = Literal["token", "key", "ticket", "console"]


class Principal(Struct, frozen=True):
    """Somebody whose identity is proven, and what this proof allows.

    Attributes
    ----------
    user_id
        UUID of the user, as text; empty for the console.
    name
        What people see.
    role
        The user's role at this moment.
    permissions
        The role's, or what is left of them by an API key's scopes or a one-time password.
    session
        The one session an API key is bound to; empty when it is bound to none.
    family
        The login behind an access token or ticket; empty for API keys.
    key_id
        The API key; empty for logins.
    kind
        How the identity was proven.
    """

    user_id: str
    name: str
    role: Role
    permissions: frozenset[Permission]
    session: str = ""
    family: str = ""
    key_id: str = ""
    kind: Kind = "token"

    def require(self, permission: Permission) -> None:
        """Raise AuthError("forbidden") unless this principal has the permission."""
        if permission not in self.permissions:
            raise AuthError("forbidden", f"this needs the permission {permission}, which {self.name} has not")


CONSOLE = Principal("", "console", Role.ADMIN, PERMISSIONS[Role.ADMIN], kind="console")
"""Whoever can start programs on the server: may do everything, and is named so in the audit log."""


class Revoked(Struct, frozen=True):
    """What stopped being valid: all of a user's, one login, or one API key.

    Examples
    --------
    >>> Revoked(user_id="u", family="f").matches(Principal("u", "ann", Role.STUDENT, frozenset(), family="f"))
    True
    """

    user_id: str
    family: str = ""
    key_id: str = ""

    def matches(self, principal: Principal) -> bool:
        """Whether what this principal was proven by is among it."""
        if principal.user_id != self.user_id:
            return False
        if self.family:
            return principal.family == self.family
        return not self.key_id or principal.key_id == self.key_id
