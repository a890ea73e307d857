"""A notebook that cannot go on: a sentence instead of a traceback."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from workbench.errors import WorkbenchError
from workbench.journal.place import data_root, session_names

_ANSWER_S = 5.0


class MissingInputError(WorkbenchError):
    """A notebook lacks something that it needs; Jupyter shows its sentence alone."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return [str(self)]


def needed(path: str | Path, what: str) -> Path:
    """A file that a notebook needs.

    Raises
    ------
    MissingInputError
        When there is none; the cells below do not run.
    """
    found = Path(path).expanduser()
    if found.is_file():
        return found
    raise MissingInputError(
        f"This notebook needs {what}, and there is no file {str(path)!r}; name one in the parameters above. "
        "The cells below did not run."
    )


def needed_sessions(data: str | Path, session: str = "") -> Path:
    """A data root with a session that a notebook needs.

    Parameters
    ----------
    data
        The data root; `$WORKBENCH_DATA` or `./var` when empty.
    session
        Which session; any when empty.

    Raises
    ------
    MissingInputError
        When there is none; the cells below do not run.
    """
    root = data_root(str(data) or None)
    names = session_names(root) if root.is_dir() else []
    if session in names or (names and not session):
        return root
    what = f"the session {session!r}" if session else "a recorded session"
    raise MissingInputError(
        f"This notebook needs {what}, and there is none in the data root {str(root.absolute())!r}; name "
        "another one as `data` in the parameters above, or record a session there: "
        "`workbench run data/scenarios/sample_day.toml --session sample_day`. The cells below did not run."
    )


def needed_server(url: str) -> str:
    """The address of a server that a notebook needs.

    Raises
    ------
    MissingInputError
        When none answers there; the cells below do not run.
    """
    address = url.rstrip("/")
    try:
        with urlopen(f"{address}/health/live", timeout=_ANSWER_S):  # noqa: S310 - the reader's own server
            return address
    except HTTPError as error:
        why = f"what answers at {address} is none ({error.code})"
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        why = f"none answers at {address} ({reason})"
    raise MissingInputError(
        f"This notebook needs a server that runs, and {why}; start one with `workbench serve`, or name its "
        "address as `url` in the parameters above. The cells below did not run."
    )
