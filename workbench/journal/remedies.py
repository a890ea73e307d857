"""What to do about stored sessions that are damaged, in the words of every message that says it."""

from __future__ import annotations

ROOT = "name the data root with --data (data= in Python) or $WORKBENCH_DATA"

WITHOUT = "name the other sessions with --session (session= in Python) to go on without it"


def rebuild(session: str) -> str:
    """How the tables and the manifest of a session are made anew.

    >>> rebuild("monday")
    '`workbench recover monday --rebuild` makes it anew from its journal'
    """
    return f"`workbench recover {session} --rebuild` makes it anew from its journal"


def restore(session: str) -> str:
    """How a file of a session comes back.

    >>> restore("monday")
    'restore it from a copy, or `workbench recover monday --rebuild` makes it anew from its journal'
    """
    return f"restore it from a copy, or {rebuild(session)}"
