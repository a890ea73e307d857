"""What a person sees when something is wrong: one sentence, an exit code, no traceback."""

from __future__ import annotations

import io
import os
import re
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
    except Exception as error:
        # Polars has errors of its own for what the operating system says, which is then all they say.
        said = re.search(r"([A-Z][^()]*) \(os error \d+\)", str(error))
        if said is None:
            raise
        raise WorkbenchError(f"cannot be written: {said[1]}", os.fspath(place)) from None


def _stop_printing() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def sentences(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a command's errors into one sentence on stderr and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        # A terminal or file that cannot show a sign gets a question mark for it.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except WorkbenchError as error:
            typer.echo(f"workbench: {error}", err=True)
            raise typer.Exit(WRONG) from None
        except KeyboardInterrupt:
            typer.echo("workbench: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has had enough; Python would complain when it flushes the rest at exit.
            _stop_printing()
            raise typer.Exit(0) from None
        except OSError as error:
            _stop_printing()
            typer.echo(f"workbench: the output cannot be written: {error.strerror or error}", err=True)
            raise typer.Exit(WRONG) from None

    return run
