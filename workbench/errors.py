"""The exceptions that workbench raises for people to act on; each one reads as one sentence.

A refused order is no exception: the exchange answers it with an event that carries a reject code.
"""

import os


class WorkbenchError(Exception):
    """Something that a person can mend: what is wrong, where, and what to do about it.

    Parameters
    ----------
    what
        What was expected and what was found instead.
    where
        The file, setting or argument at fault; left out of the sentence when empty.
    remedy
        What to do now; left out of the sentence when empty.

    Examples
    --------
    >>> print(WorkbenchError("seed is -1, expected 0 or more", "scenario.toml", "choose another seed"))
    scenario.toml: seed is -1, expected 0 or more; choose another seed
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        # A reason quoted from another library may span lines; a log line and a terminal want one.
        return " ".join(sentence.split())


class SourceError(WorkbenchError):
    """An input file that cannot be read as what it should be.

    Parameters
    ----------
    file
        Path of the file.
    row
        Row at fault as an editor counts it, from 1; None when the whole file is at fault.
    reason
        What was expected and what was found instead.
    remedy
        What to do now.

    Examples
    --------
    >>> print(SourceError("orders.csv", 7, "price_ticks is 'abc', expected an integer"))
    orders.csv, row 7: price_ticks is 'abc', expected an integer
    """

    def __init__(self, file: str | os.PathLike[str], row: int | None, reason: str, remedy: str = "") -> None:
        name = os.fspath(file)
        super().__init__(reason, name if row is None else f"{name}, row {row}", remedy)
        # Exceptions travel between processes by their args, so these must be this class's own.
        self.args = (name, row, reason, remedy)
        self.file = name
        self.row = row
        self.reason = reason


class ConfigError(WorkbenchError):
    """A setting, scenario or instrument definition that makes no sense."""


class CommandError(WorkbenchError):
    """A command array of the wrong dtype or shape, refused before the exchange sees it."""


class SnapshotError(WorkbenchError):
    """A snapshot of the exchange's state that is damaged or was written by another version."""


class StoreError(WorkbenchError):
    """Stored sessions that are missing, damaged, edited, written by another version, or cannot be written."""


class JournalError(WorkbenchError):
    """A journal that is damaged, of another make, in use, or on a disk that does not take it."""


class ProjectionError(WorkbenchError):
    """Events that do not follow on those a projection has had, or a checkpoint that it cannot go on from."""
