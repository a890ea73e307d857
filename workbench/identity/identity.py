"""Users of a server: signing up, logging in, and who is asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from workbench.errors import AuthError, IdentityError
from workbench.identity.admission import Admission
from workbench.identity.audit import Act, AuditEntry, page, record
from workbench.identity.classes import Classes
from workbench.identity.families import Device, Families, Tokens
from workbench.identity.hashing import Hasher
from workbench.identity.keys import Key, Keys, NewKey, could_be_key
from workbench.identity.names import email_of, found_name, is_uuid, shown_name
from workbench.identity.passwords import check_password, one_time_password
from workbench.identity.preferences import Declared, Preferences, Profile, changed, read_stored
from workbench.identity.principal import Principal
from workbench.identity.rereading import OVERLAP_NS, read_again, read_all
from workbench.identity.roles import Permission, Role
from workbench.identity.schema import api_keys, users
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.identity.signer import Signer
from workbench.identity.standing import Callback, Standing, facts_of
from workbench.identity.store import Store, Transaction
from workbench.identity.throttle import Throttle
from workbench.identity.users import User, Users, name_taken, user_of

_SECOND_NS = 1_000_000_000
# Nanoseconds in 64 bits end in 2262.
_LAST_YEAR = 2_200
_WRITE_USED_S = 60.0
_SWEEP_S = 3_600.0
_KEEP_DEAD_NS = 30 * 86_400 * _SECOND_NS

log = structlog.get_logger("workbench.identity")


class Identity:
    """Users, their logins, keys and classes in one database; made with `await Identity.open(...)`.

    A wrong, forged or late proof of identity raises AuthError, with a kind to branch on.
    """

    classes: Classes

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
        self._users = Users(self._standing, self._families, self._keys)
        self._names = Throttle(
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
        self.classes = Classes(store, self._users, self._hasher, settings, self._addresses)
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        secret: bytes,
        settings: IdentitySettings | None = None,
        now_ns: Callable[[], int] = time.time_ns,
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
        """
        settings = settings or IdentitySettings()
        loop = asyncio.get_running_loop()

        def prepare() -> Identity:
            store = Store(url, now_ns=now_ns, threads=settings.database_threads)
            try:
                store.migrate()
                identity = cls(store, secret, settings, loop)
                store.read_now(
                    lambda connection: read_all(connection, identity._standing, now_ns(), identity._keep_ns)
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
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self.write_used()
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

    def on_revoked(self, callback: Callback) -> Callable[[], None]:
        """Call this on the event loop with each `Revoked`; returns how to stop that."""
        return self._standing.on_revoked(callback)

    # Signing up and logging in

    async def sign_up(
        self, name: str, password: str, *, email: str = "", code: str = "", client: str = ""
    ) -> User:
        """Make oneself a user, and a member of the class whose join code is given."""
        mode = self._settings.sign_up
        if mode == SignUp.CLOSED:
            raise AuthError("closed", "signing up is closed here", remedy="ask your instructor")
        shown = shown_name(name)
        email = email_of(email)
        check_password(password, shown)
        if mode == SignUp.CODE and not code.strip():
            raise AuthError("invalid", "is needed to sign up here", "code", "ask your instructor for it")
        if code:
            await self.classes.check_code(code, client)
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            user = self._users.insert(transaction, shown, hashed, Role.STUDENT, email=email)
            actor = Principal(user.user_id, user.name, user.role, frozenset())
            record(transaction, actor, Act.SIGN_UP, f"user:{user.user_id}", client=client)
            if code:
                self.classes.enter_by_code(transaction, actor, code, client)
            return user

        return await self._insert(work, shown)

    async def create_user(
        self, by: Principal, name: str, *, role: Role = Role.STUDENT, email: str = "", password: str = ""
    ) -> tuple[User, str]:
        """Make a user of any role, for admins; without a password, with a one-time one that is returned."""
        by.require(Permission.ADMINISTER)
        shown = shown_name(name)
        one_time = ""
        if password:
            check_password(password, shown)
        else:
            password = one_time = one_time_password()
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            until_ns = self._one_time_until(transaction) if one_time else None
            user = self._users.insert(
                transaction, shown, hashed, role, email=email, one_time_until_ns=until_ns
            )
            record(transaction, by, Act.CREATE_USER, f"user:{user.user_id}", {"role": str(role)})
            return user

        return await self._insert(work, shown), one_time

    async def create_first_admin(self, by: Principal, name: str, password: str, *, email: str = "") -> User:
        """Make the first admin; AuthError("forbidden") when there is one."""
        by.require(Permission.ADMINISTER)
        shown = shown_name(name)
        check_password(password, shown)
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            transaction.lock_table(users)
            admins = sa.select(users.c.user_id).where(
                users.c.role == str(Role.ADMIN), users.c.disabled_ns.is_(None)
            )
            if transaction.connection.scalars(admins).first() is not None:
                raise AuthError("forbidden", "there is an admin already, who can make others")
            user = self._users.insert(transaction, shown, hashed, Role.ADMIN, email=email)
            record(transaction, by, Act.CREATE_USER, f"user:{user.user_id}", {"role": str(Role.ADMIN)})
            return user

        return await self._insert(work, shown)

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
        self._addresses.check(client)
        key = found_name(name)
        counted = f"name:{key}" if key is not None else ""
        self._names.check(counted)
        # Counted before the outcome is known, so that many guesses at the same moment are counted too.
        self._names.fail(counted)
        row = await self._store.read(lambda connection: self._users.by_name(connection, key))
        stored = "" if row is None else row.password_hash
        if not await self._check(counted, stored, password):
            self._addresses.fail(client)
            target = f"user:{row.user_id}" if row is not None else ""
            await self.audit(None, Act.LOGIN_FAILED, target, client=client)
            raise wrong_password()
        renewed = await self._hasher.hash(password) if self._hasher.is_outdated(stored) else stored
        work = partial(
            self._begin, user_id=row.user_id, stored=stored, renewed=renewed, client=client, device=device
        )
        tokens = await self._store.write(work)
        self._names.forget(counted)
        return tokens

    async def refresh(self, token: str) -> Tokens:
        """Next pair of tokens; the one given is used up, and using it again later ends the login."""
        tokens = await self._store.write(lambda transaction: self._families.refresh(transaction, token))
        assert tokens is not None, "a refusal is raised by the store"
        return tokens

    async def logout(self, token: str) -> None:
        """End the login of a refresh token; one that is unknown or ended is logged out already."""

        def work(transaction: Transaction) -> None:
            found = self._families.family_of(transaction.connection, token)
            if found is not None and self._families.end(transaction, *found, "logout"):
                record(transaction, None, Act.LOGOUT, f"user:{found[0]}", {"login": found[1]})

        await self._store.write(work)

    async def logout_everywhere(self, user_id: str, *, by: Principal | None = None, but: str = "") -> int:
        """End all logins of a user (but the family named); returns how many. API keys go on."""

        def work(transaction: Transaction) -> int:
            row = self._users.row(transaction.connection, user_id)
            if by is not None and by.user_id != user_id:
                self._users.may_manage(transaction.connection, by, row)
            ended = self._families.end_all(transaction, user_id, "logout everywhere", but=but)
            record(transaction, by, Act.LOGOUT_EVERYWHERE, f"user:{user_id}", {"logins": ended})
            return ended

        return await self._store.write(work)

    async def devices(self, user_id: str) -> list[Device]:
        """Logins of a user that hold, the last used one first."""
        return await self._store.read(
            lambda connection: self._families.live(connection, user_id, self._now_ns())
        )

    async def revoke_device(self, by: Principal, family: str) -> None:
        """End one of one's own logins; AuthError("unknown") when it is none or has ended."""

        def work(transaction: Transaction) -> None:
            if not (is_uuid(family) and self._families.end(transaction, by.user_id, family, "logout")):
                raise AuthError("unknown", "this is none of your logins")
            record(transaction, by, Act.LOGOUT, f"user:{by.user_id}", {"login": family})

        await self._store.write(work)

    # Passwords

    async def change_password(self, by: Principal, old: str, new: str) -> None:
        """Change one's own password; all other logins end, API keys go on."""
        by.require(Permission.CHANGE_PASSWORD)
        row = await self._store.read(lambda connection: self._users.row(connection, by.user_id))
        check_password(new, row.name)
        counted = f"change:{by.user_id}"
        self._names.check(counted)
        self._names.fail(counted)
        if not await self._check(counted, row.password_hash, old):
            raise AuthError("bad_credentials", "is not the present one", "old password")
        if new == old:
            raise AuthError("invalid", "is the old one", "password", "choose another one")
        hashed = await self._hasher.hash(new)

        def work(transaction: Transaction) -> None:
            now = transaction.execute(
                sa.select(users).where(users.c.user_id == by.user_id).with_for_update()
            ).one()
            if now.password_hash != row.password_hash:
                raise AuthError("bad_credentials", "was changed meanwhile", "old password")
            self._users.change(
                transaction, by.user_id, password_hash=hashed, must_change=False, one_time_until_ns=None
            )
            ended = self._families.end_all(transaction, by.user_id, "password changed", but=by.family)
            record(transaction, by, Act.CHANGE_PASSWORD, f"user:{by.user_id}", {"logins": ended})

        await self._store.write(work)
        self._names.forget(counted)

    async def reset_password(self, by: Principal, user_id: str) -> str:
        """One-time password for a user, whose logins end; an instructor's students, an admin's everybody."""
        await self._store.read(
            lambda connection: self._users.may_manage(connection, by, self._users.row(connection, user_id))
        )
        password = one_time_password()
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> None:
            row = self._users.lock(transaction, user_id)
            self._users.may_manage(transaction.connection, by, row)
            self._users.change(
                transaction,
                user_id,
                ends_tokens=True,
                password_hash=hashed,
                must_change=True,
                one_time_until_ns=self._one_time_until(transaction),
            )
            self._families.end_all(transaction, user_id, "password reset")
            record(transaction, by, Act.RESET_PASSWORD, f"user:{user_id}")

        await self._store.write(work)
        return password

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
        return await self._declared(user_id, Profile)

    async def set_profile(self, user_id: str, changes: dict[str, Any]) -> Profile:
        """Change some fields of a profile; AuthError("invalid") names what does not fit."""
        return await self._change_declared(user_id, changes, Profile)

    async def preferences(self, user_id: str) -> Preferences:
        """How a user wants the pages."""
        return await self._declared(user_id, Preferences)

    async def set_preferences(self, user_id: str, changes: dict[str, Any]) -> Preferences:
        """Change some preferences; AuthError("invalid") names what does not fit."""
        return await self._change_declared(user_id, changes, Preferences)

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
        if expires is not None and expires.tzinfo is None:
            raise AuthError("invalid", f"{expires.isoformat()} has no time zone", "expires")
        if expires is not None and expires.year > _LAST_YEAR:
            raise AuthError(
                "invalid", f"is after {_LAST_YEAR}", "expires", "leave it out for a key without end"
            )
        expires_ns = None if expires is None else int(expires.timestamp()) * _SECOND_NS

        def work(transaction: Transaction) -> NewKey:
            if by is not None:
                own = by.user_id == user_id
                by.require(Permission.MANAGE_OWN_KEYS if own else Permission.ADMINISTER)
            row = self._users.lock(transaction, user_id)
            facts = facts_of(row)
            if not facts.active:
                raise AuthError("disabled", "this user is disabled")
            key = self._keys.create(
                transaction,
                facts,
                session=session,
                scopes=scopes,
                expires_ns=expires_ns,
                label=label,
                live_max=self._settings.keys_per_user,
            )
            actor = by or facts.principal("")
            record(transaction, actor, Act.CREATE_KEY, f"key:{key.key_id}", {"user": user_id})
            return key

        return await self._store.write(work)

    async def keys(self, user_id: str) -> list[Key]:
        """All API keys of a user, the newest first."""
        return await self._store.read(lambda connection: self._keys.of(connection, user_id))

    async def revoke_key(self, by: Principal, key_id: str) -> None:
        """Revoke an API key, one's own or that of a user one manages; what was revoked before stays so."""

        def work(transaction: Transaction) -> None:
            owner = None
            if could_be_key(key_id):
                owner = transaction.connection.scalar(
                    sa.select(api_keys.c.user_id).where(api_keys.c.key_id == key_id)
                )
            if owner == by.user_id:
                by.require(Permission.MANAGE_OWN_KEYS)
            elif owner is None and Permission.ADMINISTER in by.permissions:
                raise AuthError("unknown", f"there is no API key {key_id[:40]!r}")
            elif owner is None or Permission.MANAGE_USERS not in by.permissions:
                raise AuthError("unknown", "this is none of your API keys")
            else:
                row = self._users.row(transaction.connection, owner)
                self._users.may_manage(transaction.connection, by, row)
            if self._keys.revoke(transaction, key_id):
                record(transaction, by, Act.REVOKE_KEY, f"key:{key_id}", {"user": owner})

        await self._store.write(work)

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
        await self._store.write(
            lambda transaction: record(transaction, actor, action, target, details, client=client)
        )

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
        return await self._store.read(
            lambda connection: page(
                connection,
                action=action,
                actor_id=actor_id,
                target=target,
                since_ns=since_ns,
                until_ns=until_ns,
                before_id=before_id,
                limit=limit,
            )
        )

    # Keeping up

    def keep_rereading(self) -> None:
        """Read again every few seconds from now on, as `open` does."""
        if self._settings.reread_s and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_up())

    async def reread(self) -> None:
        """Read now what other processes changed."""
        now_ns = self._now_ns()
        await self._store.read(lambda connection: read_again(connection, self._standing, self._keys, now_ns))

    async def write_used(self) -> None:
        """Write down now when API keys were last used."""
        used = self._keys.used()
        if used:
            await self._store.write(lambda transaction: self._keys.write_used(transaction, used))

    async def sweep(self) -> int:
        """Remove logins that ended more than thirty days ago; returns how many."""
        return await self._store.write(
            lambda transaction: self._families.sweep(transaction, transaction.now_ns - _KEEP_DEAD_NS)
        )

    async def _keep_up(self) -> None:
        loop = asyncio.get_running_loop()
        written_s = swept_s = loop.time()
        while True:
            await asyncio.sleep(self._settings.reread_s)
            try:
                await self.reread()
                if loop.time() - written_s >= _WRITE_USED_S:
                    written_s = loop.time()
                    await self.write_used()
                if loop.time() - swept_s >= _SWEEP_S:
                    swept_s = loop.time()
                    await self.sweep()
            except IdentityError as error:
                # The database may come back; until then memory answers.
                log.warning("identity.unreachable", error=str(error))

    # Parts of the above

    def _begin(
        self,
        transaction: Transaction,
        *,
        user_id: str,
        stored: str,
        renewed: str,
        client: str,
        device: str,
    ) -> Tokens:
        row = transaction.execute(sa.select(users).where(users.c.user_id == user_id).with_for_update()).one()
        if row.disabled_ns is not None:
            raise AuthError("disabled", "this user is disabled", remedy="ask your instructor")
        if row.password_hash != stored:
            raise wrong_password()
        if row.must_change and transaction.now_ns >= (row.one_time_until_ns or 0):
            raise AuthError(
                "expired", "this one-time password has expired", remedy="ask your instructor for a new one"
            )
        transaction.execute(
            sa.update(users)
            .where(users.c.user_id == user_id)
            .values(password_hash=renewed, login_ns=transaction.now_ns)
        )
        tokens = self._families.begin(transaction, facts_of(row), client, device)
        record(
            transaction,
            tokens.principal,
            Act.LOGIN,
            f"user:{user_id}",
            {"login": tokens.principal.family},
            client=client,
        )
        return tokens

    async def _check(self, counted: str, stored: str, password: str) -> bool:
        """Whether this is the password; what could not be looked at is no failure."""
        try:
            return await self._hasher.check(stored, password)
        except AuthError:
            self._names.forgive(counted)
            raise

    async def _insert(self, work: Callable[[Transaction], User], name: str) -> User:
        try:
            return await self._store.write(work)
        except IntegrityError as error:
            raise name_taken(name) from error

    def _one_time_until(self, transaction: Transaction) -> int:
        return transaction.now_ns + self._settings.one_time_s * _SECOND_NS

    async def _declared(self, user_id: str, declared: type[Declared]) -> Declared:
        row = await self._store.read(lambda connection: self._users.row(connection, user_id))
        return read_stored(getattr(row, declared.__name__.lower()), declared)

    async def _change_declared(
        self, user_id: str, changes: dict[str, Any], declared: type[Declared]
    ) -> Declared:
        column = declared.__name__.lower()

        def work(transaction: Transaction) -> Declared:
            row = self._users.lock(transaction, user_id)
            result, text = changed(getattr(row, column), changes, declared)
            transaction.execute(sa.update(users).where(users.c.user_id == user_id).values({column: text}))
            return result

        return await self._store.write(work)


def wrong_password() -> AuthError:
    """What is said of an unknown name and of a wrong password alike."""
    return AuthError("bad_credentials", "this name and password do not go together")
