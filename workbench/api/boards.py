"""Which sessions' leaderboards are hidden from students; kept over restarts in the server's folder."""

from __future__ import annotations

import json
from pathlib import Path


class Boards:
    """Names of sessions whose leaderboard only teachers see."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "hidden-boards.json"
        self._hidden: set[str] = set()
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            read = []
        if isinstance(read, list):
            self._hidden = {name for name in read if isinstance(name, str)}

    def hidden(self, session: str) -> bool:
        """Whether students do not see this session's."""
        return session in self._hidden

    def set(self, session: str, *, hidden: bool) -> None:
        """Hide or show one; written before this returns."""
        changed = self._hidden | {session} if hidden else self._hidden - {session}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        making = self._file.with_suffix(".making")
        making.write_text(json.dumps(sorted(changed)), encoding="utf-8")
        making.replace(self._file)
        self._hidden = changed
