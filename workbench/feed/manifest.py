"""The manifest of a dataset: what it holds, what it was made from, and how to tell that it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from workbench.domain.codes import Mark, TriggerReference
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.margin import MarginRates
from workbench.domain.records import COMMAND, schema_hash
from workbench.errors import SourceError
from workbench.feed.contents import Content
from workbench.feed.history import History
from workbench.feed.readers import readers_digest, workbench_version

MANIFEST = "manifest.json"
FORMAT = 1
"""Version of the layout of a dataset's folder."""

HISTORY, BARS = "history", "bars"
"""What a dataset may hold."""

_DECIMAL = "decimal"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a dataset.

    Attributes
    ----------
    name
        Of the dataset.
    holds
        `HISTORY` or `BARS`.
    kind, symbol, zone
        Format of its source, the instrument, and the market's time zone.
    days
        First and last day of it on the market's calendar; the same twice for one day.
    instrument
        Reference data as JSON values; None for bars.
    source, files, first_row, quirks
        Those of the history.
    sources
        The files that it was made from.
    options
        What their reader was given besides.
    identities
        Digests of all questions that it answers (see `workbench.feed.contents.identity`).
    counts
        How many commands, rows or bars.
    tables
        Name, rows, bytes and sha256 of each of its files.
    exact_refused
        Why bars cannot be had as exact decimals; "" when they can.
    imported
        When, in UTC.
    workbench, readers, format, command_schema
        Versions that wrote it; `readers` is the digest of the readers' sources.
    """

    name: str
    holds: str
    kind: str
    symbol: str
    zone: str
    days: tuple[str, ...]
    instrument: dict[str, Any] | None
    source: str
    files: tuple[str, ...]
    first_row: int
    quirks: dict[str, int]
    sources: tuple[Content, ...]
    options: dict[str, Any]
    identities: tuple[str, ...]
    counts: dict[str, int]
    tables: tuple[dict[str, Any], ...]
    exact_refused: str = ""
    imported: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    workbench: str = field(default_factory=workbench_version)
    readers: str = field(default_factory=readers_digest)
    format: int = FORMAT
    command_schema: str = field(default_factory=lambda: schema_hash(COMMAND))

    @property
    def is_current(self) -> bool:
        """Whether the readers of this version of the workbench made it."""
        return self.readers == readers_digest() and not self.is_older

    @property
    def is_older(self) -> bool:
        """Whether commands have another layout by now."""
        return self.format != FORMAT or self.command_schema != schema_hash(COMMAND)

    @property
    def origin(self) -> str:
        """Path of the first of the files that it was made from."""
        return self.sources[0].path if self.sources else self.source

    def to_bytes(self) -> bytes:
        """JSON that tells when it was edited."""
        plain: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["sources"] = [content.to_json() for content in self.sources]
        return json.dumps({**plain, "digest": _digest(plain)}, indent=1).encode() + b"\n"

    def called(self, name: str) -> Manifest:
        """The same under another name."""
        return replace(self, name=name)


def _digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the dataset in a folder.

    Raises
    ------
    SourceError
        When there is none, or it is not as it was written.
    """
    path = folder / MANIFEST
    try:
        plain = json.loads(path.read_bytes())
        digest = plain.pop("digest")
        whole = digest == _digest(plain)
    except FileNotFoundError:
        raise SourceError(folder, None, f"is no dataset: it has no {MANIFEST}", "import it again") from None
    except OSError as error:
        raise SourceError(path, None, f"cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise SourceError(
            path, None, "is no manifest of a dataset or is damaged", "import the source again"
        ) from None
    if not whole:
        raise SourceError(path, None, "was edited or is damaged", "import the source again")
    known = {item.name for item in fields(Manifest)}
    if plain.get("format") != FORMAT or set(plain) != known:
        made = plain.get("sources") or [{}]
        again = f"import it again from {made[0].get('path', 'its source')}"
        raise SourceError(folder, None, f"is a dataset of format {plain.get('format')}, not {FORMAT}", again)
    plain["sources"] = tuple(Content.from_json(item) for item in plain["sources"])
    for name in ("files", "identities", "tables", "days"):
        plain[name] = tuple(plain[name])
    return Manifest(**plain)


def days_of(times_ns: Sequence[int] | np.ndarray[Any, np.dtype[np.int64]], zone: str) -> tuple[str, ...]:
    """First and last day of times that never fall, on the calendar of a zone.

    >>> days_of([1_340_285_400_000_000_000], "America/New_York")
    ('2012-06-21', '2012-06-21')
    """
    if not len(times_ns):
        return ()
    ends = (int(times_ns[0]), int(times_ns[-1]))
    return tuple(
        datetime.fromtimestamp(time_ns // 1_000_000_000, ZoneInfo(zone)).date().isoformat()
        for time_ns in ends
    )


def instrument_to_json(instrument: Instrument) -> dict[str, Any]:
    """Reference data as JSON values from which exactly the same can be made."""
    return {item.name: _to_json(getattr(instrument, item.name)) for item in fields(instrument)}


def _to_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, (FeeSchedule, MarginRates)):
        return {item.name: _to_json(getattr(value, item.name)) for item in fields(value)}
    return int(value) if isinstance(value, (TriggerReference, Mark)) else value


def instrument_from_json(data: Mapping[str, Any]) -> Instrument:
    """What `instrument_to_json` was given."""
    made = {name: _from_json(value) for name, value in data.items()}
    made["fees"] = FeeSchedule(**made["fees"])
    made["margin"] = MarginRates(**made["margin"])
    made["trigger_reference"] = TriggerReference(made["trigger_reference"])
    made["mark"] = Mark(made["mark"])
    return Instrument(**made)


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {_DECIMAL}:
        return Decimal(value[_DECIMAL])
    return {name: _from_json(item) for name, item in value.items()}


def history_manifest(
    history: History,
    sources: Sequence[Content],
    options: Mapping[str, Any],
    identities: Sequence[str],
    tables: Sequence[Mapping[str, Any]],
) -> Manifest:
    """The manifest of a history; without a name as yet."""
    return Manifest(
        name="",
        holds=HISTORY,
        kind=history.kind,
        symbol=history.instrument.symbol,
        zone=history.zone,
        days=days_of(history.row_times_ns, history.zone),
        instrument=instrument_to_json(history.instrument),
        source=history.source,
        files=history.files,
        first_row=history.first_row,
        quirks=dict(history.quirks),
        sources=tuple(sources),
        options=dict(options),
        identities=tuple(identities),
        counts={"commands": len(history.commands), "rows": history.row_count},
        tables=tuple(dict(table) for table in tables),
    )
