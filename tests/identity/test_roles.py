"""The table of roles."""

import pytest

from workbench.errors import AuthError
from workbench.identity import CONSOLE, PERMISSIONS, Permission, Principal, Role
from workbench.identity.roles import DEFAULT_SCOPES, KEY_PERMISSIONS


def test_every_role_has_a_row_and_every_permission_a_role() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == frozenset(Permission)
    assert all(Permission.CHANGE_PASSWORD in row for row in PERMISSIONS.values())
    assert DEFAULT_SCOPES <= KEY_PERMISSIONS


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (Permission.TRADE, "student assistant instructor admin"),
        (Permission.READ_MARKET, "student assistant instructor observer admin"),
        (Permission.READ_CLASS, "assistant instructor admin"),
        (Permission.RUN_SESSION, "assistant instructor admin"),
        (Permission.SET_LIMITS, "instructor admin"),
        (Permission.MANAGE_USERS, "instructor admin"),
        (Permission.READ_AUDIT, "admin"),
        (Permission.ADMINISTER, "admin"),
    ],
)
def test_who_may(permission: Permission, roles: str) -> None:
    assert {role for role in Role if permission in PERMISSIONS[role]} == set(map(Role, roles.split()))


def test_what_is_not_permitted_is_said() -> None:
    ann = Principal("u", "ann", Role.STUDENT, PERMISSIONS[Role.STUDENT])
    ann.require(Permission.TRADE)
    CONSOLE.require(Permission.ADMINISTER)
    with pytest.raises(AuthError, match="this needs the permission run_session, which ann has not"):
        ann.require(Permission.RUN_SESSION)
