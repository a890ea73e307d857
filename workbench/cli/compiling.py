"""A word before a wait: the first start compiles the exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from numba.core.caching import UserProvidedCacheLocator

import workbench
from workbench.jit import COMPILED, cache_folder


def is_compiled() -> bool:
    """Whether the exchange's largest kernel, which is most of the wait, is in the cache."""
    return any((cache_folder() / kernel_folder()).glob("step.run-*.nbi"))


def kernel_folder() -> str:
    """The folder in the cache that numba keeps that kernel in: of this copy of the sources."""
    source = Path(workbench.__file__).parent / "engine" / "step.py"
    locator: Any = UserProvidedCacheLocator
    return str(locator.get_suitable_cache_subpath(str(source)))


def say_if_compiling() -> None:
    """Say on stderr that starting takes long this once, if it does."""
    if COMPILED and not is_compiled():
        typer.echo("compiling the exchange, once; it takes about a minute ...", err=True)
