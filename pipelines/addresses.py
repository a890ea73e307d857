"""Mail addresses: as the jobs file has them, else as users gave them to the server."""

from __future__ import annotations

import time

import sqlalchemy as sa

from pipelines.jobs import Mail
from pipelines.places import EVERYBODY
from pipelines.runs import Run
from workbench.identity.schema import members, users
from workbench.identity.store import Store


class Addresses:
    """Whom a report is mailed to: its owner; a class's staff; whoever is named for everybody."""

    def __init__(self, mail: Mail | None) -> None:
        self._mail = mail

    def __call__(self, run: Run) -> list[str]:
        """The addresses of a run's report; none when nobody's is known."""
        if self._mail is None:
            return []
        for name in _names(run):
            if name in self._mail.addresses:
                return [self._mail.addresses[name]]
        if not self._mail.identity:
            return []
        present = (users.c.email != "", users.c.disabled_ns.is_(None), users.c.deleted_ns.is_(None))
        if run.user_id:
            return self._asked(sa.select(users.c.email).where(users.c.user_id == run.user_id, *present))
        if run.class_id and run.class_id != EVERYBODY:
            staff = sa.select(members.c.user_id).where(members.c.class_id == run.class_id, members.c.staff)
            return self._asked(sa.select(users.c.email).where(users.c.user_id.in_(staff), *present))
        return []

    def _asked(self, query: sa.Select[str]) -> list[str]:
        assert self._mail is not None
        store = Store(self._mail.identity, now_ns=time.time_ns, threads=1, make=False)
        try:
            store.require_layout()
            return store.read_now(
                lambda connection: sorted({email for (email,) in connection.execute(query)})
            )
        finally:
            store.close()


def _names(run: Run) -> list[str]:
    """What a run's addressee may be called in the file."""
    if run.account:
        return [run.account]
    return ["everybody"] if run.class_id == EVERYBODY else [f"class={run.class_id}"]
