"""The audit log: every privileged act and every event of security, in order, never changed."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.names import is_uuid, storable
from workbench.identity.principal import Principal
from workbench.identity.schema import audit_log, users
from workbench.identity.store import Transaction

PAGE_MAX = 500
_DETAILS_BYTES_MAX = 16_384
_TARGET_CHARACTERS_MAX = 256
_CLIENT_CHARACTERS_MAX = 128
_ACTION_CHARACTERS_MAX = 64
_INTEGER_MAX = 2**63 - 1
_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


class Act(StrEnum):
    """What identity itself writes down; callers add acts of their own, as in `session.pause`."""

    SIGN_UP = "user.sign_up"
    CREATE_USER = "user.create"
    LOGIN = "login"
    LOGIN_FAILED = "login.failed"
    LOGIN_LOCKED = "login.locked"
    LOGOUT = "logout"
    LOGOUT_EVERYWHERE = "logout.everywhere"
    REFRESH_REUSED = "refresh.reused"
    CHANGE_PASSWORD = "password.change"  # noqa: S105 - the name of an act
    RESET_PASSWORD = "password.reset"  # noqa: S105 - the name of an act
    SET_ROLE = "user.role"
    DISABLE = "user.disable"
    ENABLE = "user.enable"
    DELETE = "user.delete"
    CREATE_KEY = "key.create"
    REVOKE_KEY = "key.revoke"
    CREATE_CLASS = "class.create"
    CHANGE_CLASS = "class.change"
    CLASS_CODE = "class.code"
    JOIN_CLASS = "class.join"
    LEAVE_CLASS = "class.leave"
    IMPORT_ROSTER = "class.import"
    EXPORT_ROSTER = "class.export"


class AuditEntry(Struct, frozen=True):
    """One entry.

    Attributes
    ----------
    entry_id
        Rises with time.
    actor_id, actor_name, actor_kind, key_id
        Who did it and how they proved it; the name is today's, empty for nobody known.
    action, target, details
        What was done, to what (as in `user:...`, `class:...`, `key:...`), and its particulars.
    client
        The address it came from, where known.
    """

    entry_id: int
    at_ns: int
    actor_id: str
    actor_name: str
    actor_kind: str
    key_id: str
    action: str
    target: str
    details: dict[str, Any]
    client: str


def record(
    transaction: Transaction,
    actor: Principal | None,
    action: str,
    target: str = "",
    details: dict[str, Any] | None = None,
    *,
    client: str = "",
    at_ns: int | None = None,
) -> None:
    """Write an entry in the transaction of the act itself: either both are there or neither.

    `at_ns` is when it happened, of an act that is written down later.
    """
    now_ns = transaction.now_ns if at_ns is None else at_ns
    transaction.execute(sa.insert(audit_log), [_row(now_ns, actor, action, target, details, client)])


def _row(
    now_ns: int,
    actor: Principal | None,
    action: str,
    target: str,
    details: dict[str, Any] | None,
    client: str,
) -> dict[str, Any]:
    if len(action) > _ACTION_CHARACTERS_MAX or not _ACTION.fullmatch(action):
        raise AuthError(
            "invalid", f"{action!r} is no name of an act, expected one as in session.pause", "action"
        )
    encoded = msgspec.json.encode(details or {}).decode()
    if len(encoded) > _DETAILS_BYTES_MAX:
        raise AuthError("invalid", f"are longer than {_DETAILS_BYTES_MAX} bytes", "details")
    return {
        "at_ns": now_ns,
        "actor_id": actor.user_id if actor else "",
        "actor_kind": actor.kind if actor else "",
        "key_id": actor.key_id if actor else "",
        "action": action,
        "target": storable(target, _TARGET_CHARACTERS_MAX),
        "details": encoded,
        "client": storable(client, _CLIENT_CHARACTERS_MAX),
    }


def page(
    connection: Connection,
    *,
    action: str = "",
    actor_id: str = "",
    target: str = "",
    since_ns: int | None = None,
    until_ns: int | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Entries, newest first; see `Identity.audit_log`."""
    log = audit_log.c
    query = (
        sa.select(audit_log, users.c.name)
        .select_from(audit_log.outerjoin(users, users.c.user_id == log.actor_id))
        .order_by(log.entry_id.desc())
        .limit(max(1, min(limit, PAGE_MAX)))
    )
    if action:
        # "key" finds key.create and key.revoke too.
        word = storable(action, _ACTION_CHARACTERS_MAX)
        query = query.where(sa.or_(log.action == word, log.action.startswith(word + ".", autoescape=True)))
    if actor_id:
        if actor_id == "console":
            query = query.where(log.actor_kind == "console")
        elif is_uuid(actor_id):
            query = query.where(log.actor_id == actor_id)
        else:
            return []
    if target:
        query = query.where(log.target == storable(target, _TARGET_CHARACTERS_MAX))
    if since_ns is not None:
        query = query.where(log.at_ns >= _bounded(since_ns))
    if until_ns is not None:
        query = query.where(log.at_ns < _bounded(until_ns))
    if before_id is not None:
        query = query.where(log.entry_id < _bounded(before_id))
    return [
        AuditEntry(
            row.entry_id,
            row.at_ns,
            row.actor_id,
            row.name or ("console" if row.actor_kind == "console" else ""),
            row.actor_kind,
            row.key_id,
            row.action,
            row.target,
            msgspec.json.decode(row.details),
            row.client,
        )
        for row in connection.execute(query)
    ]


def _bounded(number: int) -> int:
    """The nearest number that a database can compare with."""
    return max(-_INTEGER_MAX, min(number, _INTEGER_MAX))
