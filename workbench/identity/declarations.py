"""What users say about themselves and how they want the pages, as the database keeps it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from workbench.identity.preferences import Declared, changed, read_stored
from workbench.identity.schema import users
from workbench.identity.store import Store, Transaction
from workbench.identity.users import Users


class Declarations:
    """Profiles and preferences of all users."""

    def __init__(self, store: Store, users: Users) -> None:
        self._store = store
        self._users = users

    async def get(self, user_id: str, declared: type[Declared]) -> Declared:
        """What a user has declared of this kind."""
        row = await self._store.read(lambda connection: self._users.row(connection, user_id))
        return read_stored(getattr(row, declared.__name__.lower()), declared)

    async def change(self, user_id: str, changes: dict[str, Any], declared: type[Declared]) -> Declared:
        """Change some of its fields; AuthError("invalid") names what does not fit."""
        column = declared.__name__.lower()

        def work(transaction: Transaction) -> Declared:
            row = self._users.lock(transaction, user_id)
            result, text = changed(getattr(row, column), changes, declared)
            transaction.execute(sa.update(users).where(users.c.user_id == user_id).values({column: text}))
            return result

        return await self._store.write(work)
