"""Users, keys and logins as the API tells them."""

from __future__ import annotations

from typing import Any

from workbench.api.words import moment
from workbench.identity.audit import AuditEntry
from workbench.identity.families import Device
from workbench.identity.keys import Key
from workbench.identity.users import User


def maybe(time_ns: int | None) -> str | None:
    """A time, or None for never."""
    return None if time_ns is None else moment(time_ns)


def user_row(user: User) -> dict[str, Any]:
    """A user."""
    return {
        "user_id": user.user_id,
        "name": user.name,
        "email": user.email,
        "role": str(user.role),
        "created": moment(user.created_ns),
        "last_login": maybe(user.login_ns),
        "disabled": user.disabled,
        "deleted": user.deleted,
        "must_change_password": user.must_change_password,
    }


def key_row(key: Key) -> dict[str, Any]:
    """A key, without its secret."""
    return {
        "key_id": key.key_id,
        "label": key.label,
        "session": key.session,
        "scopes": sorted(str(scope) for scope in key.scopes),
        "created": moment(key.created_ns),
        "expires": maybe(key.expires_ns),
        "used": maybe(key.used_ns),
        "revoked": maybe(key.revoked_ns),
    }


def device_row(device: Device, current: str) -> dict[str, Any]:
    """A login; `current` is the family that asks."""
    return {
        "login": device.family,
        "address": device.client,
        "device": device.device,
        "created": moment(device.created_ns),
        "used": moment(device.used_ns),
        "expires": moment(device.expires_ns),
        "current": device.family == current,
    }


def audit_row(entry: AuditEntry) -> dict[str, Any]:
    """An act."""
    return {
        "id": entry.entry_id,
        "time": moment(entry.at_ns),
        "actor_id": entry.actor_id,
        "actor": entry.actor_name,
        "actor_kind": entry.actor_kind,
        "key_id": entry.key_id,
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
        "address": entry.client,
    }
