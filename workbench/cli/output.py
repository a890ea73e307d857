"""A directory of results that appears whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.cli.errors import writing
from workbench.engine.log import write_log
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import polars as pl

    from workbench.domain.config import Venue
    from workbench.domain.records import Records
    from workbench.engine.summary import Summary
    from workbench.engine.words import Names

LOG = "events.parquet"
"""The event log, which `workbench events` prints."""

FILES = ("trades.parquet", "quotes.parquet", LOG, "summary.json")
"""What an output directory holds, and nothing else."""


def check_output(directory: Path, *, force: bool, files: Collection[str] = FILES) -> None:
    """Refuse a place that is not free: before the work, so that nobody waits for nothing."""
    if not directory.exists():
        if not directory.absolute().parent.is_dir():
            raise WorkbenchError("the folder above it does not exist", str(directory), "make it first")
        return
    if not directory.is_dir():
        raise WorkbenchError("is a file, expected a directory", str(directory), "name another one")
    there = sorted(path.name for path in directory.iterdir())
    foreign = [name for name in there if name not in files]
    if foreign:
        raise WorkbenchError(
            f"holds {foreign[0]!r}, which is no output of this command",
            str(directory),
            "name another directory",
        )
    if there and not force:
        raise WorkbenchError("is not empty", str(directory), "name another, or give --force")


@contextmanager
def whole_directory(directory: Path, *, force: bool, files: Collection[str] = FILES) -> Iterator[Path]:
    """A temporary directory beside `directory` that takes its place if all went well, else is gone.

    `files` are those that an earlier output may hold.
    """
    check_output(directory, force=force, files=files)
    target = directory.absolute()
    with writing(directory):
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            yield partial
            partial.chmod(0o755)
            earlier = partial.with_name(f"{partial.name}-earlier")
            if target.exists():
                # Only files of ours are in it, as was checked.
                target.rename(earlier)
            try:
                partial.rename(target)
            except BaseException:
                if earlier.exists():
                    earlier.rename(target)
                raise
            shutil.rmtree(earlier, ignore_errors=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


class Market(Protocol):
    """What has happened in a market: a replay, or the run of a scenario."""

    venue: Venue
    zone: str

    @property
    def names(self) -> Names:
        """What people call orders."""

    @property
    def events(self) -> Records:
        """All events."""

    def trades(self) -> pl.DataFrame:
        """All trades."""

    def quotes(self) -> pl.DataFrame:
        """All quotes."""

    def summary(self) -> Summary:
        """Counts and averages."""


def write_replay(market: Market, directory: Path) -> None:
    """Trades, quotes and events of a market as Parquet, and its summary as JSON."""
    for name, table in {"trades": market.trades, "quotes": market.quotes}.items():
        table().write_parquet(directory / f"{name}.parquet", compression="zstd", statistics=True)
    write_log(directory / LOG, market.events, market.venue, market.zone, market.names)
    text = json.dumps(asdict(market.summary()), indent=2, default=_plain)
    (directory / "summary.json").write_text(text + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
