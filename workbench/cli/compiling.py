"""A word before a wait, and how far it has come: the first start compiles the exchange."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import typer
from numba.core import event
from numba.core.caching import UserProvidedCacheLocator

import workbench
from workbench.jit import COMPILED, cache_folder

_MARK = re.compile(rb"^ *@(?:leaf|hot|entry)\b", re.MULTILINE)
_COMPILES = "numba:compile"
_STEP = 100
_STEP_AT_A_TERMINAL = 10


def is_compiled() -> bool:
    """Whether the exchange's largest kernel, which is most of the wait, is in the cache."""
    return any((cache_folder() / kernel_folder()).glob("step.run-*.nbi"))


def kernel_folder() -> str:
    """The folder in the cache that numba keeps that kernel in: of this copy of the sources."""
    source = Path(workbench.__file__).parent / "engine" / "step.py"
    locator: Any = UserProvidedCacheLocator
    return str(locator.get_suitable_cache_subpath(str(source)))


def say_if_compiling() -> None:
    """Say on stderr that starting takes long this once, if it does, and then how far it is."""
    if COMPILED and not is_compiled():
        typer.echo("compiling the exchange, once; it takes about a minute, or more if busy ...", err=True)
        register: Any = event.register
        register(_COMPILES, _Progress(function_count()))


def function_count() -> int:
    """How many functions are compiled if all are; a start compiles nearly all."""
    package = Path(workbench.__file__).parent
    return sum(len(_MARK.findall(source.read_bytes())) for source in package.rglob("*.py"))


class _Progress(event.Listener):
    """Says how many functions are compiled, now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._live = sys.stderr.isatty()

    def on_start(self, event: Any) -> None:
        """Nothing is to be said when one begins: it is a moment's work."""

    def on_end(self, event: Any) -> None:  # noqa: ARG002 - which function it is says nothing to people
        """Count one more."""
        self._done += 1
        if self._done % (_STEP_AT_A_TERMINAL if self._live else _STEP) or self._done > self._total:
            return
        said = f"compiling the exchange: {self._done} of about {self._total} functions"
        # At a terminal the line is written over, and the cursor left where the next line would begin.
        typer.echo(f"\r{said}\r" if self._live else said, err=True, nl=not self._live)
