"""The database: its layout, its way there, and what is said when it cannot be used."""

from __future__ import annotations

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.identity.conftest import PASSWORD, QUICK, SECRET, House, People
from workbench.errors import ConfigError, IdentityError
from workbench.identity import CONSOLE, Identity
from workbench.identity.schema import metadata, users
from workbench.identity.store import Store


def open_store(url: str) -> Store:
    return Store(url, now_ns=lambda: 0, threads=2)


def test_migrations_lead_to_the_declared_layout(url: str) -> None:
    store = open_store(url)
    store.migrate()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.migrate()
    store.close()


def test_a_layout_that_differs_is_found(url: str) -> None:
    store = open_store(url)
    store.migrate()
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE users ADD COLUMN extra INTEGER"))
        context = MigrationContext.configure(connection)
        assert len(compare_metadata(context, metadata)) == 1
    store.close()


def test_servers_that_start_at_once_migrate_once(url: str) -> None:
    stores = [open_store(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Store.migrate, stores))
    for store in stores:
        store.close()


def test_the_database_of_a_newer_workbench_is_refused(house: House) -> None:
    house.open()
    store = open_store(house.url)
    store.write_now(
        lambda transaction: transaction.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    )
    store.close()
    with pytest.raises(IdentityError, match="newer workbench") as raised:
        house.open()
    assert raised.value.where.startswith(("sqlite", "postgresql"))


def test_what_fails_leaves_nothing_behind(house: House, people: People) -> None:
    ann = people.user("ann")

    def work(transaction: Any) -> None:
        transaction.execute(sa.update(users).values(name="changed"))
        transaction.after_commit(lambda: pytest.fail("nothing was committed"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house(people.identity._store.write(work))
    assert house(people.identity.user(ann.user_id)).name == "ann"


def test_everything_is_there_after_a_restart(house: House, people: People) -> None:
    tom = people.user("tom")
    tokens = house(people.identity.login("tom", PASSWORD))
    house(people.identity.close())
    house.opened.clear()
    again = house.open()
    assert again.principal_of_token(tokens.access).user_id == tom.user_id
    house(again.refresh(tokens.refresh))
    other = house.open(secret=b"another secret that is long enough..")
    with pytest.raises(Exception, match="no access token of this server"):
        other.principal_of_token(tokens.access)


@pytest.mark.parametrize(
    ("url", "error", "sentence"),
    [
        ("nonsense", ConfigError, "nonsense: is no URL of a database"),
        ("mysql://x/y", ConfigError, "mysql is not supported, expected sqlite or postgresql"),
        ("sqlite://", ConfigError, "a database in memory would be gone"),
        ("sqlite:////proc/nowhere/identity.db", IdentityError, "cannot be made"),
        ("postgresql://x@127.0.0.1:1/y", IdentityError, "the database cannot be used"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(url: str, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as raised:
        asyncio.run(Identity.open(url, secret=SECRET, settings=QUICK))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "identity.db"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(IdentityError, match="not a database"):
        asyncio.run(Identity.open(f"sqlite:///{file}", secret=SECRET, settings=QUICK))


def test_a_new_file_is_nobody_else_s(tmp_path: Path) -> None:
    file = tmp_path / "new" / "identity.db"
    before = os.umask(0)
    try:
        store = open_store(f"sqlite:///{file}")
        store.migrate()
        store.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_writers_wait_for_one_another(house: House) -> None:
    """Two processes' worth of stores, many writers each: none is told that the database is locked."""
    first, second = house.open(), house.open()

    async def many() -> None:
        acts = (one.audit(CONSOLE, "x", str(n)) for n in range(100) for one in (first, second))
        await asyncio.gather(*acts)

    house(many())
    assert len(house(first.audit_log(limit=500))) == 200


def test_a_database_without_users_is_not_made_by_who_only_looks(url: str) -> None:
    async def look() -> None:
        identity = await Identity.open(url, secret=SECRET, settings=QUICK, make=False)
        await identity.close()

    with pytest.raises(ConfigError, match="holds no users"):
        asyncio.run(look())
    if url.startswith("sqlite"):
        assert not Path(url.removeprefix("sqlite:///")).exists()
    else:
        store = open_store(url)
        with store.engine.connect() as connection:
            assert sa.inspect(connection).get_table_names() == []
        store.close()
    store = open_store(url)
    store.migrate()
    store.close()
    asyncio.run(look())
