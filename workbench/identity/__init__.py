"""Users, roles, logins, API keys, classes and the audit log; knows nothing of what is traded."""

from workbench.identity.identity import Identity
from workbench.identity.principal import CONSOLE, Principal, Revoked
from workbench.identity.roles import PERMISSIONS, Permission, Role
from workbench.identity.settings import IdentitySettings, SignUp

__all__ = [
    "CONSOLE",
    "PERMISSIONS",
    "Identity",
    "IdentitySettings",
    "Permission",
    "Principal",
    "Revoked",
    "Role",
    "SignUp",
]
