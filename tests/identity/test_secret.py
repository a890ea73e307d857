"""The secret of an installation: made once, readable by its owner alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.identity.secret import server_secret


def test_it_is_made_once_by_however_many_servers(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: server_secret(file), range(16)))
    (secret,) = made
    assert len(secret) == 128
    assert server_secret(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["secret.key"]
    assert server_secret(tmp_path / "other.key") != secret


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    server_secret(file)
    file.chmod(0o640)
    with pytest.raises(ConfigError, match=r"can be read by others; run: chmod 600"):
        server_secret(file)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_what_is_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match=r"secret\.key"):
        server_secret(file)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="cannot be used"):
        server_secret(tmp_path / "secret.key")
