"""Planting a fault: a journal whose code differs in one place, while a context lasts."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest import mock

PACKAGE = "workbench.journal"


@dataclass(frozen=True)
class Edit:
    """One piece of code in place of another in a function or method of the journal.

    Parameters
    ----------
    place
        Module and function, as in `writer.Journal.sync`.
    old
        Code that is there, exactly once; a mutant that no longer fits its journal fails here.
    new
        Code instead of it, from the same indentation.
    """

    place: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A planted fault: its name, what it breaks, and the edits that plant it."""

    name: str
    breaks: str
    edits: tuple[Edit, ...]


class StaleEditError(LookupError):
    """The code that an edit wants to change is not there."""


def changed(function: Callable[..., Any], edits: list[Edit]) -> Any:
    """The function with its source edited, living in the same module."""
    source = textwrap.dedent(inspect.getsource(function))
    for edit in edits:
        if source.count(edit.old) != 1:
            raise StaleEditError(f"{edit.place} holds {edit.old!r} {source.count(edit.old)} times")
        source = source.replace(edit.old, edit.new)
    space: dict[str, Any] = {}
    code = compile(f"from __future__ import annotations\n{source}", f"<edited {edits[0].place}>", "exec")
    exec(code, sys.modules[function.__module__].__dict__, space)
    return space[function.__name__]


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Run the journal with the fault in it."""
    places: dict[str, list[Edit]] = {}
    for edit in mutant.edits:
        places.setdefault(edit.place, []).append(edit)
    with ExitStack() as stack:
        for place, edits in places.items():
            module_name, *path = place.split(".")
            owner: Any = import_module(f"{PACKAGE}.{module_name}")
            for name in path[:-1]:
                owner = getattr(owner, name)
            plain = inspect.getattr_static(owner, path[-1])
            original = plain.__func__ if isinstance(plain, classmethod | staticmethod) else plain
            original = original.fget if isinstance(original, property) else original
            new = changed(inspect.unwrap(original), edits)
            stack.enter_context(mock.patch.object(owner, path[-1], new))
            if len(path) == 1:
                # Those who imported it by name hold it too.
                for name, module in list(sys.modules.items()):
                    if name.startswith(PACKAGE) and getattr(module, path[-1], None) is plain:
                        stack.enter_context(mock.patch.object(module, path[-1], new))
        yield
