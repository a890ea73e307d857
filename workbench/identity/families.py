"""Logins: a family of refresh tokens, each of which is used once and replaced by its successor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.audit import Act, record
from workbench.identity.endings import Ending, ending_of, revoked
from workbench.identity.names import storable
from workbench.identity.principal import Principal
from workbench.identity.schema import families, refresh_tokens, users
from workbench.identity.settings import IdentitySettings
from workbench.identity.signer import Signer, derived_key
from workbench.identity.standing import Facts, Standing, facts_of
from workbench.identity.store import Transaction

_SECOND_NS = 1_000_000_000
_TOKEN_CHARACTERS = 43
_PLACE_CHARACTERS_MAX = 200


class Tokens(Struct, frozen=True):
    """What a login or a refresh gives.

    Attributes
    ----------
    access
        For the next `expires_in` seconds, in the header `Authorization: Bearer`.
    refresh
        For the next pair; used once.
    principal
        Whose they are; with `must_change_password` they are good for nothing but changing it.
    """

    access: str
    refresh: str
    expires_in: int
    principal: Principal
    must_change_password: bool = False


class Device(Struct, frozen=True):
    """A login of a user that still holds: where from, since when, last used."""

    family: str
    client: str
    device: str
    created_ns: int
    used_ns: int
    expires_ns: int


class Families:
    """The life of logins, as functions to run in a transaction."""

    def __init__(self, secret: bytes, settings: IdentitySettings, signer: Signer, standing: Standing) -> None:
        self._key = derived_key(secret, "refresh")
        self._settings = settings
        self._signer = signer
        self._standing = standing

    def begin(self, transaction: Transaction, facts: Facts, client: str, device: str) -> Tokens:
        """Begin a login."""
        family = str(uuid4())
        now_ns = transaction.now_ns
        expires_ns = now_ns + self._settings.family_s * _SECOND_NS
        transaction.execute(
            sa.insert(families).values(
                family_id=family,
                user_id=facts.user_id,
                client=storable(client, _PLACE_CHARACTERS_MAX),
                device=storable(device, _PLACE_CHARACTERS_MAX),
                created_ns=now_ns,
                used_ns=now_ns,
                expires_ns=expires_ns,
                ending="",
            )
        )
        refresh = _text_of(secrets.token_bytes(32))
        self._insert(transaction, refresh, family)
        self._end_the_oldest(transaction, facts.user_id)
        return self._tokens(facts, family, refresh, expires_ns)

    def refresh(self, transaction: Transaction, token: str) -> Tokens | None:
        """Successor of a refresh token; refuses in the transaction (after its commit) what does not hold."""
        row = self._find(transaction.connection, token)
        if row is None:
            transaction.refuse(_unknown())
            return None
        refusal = self._refusal(row, transaction.now_ns)
        if refusal is not None:
            transaction.refuse(refusal)
            return None
        facts = facts_of(row)
        successor = self._successor(token)
        won = transaction.execute(
            sa.update(refresh_tokens)
            .where(
                refresh_tokens.c.token_hash == _hash_of(token),
                refresh_tokens.c.used_ns.is_(None),
                sa.exists().where(families.c.family_id == row.family_id, families.c.revoked_ns.is_(None)),
            )
            .values(used_ns=transaction.now_ns)
        ).rowcount
        if won:
            self._insert(transaction, successor, row.family_id)
            transaction.execute(
                sa.update(families)
                .where(families.c.family_id == row.family_id)
                .values(used_ns=transaction.now_ns)
            )
            return self._tokens(facts, row.family_id, successor, row.expires_ns)
        # Somebody was faster: another tab within the grace, or a thief, or the owner after a thief.
        used_ns = transaction.connection.scalar(
            sa.select(refresh_tokens.c.used_ns)
            .join(families, families.c.family_id == refresh_tokens.c.family_id)
            .where(refresh_tokens.c.token_hash == _hash_of(token), families.c.revoked_ns.is_(None))
        )
        if used_ns is None:
            transaction.refuse(self._revoked_now(transaction, row.family_id))
            return None
        if transaction.now_ns - used_ns <= self._settings.grace_s * _SECOND_NS:
            return self._tokens(facts, row.family_id, successor, row.expires_ns)
        if not self.end(transaction, row.user_id, row.family_id, Ending.REUSED):
            transaction.refuse(self._revoked_now(transaction, row.family_id))
            return None
        record(transaction, None, Act.REFRESH_REUSED, f"user:{row.user_id}", {"login": row.family_id})
        transaction.refuse(
            AuthError(
                "reused",
                "this refresh token was used before, so somebody may have copied it: the login has ended",
                remedy="log in again",
                ending=Ending.REUSED.code,
            )
        )
        return None

    def family_of(self, connection: Connection, token: str) -> tuple[str, str] | None:
        """User and family of a refresh token, used or not."""
        row = self._find(connection, token)
        return None if row is None else (row.user_id, row.family_id)

    def end(self, transaction: Transaction, user_id: str, family: str, why: Ending) -> bool:
        """End a login; False when it had ended, or is not this user's."""
        ended = transaction.execute(
            sa.update(families)
            .where(
                families.c.family_id == family,
                families.c.user_id == user_id,
                families.c.revoked_ns.is_(None),
            )
            .values(revoked_ns=transaction.now_ns, ending=str(why))
        ).rowcount
        if ended:
            transaction.after_commit(partial(self._standing.end_family, user_id, family))
        return bool(ended)

    def end_all(self, transaction: Transaction, user_id: str, why: Ending, *, but: str = "") -> int:
        """End all logins of a user but one; how many there were."""
        live = transaction.connection.scalars(
            sa.select(families.c.family_id).where(
                families.c.user_id == user_id, families.c.revoked_ns.is_(None), families.c.family_id != but
            )
        ).all()
        return sum(self.end(transaction, user_id, family, why) for family in live)

    def live(self, connection: Connection, user_id: str, now_ns: int) -> list[Device]:
        """Logins of a user that hold, the last used one first."""
        rows = connection.execute(
            sa.select(families)
            .where(
                families.c.user_id == user_id,
                families.c.revoked_ns.is_(None),
                families.c.expires_ns > now_ns,
                families.c.used_ns > now_ns - self._settings.family_idle_s * _SECOND_NS,
            )
            .order_by(families.c.used_ns.desc(), families.c.family_id)
        )
        return [
            Device(row.family_id, row.client, row.device, row.created_ns, row.used_ns, row.expires_ns)
            for row in rows
        ]

    def timed_out(self, connection: Connection, from_ns: int, to_ns: int) -> list[tuple[str, str]]:
        """Users and logins whose time ended in [`from_ns`, `to_ns`), nobody having ended them before."""
        idle_ns = self._settings.family_idle_s * _SECOND_NS
        until = sa.case(
            (families.c.used_ns + idle_ns < families.c.expires_ns, families.c.used_ns + idle_ns),
            else_=families.c.expires_ns,
        )
        rows = connection.execute(
            sa.select(families.c.user_id, families.c.family_id).where(
                families.c.revoked_ns.is_(None), until >= from_ns, until < to_ns
            )
        )
        return [(row.user_id, row.family_id) for row in rows]

    def anonymise(self, transaction: Transaction, user_id: str) -> None:
        """Forget where a user's logins came from."""
        transaction.execute(
            sa.update(families).where(families.c.user_id == user_id).values(client="", device="")
        )

    def sweep(self, transaction: Transaction, older_than_ns: int) -> int:
        """Remove logins that ended or expired before a time; how many."""
        dead = sa.select(families.c.family_id).where(
            sa.or_(families.c.expires_ns < older_than_ns, families.c.revoked_ns < older_than_ns)
        )
        transaction.execute(sa.delete(refresh_tokens).where(refresh_tokens.c.family_id.in_(dead)))
        return transaction.execute(sa.delete(families).where(families.c.family_id.in_(dead))).rowcount

    def _find(self, connection: Connection, token: str) -> Any:
        if len(token) != _TOKEN_CHARACTERS or not token.isascii():
            return None
        return connection.execute(
            sa.select(
                users,
                families.c.family_id,
                families.c.expires_ns,
                families.c.used_ns,
                families.c.revoked_ns,
                families.c.ending,
            )
            .select_from(refresh_tokens.join(families).join(users))
            .where(refresh_tokens.c.token_hash == _hash_of(token))
        ).one_or_none()

    def _refusal(self, row: Any, now_ns: int) -> AuthError | None:
        if row.disabled_ns is not None or row.deleted_ns is not None:
            gone = Ending.DISABLED if row.deleted_ns is None else Ending.DELETED
            return AuthError(
                "disabled", "this user is disabled", remedy="ask your instructor", ending=gone.code
            )
        if row.revoked_ns is not None:
            return revoked(ending_of(row.ending))
        idle_ns = now_ns - row.used_ns
        if now_ns >= row.expires_ns or idle_ns >= self._settings.family_idle_s * _SECOND_NS:
            return AuthError(
                "expired", "this login has expired", remedy="log in again", ending=Ending.EXPIRED.code
            )
        return None

    def _revoked_now(self, transaction: Transaction, family: str) -> AuthError:
        """What is said of a login that ended while its token was being looked at."""
        ending = transaction.connection.scalar(
            sa.select(families.c.ending).where(families.c.family_id == family)
        )
        return revoked(ending_of(ending or ""))

    def _insert(self, transaction: Transaction, token: str, family: str) -> None:
        transaction.execute(
            sa.insert(refresh_tokens).values(
                token_hash=_hash_of(token), family_id=family, issued_ns=transaction.now_ns
            )
        )

    def _end_the_oldest(self, transaction: Transaction, user_id: str) -> None:
        live = self.live(transaction.connection, user_id, transaction.now_ns)
        for device in live[self._settings.devices_per_user :]:
            self.end(transaction, user_id, device.family, Ending.TOO_MANY)

    def _successor(self, token: str) -> str:
        """The one token that follows: whoever asks again within the grace gets the same."""
        return _text_of(hmac.new(self._key, token.encode(), hashlib.sha256).digest())

    def _tokens(self, facts: Facts, family: str, refresh: str, expires_ns: int) -> Tokens:
        access, expires_in = self._signer.sign(facts, family, expires_ns)
        return Tokens(access, refresh, expires_in, facts.principal(family), facts.must_change)


def _text_of(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _unknown() -> AuthError:
    return AuthError("bad_credentials", "this is no refresh token of this server", remedy="log in again")
