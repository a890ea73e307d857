"""`workbench users` and `workbench keys`: on the right users, or a sentence and nothing made."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.session.live.markets import PEOPLE
from workbench.cli import app
from workbench.identity import CONSOLE, Identity, IdentitySettings
from workbench.session.live.session import LiveSession

EVERY = [
    ("users", "list"),
    ("users", "add", "lee"),
    ("users", "role", "lee", "student"),
    ("users", "reset-password", "lee"),
    ("users", "disable", "lee"),
    ("users", "enable", "lee"),
    ("keys", "list", "lee"),
    ("keys", "add", "lee"),
    ("keys", "revoke", "PK0"),
]


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with a user and a session."""
    root = tmp_path / "var"
    LiveSession.create(root, "monday", PEOPLE).close_and_wait()
    cheap = IdentitySettings(reread_s=0, argon2_memory_kib=8, argon2_passes=1)

    async def make() -> None:
        url = f"sqlite:///{root / 'identity.db'}"
        identity = await Identity.open(url, secret=b"x" * 32, settings=cheap)
        await identity.create_user(CONSOLE, "lee", password="correct horse battery")
        await identity.close()

    asyncio.run(make())
    return root


@pytest.mark.parametrize("words", EVERY)
def test_where_there_are_no_users_nothing_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    for place in (("--data", tmp_path / "typo"), ("--database", f"sqlite:///{tmp_path}/typo/identity.db")):
        code, said = run(*words, *place, *(() if place[0] == "--data" else ("--data", tmp_path / "other")))
        assert (code, "holds no users" in said) == (2, True), said
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "identity.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    code, said = run("users", "list", "--data", tmp_path)
    assert (code, "holds no users" in said) == (2, True), said
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]
    other.close()


def test_keys_are_made_for_sessions_that_are_there_and_revoked_where_they_are(root: Path) -> None:
    place = ("--data", root)
    code, said = run("keys", "add", "lee", "--session", "mondy", *place)
    assert (code, "there is no session 'mondy'" in said, "did you mean 'monday'?" in said) == (2, True, True)
    assert "PK" not in run("keys", "list", "lee", *place)[1]
    code, said = run("keys", "add", "lee", "--session", "monday", *place)
    assert code == 0
    key = said.split()[1]
    assert key in run("keys", "list", "lee", *place)[1]
    code, said = run("keys", "revoke", "PKNOSUCH", *place)
    assert (code, "there is no API key 'PKNOSUCH'" in said) == (2, True)
    assert run("keys", "revoke", key, *place) == (0, f"{key} is revoked")
    assert "revoked" in run("keys", "list", "lee", *place)[1]
    # Looking at users made no folder of a server and no secret.
    assert sorted(each.name for each in root.iterdir() if not each.name.startswith("identity.db")) == [
        "sessions"
    ]
