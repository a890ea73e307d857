"""Who may see a session, and what they may do in it: a session for classes is those classes' alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from workbench.errors import ApiError
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.identity.identity import Identity

POWERS = frozenset({Permission.READ_CLASS, Permission.RUN_SESSION, Permission.SET_LIMITS, Permission.EXPORT})
"""What only those hold in a session for classes who run one of them."""
_NAMED_MAX = 3


class Access:
    """Membership of classes as sessions need it, from memory.

    Parameters
    ----------
    identity
        Whose classes they are.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def sees(self, principal: Principal, classes: Sequence[str]) -> bool:
        """Whether somebody may know of a session that is for these classes."""
        if not classes or Permission.ADMINISTER in principal.permissions:
            return True
        return self._identity.rolls.has(principal.user_id, classes)

    def runs(self, principal: Principal, classes: Sequence[str]) -> bool:
        """Whether somebody's role counts in a session that is for these classes."""
        if not classes or Permission.ADMINISTER in principal.permissions:
            return True
        return self._identity.rolls.runs(principal.user_id, classes)

    def require(self, principal: Principal, session: str, classes: Sequence[str]) -> None:
        """Refuse somebody whom a session is not for.

        Raises
        ------
        ApiError
            403, with a sentence that says whom to ask.
        """
        if not self.sees(principal, classes):
            sentence = f"session {session} is for {self._named(classes)}, which you are not in"
            raise ApiError(403, "not_in_class", f"{sentence}: {self._whom(classes)}")

    def within(self, principal: Principal, session: str, classes: Sequence[str]) -> Principal:
        """Who somebody is in a session: without the powers of their role where they run none of its classes.

        Raises
        ------
        ApiError
            403, when the session is not for them.
        """
        if not classes:
            return principal
        self.require(principal, session, classes)
        if not principal.permissions & POWERS or self.runs(principal, classes):
            return principal
        return replace(principal, permissions=principal.permissions - POWERS)

    def not_run(self, principal: Principal, session: str, classes: Sequence[str]) -> ApiError:
        """The refusal of an act in a session that is run by others."""
        return ApiError(
            403,
            "not_your_session",
            f"session {session} is for {self._named(classes)}, which {principal.name} does not run: "
            f"{self._whom(classes)}",
        )

    def _named(self, classes: Sequence[str]) -> str:
        names = [self._identity.rolls.name_of(class_id) for class_id in classes]
        return f"class {names[0]}" if len(names) == 1 else f"the classes {_listed(names)}"

    def _whom(self, classes: Sequence[str]) -> str:
        staff = self._identity.names_of(self._identity.rolls.staff_of(classes), Permission.MANAGE_CLASSES)
        return f"ask {_listed(staff, 'or')} to let you in" if staff else "ask an administrator to let you in"


def _listed(names: Sequence[str], word: str = "and") -> str:
    """Names as people list them; of many only the first.

    >>> _listed(["a", "b", "c", "d"], "or")
    'a, b or c'
    """
    some = list(names[:_NAMED_MAX])
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} {word} {some[-1]}"
