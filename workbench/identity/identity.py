"""Users of a server: signing up, logging in, and who is asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from workbench.errors import NoRoomError
from workbench.identity.admission import Admission
from workbench.identity.attempts import Attempts
from workbench.identity.audit import AuditEntry
from workbench.identity.auditor import Auditor
from workbench.identity.classes import Classes
from workbench.identity.declarations import Declarations
from workbench.identity.families import Device, Families, Tokens
from workbench.identity.hashing import Hasher
from workbench.identity.key_ring import KeyRing
from workbench.identity.keys import Key, Keys, NewKey
from workbench.identity.logins import Logins
from workbench.identity.names import found_name
from workbench.identity.new_users import NewUsers
from workbench.identity.password_changes import PasswordChanges
from workbench.identity.preferences import Preferences, Profile
from workbench.identity.principal import Principal
from workbench.identity.rereading import OVERLAP_NS, read_all
from workbench.identity.roles import Permission, Role
from workbench.identity.rolls import Rolls
from workbench.identity.rosters import Rosters
from workbench.identity.settings import IdentitySettings
from workbench.identity.signer import Signer
from workbench.identity.standing import Callback, Standing
from workbench.identity.store import Store
from workbench.identity.throttle import Throttle
from workbench.identity.upkeep import Upkeep
from workbench.identity.users import User, Users, user_of

_SECOND_NS = 1_000_000_000


class Identity:
    """Users, their logins, keys and classes in one database; made with `await Identity.open(...)`.

    A wrong, forged or late proof of identity raises AuthError, with a kind to branch on.
    """

    classes: Classes
    rolls: Rolls

    def __init__(
        self, store: Store, secret: bytes, settings: IdentitySettings, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._store = store
        self._settings = settings
        self._now_ns = store.now_ns
        self._keep_ns = (settings.access_s + settings.skew_s) * _SECOND_NS + 2 * OVERLAP_NS
        self._hasher = Hasher(settings)
        self._standing = Standing(self._now_ns, self._keep_ns, loop)
        self._signer = Signer(secret, settings, self._now_ns)
        self._families = Families(secret, settings, self._signer, self._standing)
        self._keys = Keys(self._standing, self._now_ns, known_max=settings.cached_max)
        self.rolls = Rolls(loop)
        self._users = Users(self._standing, self._families, self._keys, self.rolls)
        names = Throttle(
            self._now_ns,
            free=settings.user_failures,
            leak_s=settings.user_leak_s,
            lock_s_max=settings.user_lock_s_max,
            entries_max=settings.throttled_max,
            what="wrong passwords for this name",
        )
        self._addresses = Throttle(
            self._now_ns,
            free=settings.address_failures,
            leak_s=settings.address_leak_s,
            lock_s_max=settings.address_lock_s_max,
            entries_max=settings.throttled_max,
            what="wrong attempts from this address",
        )
        self._admission = Admission(
            store, self._standing, self._signer, self._users, self._keys, settings, self._addresses
        )
        rosters = Rosters(store, self._users, self._hasher, settings, self.rolls)
        self.classes = Classes(store, self._users, rosters, self.rolls, self._addresses)
        attempts = Attempts(self._hasher, names)
        self._auditor = Auditor(store)
        self._new_users = NewUsers(store, self._users, self.classes, self._hasher, settings)
        self._logins = Logins(
            store, self._users, self._families, self._hasher, self._auditor, attempts, self._addresses
        )
        self._password_changes = PasswordChanges(
            store, self._users, self._families, self._hasher, attempts, settings.one_time_s * _SECOND_NS
        )
        self._key_ring = KeyRing(store, self._users, self._keys, settings.keys_per_user)
        self._declarations = Declarations(store, self._users)
        self._upkeep = Upkeep(
            store, self._standing, self.rolls, self._keys, self._families, self._auditor, settings.reread_s
        )

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        secret: bytes,
        settings: IdentitySettings | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        make: bool = True,
    ) -> Identity:
        """Open a database, bring it to the present layout, and read who there is.

        Parameters
        ----------
        url
            `sqlite:///path/identity.db` (made when missing) or `postgresql://user@host/database`.
        secret
            At least 32 bytes that only this installation knows; whoever has them is everybody.
        settings
            How strict the house is.
        now_ns
            The clock, for tests.
        make
            Whether a database that is not there, or holds no users, is made; ConfigError otherwise.
        """
        settings = settings or IdentitySettings()
        loop = asyncio.get_running_loop()

        def prepare() -> Identity:
            store = Store(
                url, now_ns=now_ns, threads=settings.database_threads, make=make, no_room=NoRoomError
            )
            try:
                if not make:
                    store.require_layout()
                store.migrate()
                identity = cls(store, secret, settings, loop)
                store.read_now(
                    lambda connection: read_all(
                        connection, identity._standing, identity.rolls, now_ns(), identity._keep_ns
                    )
                )
            except BaseException:
                store.close()
                raise
            return identity

        identity = await loop.run_in_executor(None, prepare)
        identity.keep_rereading()
        return identity

    async def close(self) -> None:
        """Write down what is only in memory, finish what runs, and let go of the database."""
        try:
            await self._upkeep.stop()
        finally:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._hasher.close)
            await loop.run_in_executor(None, self._store.close)

    @property
    def settings(self) -> IdentitySettings:
        """How strict the house is."""
        return self._settings

    # Who is asking

    def principal_of_token(self, access: str) -> Principal:
        """Principal of an access token, from memory; AuthError when it does not hold."""
        return self._admission.by_token(access)

    async def principal_of_key(self, key_id: str, secret: str, *, client: str = "") -> Principal:
        """Principal of an API key, after its first use from memory; AuthError when it does not hold."""
        return await self._admission.by_key(key_id, secret, client)

    def ticket(self, principal: Principal) -> str:
        """One-time ticket for a WebSocket of a browser."""
        return self._admission.ticket(principal)

    def take_ticket(self, text: str) -> Principal:
        """Principal of a ticket, which is void from now on."""
        return self._admission.by_ticket(text)

    def is_current(self, principal: Principal) -> bool:
        """Whether what a live socket was opened by still holds, as far as memory knows."""
        return self._admission.is_current(principal)

    def names_of(self, user_ids: Iterable[str], able: Permission) -> list[str]:
        """Names of those of these users who may come in and have a permission, from memory."""
        found = map(self._standing.users.get, user_ids)
        return [
            facts.name for facts in found if facts is not None and facts.active and able in facts.permissions
        ]

    def on_revoked(self, callback: Callback) -> Callable[[], None]:
        """Call this on the event loop with each `Revoked`; returns how to stop that."""
        return self._standing.on_revoked(callback)

    # Signing up and logging in

    async def sign_up(
        self, name: str, password: str, *, email: str = "", code: str = "", client: str = ""
    ) -> User:
        """Make oneself a user, and a member of the class whose join code is given."""
        return await self._new_users.sign_up(name, password, email=email, code=code, client=client)

    async def create_user(
        self, by: Principal, name: str, *, role: Role = Role.STUDENT, email: str = "", password: str = ""
    ) -> tuple[User, str]:
        """Make a user of any role, for admins; without a password, with a one-time one that is returned."""
        return await self._new_users.create(by, name, role=role, email=email, password=password)

    async def create_first_admin(self, by: Principal, name: str, password: str, *, email: str = "") -> User:
        """Make the first admin; AuthError("forbidden") when there is one."""
        return await self._new_users.create_first_admin(by, name, password, email=email)

    async def login(self, name: str, password: str, *, client: str = "", device: str = "") -> Tokens:
        """Begin a login.

        Parameters
        ----------
        name, password
            As signed up; upper and lower case of the name do not matter.
        client
            Address of the caller, whose failures are counted.
        device
            What its owner knows it by, such as the browser's name.
        """
        return await self._logins.begin(name, password, client=client, device=device)

    async def refresh(self, token: str) -> Tokens:
        """Next pair of tokens; the one given is used up, and using it again later ends the login."""
        return await self._logins.refresh(token)

    async def logout(self, token: str) -> None:
        """End the login of a refresh token; one that is unknown or ended is logged out already."""
        await self._logins.end(token)

    async def logout_everywhere(self, user_id: str, *, by: Principal | None = None, but: str = "") -> int:
        """End all logins of a user (but the family named); returns how many. API keys go on."""
        return await self._logins.end_all(user_id, by=by, but=but)

    async def devices(self, user_id: str) -> list[Device]:
        """Logins of a user that hold, the last used one first."""
        return await self._logins.live(user_id)

    async def revoke_device(self, by: Principal, family: str) -> None:
        """End one of one's own logins; AuthError("unknown") when it is none or has ended."""
        await self._logins.end_own(by, family)

    # Passwords

    async def change_password(self, by: Principal, old: str, new: str) -> None:
        """Change one's own password; all other logins end, API keys go on."""
        await self._password_changes.change(by, old, new)

    async def reset_password(self, by: Principal, user_id: str) -> str:
        """One-time password for a user, whose logins end; an instructor's students, an admin's everybody."""
        return await self._password_changes.reset(by, user_id)

    # Users

    async def users(
        self,
        *,
        role: Role | None = None,
        search: str = "",
        deleted: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> list[User]:
        """Users by name, `limit` of them behind the user `after`, of a role, with `search` in the name."""
        return await self._store.read(
            lambda connection: self._users.page(
                connection, role=role, search=search, deleted=deleted, after=after, limit=limit
            )
        )

    async def user(self, user_id: str) -> User:
        """A user; AuthError("unknown") when there is none."""
        return await self._store.read(lambda connection: self._users.get(connection, user_id))

    async def user_named(self, name: str) -> User | None:
        """The user of a name, or None."""
        key = found_name(name)
        row = await self._store.read(lambda connection: self._users.by_name(connection, key))
        return None if row is None else user_of(row)

    async def set_role(self, by: Principal, user_id: str, role: Role) -> User:
        """Make a user something else, at once; the last admin stays one."""
        return await self._store.write(
            lambda transaction: self._users.set_role(transaction, by, user_id, role)
        )

    async def disable(self, by: Principal, user_id: str) -> User:
        """Let a user in no more, by login or key, until enabled."""
        return await self._store.write(lambda transaction: self._users.disable(transaction, by, user_id))

    async def enable(self, by: Principal, user_id: str) -> User:
        """Let a user in again."""
        return await self._store.write(lambda transaction: self._users.enable(transaction, by, user_id))

    async def delete(self, by: Principal, user_id: str) -> None:
        """Forget who a user was; the audit log keeps the id, which is nobody's from now on."""
        await self._store.write(lambda transaction: self._users.delete(transaction, by, user_id))

    async def profile(self, user_id: str) -> Profile:
        """What a user says about themselves."""
        return await self._declarations.get(user_id, Profile)

    async def set_profile(self, user_id: str, changes: dict[str, Any]) -> Profile:
        """Change some fields of a profile; AuthError("invalid") names what does not fit."""
        return await self._declarations.change(user_id, changes, Profile)

    async def preferences(self, user_id: str) -> Preferences:
        """How a user wants the pages."""
        return await self._declarations.get(user_id, Preferences)

    async def set_preferences(self, user_id: str, changes: dict[str, Any]) -> Preferences:
        """Change some preferences; AuthError("invalid") names what does not fit."""
        return await self._declarations.change(user_id, changes, Preferences)

    # API keys

    async def create_key(
        self,
        user_id: str,
        *,
        session: str = "",
        scopes: Iterable[str] = (),
        expires: datetime | None = None,
        label: str = "",
        by: Principal | None = None,
    ) -> NewKey:
        """Make an API key of a user.

        Parameters
        ----------
        user_id
            Whose key it is.
        session
            The only session it is good for; empty: all.
        scopes
            Permissions it carries, all of them the user's; none: what a bot needs to trade.
        expires
            When it stops being good, with a time zone; None: never.
        label
            What its owner knows it by.
        by
            Who asks, where that is not the user: an admin.
        """
        return await self._key_ring.create(
            user_id, session=session, scopes=scopes, expires=expires, label=label, by=by
        )

    async def keys(self, user_id: str) -> list[Key]:
        """All API keys of a user, the newest first."""
        return await self._key_ring.of(user_id)

    async def revoke_key(self, by: Principal, key_id: str) -> None:
        """Revoke an API key, one's own or that of a user one manages; what was revoked before stays so."""
        await self._key_ring.revoke(by, key_id)

    # The audit log

    async def audit(
        self,
        actor: Principal | None,
        action: str,
        target: str = "",
        details: dict[str, Any] | None = None,
        *,
        client: str = "",
    ) -> None:
        """Write down an act, as in `audit(principal, "session.pause", "session:monday")`."""
        await self._auditor.write(actor, action, target, details, client=client)

    async def note(
        self,
        actor: Principal | None,
        action: str,
        target: str = "",
        details: dict[str, Any] | None = None,
        *,
        client: str = "",
    ) -> None:
        """Write down an act that has happened elsewhere already, such as the halt of a market.

        While the database does not answer it is kept in memory and written, with its time, when it does: what
        has happened is not told as a failure.
        """
        await self._auditor.note(actor, action, target, details, client=client)

    async def audit_log(
        self,
        *,
        action: str = "",
        actor_id: str = "",
        target: str = "",
        since_ns: int | None = None,
        until_ns: int | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Entries of the audit log, newest first.

        Parameters
        ----------
        action
            An act or what it begins with: `key` finds `key.create` and `key.revoke`.
        actor_id
            Who did it; `console` for whoever worked on the server itself.
        target
            To what it was done, as in `user:...`.
        since_ns, until_ns
            From and before when.
        before_id
            The `entry_id` of the last one of the page before.
        limit
            How many, at most 500.
        """
        return await self._auditor.entries(
            action=action,
            actor_id=actor_id,
            target=target,
            since_ns=since_ns,
            until_ns=until_ns,
            before_id=before_id,
            limit=limit,
        )

    # Keeping up

    def keep_rereading(self) -> None:
        """Read again every few seconds from now on, as `open` does."""
        self._upkeep.start()

    async def reread(self) -> None:
        """Read now what other processes changed."""
        await self._upkeep.reread()

    async def write_used(self) -> None:
        """Write down now when API keys were last used."""
        await self._upkeep.write_used()

    async def sweep(self) -> int:
        """Remove logins that ended more than thirty days ago; returns how many."""
        return await self._upkeep.sweep()
