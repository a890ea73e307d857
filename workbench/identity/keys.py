"""API keys: an id that may be seen and a secret that is shown once, for bots."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.names import line_of
from workbench.identity.principal import Principal, Revoked
from workbench.identity.roles import DEFAULT_SCOPES, KEY_PERMISSIONS, PERMISSIONS, Permission
from workbench.identity.schema import api_keys
from workbench.identity.standing import Facts, Standing
from workbench.identity.store import Transaction

ID_CHARACTERS = 20
SECRET_CHARACTERS = 40
_PREFIX = "PK"
_ID_ALPHABET = string.ascii_uppercase + string.digits
_SECRET_ALPHABET = string.ascii_letters + string.digits
_LABEL_CHARACTERS_MAX = 100
_SESSION_CHARACTERS_MAX = 200


class NewKey(Struct, frozen=True):
    """A key just made; the secret is not kept and cannot be shown again."""

    key_id: str
    secret: str


class Key(Struct, frozen=True):
    """A key as its owner sees it.

    Attributes
    ----------
    session
        The session it is bound to; empty: any.
    scopes
        What it carries; what the user's role has not is of no use.
    expires_ns, used_ns, revoked_ns
        None: never.
    """

    key_id: str
    user_id: str
    label: str
    session: str
    scopes: frozenset[Permission]
    created_ns: int
    expires_ns: int | None
    used_ns: int | None
    revoked_ns: int | None


class _Known:
    """A key in memory, with the principal it last was."""

    __slots__ = ("digest", "facts", "key", "principal", "stored_used_ns", "used_ns")

    def __init__(self, key: Key, digest: str) -> None:
        self.key = key
        self.digest = digest
        self.facts: Facts | None = None
        self.principal: Principal | None = None
        self.used_ns = 0
        self.stored_used_ns = 0


class Keys:
    """Keys in the database, and those that were used in memory.

    Parameters
    ----------
    standing
        The users.
    now_ns
        The clock.
    known_max
        How many are kept in memory.
    """

    def __init__(self, standing: Standing, now_ns: Callable[[], int], *, known_max: int) -> None:
        self._standing = standing
        self._now_ns = now_ns
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._known_max = known_max
        # Revoked here, so that a reading that began before the revocation does not bring a key back.
        self._revoked: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, key_id: str) -> bool:
        """Whether the key is in memory."""
        return key_id in self._known

    def admit(self, key_id: str, secret: str) -> Principal:
        """Principal of a key in memory; AuthError when the secret is wrong or the key does not hold."""
        known = self._known.get(key_id)
        if known is None or not hmac.compare_digest(known.digest, _digest_of(secret)):
            raise wrong_key()
        key = known.key
        facts = self._standing.users.get(key.user_id)
        if key.revoked_ns is not None:
            raise AuthError("revoked", f"the API key {key_id} was revoked", remedy="make a new one")
        now_ns = self._now_ns()
        if key.expires_ns is not None and now_ns >= key.expires_ns:
            raise AuthError("expired", f"the API key {key_id} has expired", remedy="make a new one")
        if facts is None or not facts.active:
            raise AuthError("disabled", "the user of this API key is disabled", remedy="ask your instructor")
        known.used_ns = now_ns
        if known.principal is None or known.facts is not facts:
            permissions = key.scopes & PERMISSIONS[facts.role]
            known.facts = facts
            known.principal = Principal(
                facts.user_id,
                facts.name,
                facts.role,
                permissions,
                session=key.session,
                key_id=key_id,
                kind="key",
            )
        return known.principal

    def load(self, connection: Connection, key_id: str) -> Key | None:
        """Read a key into memory; None when there is none."""
        row = connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
        if row is None:
            return None
        key = _key_of(row)
        with self._lock:
            if key.revoked_ns is None and key_id in self._revoked:
                key = structs.replace(key, revoked_ns=self._revoked[key_id])
            known = _Known(key, row.secret_hash)
            while len(self._known) >= self._known_max:
                self._known.popitem(last=False)
            self._known[key_id] = known
        return key

    def create(
        self,
        transaction: Transaction,
        facts: Facts,
        *,
        session: str,
        scopes: Iterable[str],
        expires_ns: int | None,
        label: str,
        live_max: int,
    ) -> NewKey:
        """Make a key of a user."""
        wanted = checked_scopes(facts, scopes)
        if expires_ns is not None and expires_ns <= transaction.now_ns:
            raise AuthError("invalid", "is in the past", "expires")
        live = transaction.connection.scalar(
            sa.select(sa.func.count())
            .select_from(api_keys)
            .where(
                api_keys.c.user_id == facts.user_id,
                api_keys.c.revoked_ns.is_(None),
                sa.or_(api_keys.c.expires_ns.is_(None), api_keys.c.expires_ns > transaction.now_ns),
            )
        )
        if (live or 0) >= live_max:
            raise AuthError(
                "invalid", f"{facts.name} has {live} API keys, which is the most", remedy="revoke one first"
            )
        key_id = _PREFIX + _random(_ID_ALPHABET, ID_CHARACTERS - len(_PREFIX))
        secret = _random(_SECRET_ALPHABET, SECRET_CHARACTERS)
        transaction.execute(
            sa.insert(api_keys).values(
                key_id=key_id,
                user_id=facts.user_id,
                secret_hash=_digest_of(secret),
                label=line_of(label, "label", _LABEL_CHARACTERS_MAX),
                session=line_of(session, "session", _SESSION_CHARACTERS_MAX),
                scopes=" ".join(sorted(wanted)),
                created_ns=transaction.now_ns,
                expires_ns=expires_ns,
            )
        )
        return NewKey(key_id, secret)

    def revoke(self, transaction: Transaction, key_id: str) -> bool:
        """Revoke a key; False when it was revoked before."""
        revoked = transaction.execute(
            sa.update(api_keys)
            .where(api_keys.c.key_id == key_id, api_keys.c.revoked_ns.is_(None))
            .values(revoked_ns=transaction.now_ns)
            .returning(api_keys.c.user_id)
        ).scalar_one_or_none()
        if revoked is None:
            return False
        transaction.after_commit(partial(self.forget, revoked, key_id, transaction.now_ns))
        return True

    def forget(self, user_id: str, key_id: str, revoked_ns: int) -> None:
        """Admit a key no more, here and now."""
        with self._lock:
            if key_id in self._revoked:
                return
            while len(self._revoked) >= self._known_max:
                self._revoked.popitem(last=False)
            self._revoked[key_id] = revoked_ns
            known = self._known.get(key_id)
            if known is not None:
                known.key = structs.replace(known.key, revoked_ns=revoked_ns)
        self._standing.tell(Revoked(user_id, key_id=key_id))

    def is_revoked(self, key_id: str) -> bool:
        """Whether a key is known to be revoked."""
        known = self._known.get(key_id)
        return key_id in self._revoked or (known is not None and known.key.revoked_ns is not None)

    def used(self) -> list[tuple[str, int]]:
        """Keys that were used since they were last written down, and when."""
        return [
            (key_id, known.used_ns)
            for key_id, known in tuple(self._known.items())
            if known.used_ns > known.stored_used_ns
        ]

    def write_used(self, transaction: Transaction, used: list[tuple[str, int]]) -> None:
        """Write down when keys were last used."""
        transaction.execute(
            sa.update(api_keys)
            .where(api_keys.c.key_id == sa.bindparam("which"))
            .values(used_ns=sa.bindparam("at_ns")),
            [{"which": key_id, "at_ns": at_ns} for key_id, at_ns in used],
        )
        transaction.after_commit(partial(self._written, used))

    def _written(self, used: list[tuple[str, int]]) -> None:
        for key_id, at_ns in used:
            known = self._known.get(key_id)
            if known is not None:
                known.stored_used_ns = at_ns

    def of(self, connection: Connection, user_id: str) -> list[Key]:
        """All keys of a user, the newest first."""
        rows = connection.execute(
            sa.select(api_keys)
            .where(api_keys.c.user_id == user_id)
            .order_by(api_keys.c.created_ns.desc(), api_keys.c.key_id)
        )
        return [self._with_use(_key_of(row)) for row in rows]

    def _with_use(self, key: Key) -> Key:
        known = self._known.get(key.key_id)
        if known is None or known.used_ns <= (key.used_ns or 0):
            return key
        return structs.replace(key, used_ns=known.used_ns)


def checked_scopes(facts: Facts, scopes: Iterable[str]) -> frozenset[Permission]:
    """Scopes that this user's key can have; none given: what a bot needs to trade."""
    allowed = PERMISSIONS[facts.role] & KEY_PERMISSIONS
    given = frozenset(scopes)
    if not given:
        return DEFAULT_SCOPES & allowed
    unknown = given - frozenset(map(str, Permission))
    if unknown:
        raise AuthError("invalid", f"{_listed(unknown)} is no permission", "scopes")
    wanted = frozenset(map(Permission, given))
    if not wanted <= allowed:
        raise AuthError(
            "forbidden", f"a key of {facts.name} cannot carry {_listed(wanted - allowed)}", "scopes"
        )
    return wanted


def could_be_key(key_id: str) -> bool:
    """Whether the text has the form of a key's id; a database need not be asked for others."""
    return len(key_id) == ID_CHARACTERS and set(key_id) <= set(_ID_ALPHABET)


def wrong_key() -> AuthError:
    """What is said of a key that does not exist and of a wrong secret alike."""
    return AuthError("bad_credentials", "this API key and secret do not go together")


def _key_of(row: Any) -> Key:
    scopes = frozenset(Permission(scope) for scope in row.scopes.split())
    return Key(
        row.key_id,
        row.user_id,
        row.label,
        row.session,
        scopes,
        row.created_ns,
        row.expires_ns,
        row.used_ns,
        row.revoked_ns,
    )


def _digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _random(alphabet: str, characters: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(characters))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
