"""What a person sees when something is wrong: one sentence, an exit code, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import typer

from workbench.errors import WorkbenchError

WRONG = 2
"""Exit code when the input, a setting or the output's place is wrong."""

DIFFERENT = 1
"""Exit code when a comparison found a difference."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

P = ParamSpec("P")


@contextmanager
def writing(place: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the operating system says against writing at `place` into a sentence."""
    try:
        yield
    except OSError as error:
        raise WorkbenchError(f"cannot be written: {error.strerror or error}", os.fspath(place)) from None


def sentences(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's errors into one sentence on stderr and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except WorkbenchError as error:
            typer.echo(f"workbench: {error}", err=True)
            raise typer.Exit(WRONG) from None
        except KeyboardInterrupt:
            typer.echo("workbench: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has had enough; Python would complain when it flushes the rest at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return run
