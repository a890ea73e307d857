"""`workbench rerun`: a recorded session once more, as it was or with something changed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
import typer
from rich.table import Table

from workbench.cli.chart import labelled, line_chart
from workbench.cli.errors import DIFFERENT, writing
from workbench.cli.output import check_output, whole_directory
from workbench.cli.replaying import progress_bar
from workbench.cli.tables import console
from workbench.engine.moments import local_time
from workbench.errors import ConfigError
from workbench.feed.bar_path import SYNTHETIC_BARS
from workbench.session.differences import changed
from workbench.session.rerun import rerun, what_if
from workbench.session.stored import StoredSession, open_session
from workbench.session.whatif import HELD_FIXED, WhatIf

if TYPE_CHECKING:
    from workbench.domain.instruments import Instrument

FILES = (
    "accounts.parquet",
    "positions.parquet",
    "instruments.parquet",
    "impact.parquet",
    "after_fills.parquet",
    "prices.parquet",
    "what_if.json",
)
"""What the output directory of a what-if run holds."""

_WIDTH, _HEIGHT = 64, 7
_COUNTS = {"orders", "fills", "rejected", "cancelled", "refused_changes", "trades"}
_QUANTITIES = {"position", "traded", "buys", "sells", "volume"}
_PRICES = {"last", "vwap", "high", "low", "spread", "average_buy", "average_sell"}
_RUNS = {"recorded": "the recording", "what_if": "the what-if run"}
_WHOLE_TICKS = {"last", "high", "low"}


class Asked(NamedTuple):
    """What shall be different in a rerun.

    Attributes
    ----------
    without
        Accounts left out.
    latency, latency_of
        How much later orders are, and whose.
    fees
        Other fees.
    """

    without: tuple[str, ...]
    latency: str
    latency_of: tuple[str, ...]
    fees: tuple[str, ...]


def run_rerun(
    name: str, asked: Asked, data: Path | None, out: Path | None, *, as_json: bool, force: bool
) -> None:
    """Compare a session with its rerun, or with what it would have been."""
    if any(asked):
        _what_if(name, asked, data, out, as_json=as_json, force=force)
        return
    if out is not None:
        raise ConfigError(
            "there is nothing to write of a rerun as it was", "--out", "give --without, --latency or --fees"
        )
    with progress_bar("rerunning") as progress:
        found = rerun(name, data=data, progress=progress)
    if as_json:
        fields = {
            "session": found.session,
            "identical": found.identical,
            "commands": found.commands,
            "events": found.events,
            "state_hash": found.state_hash,
            "recorded_hash": found.recorded_hash,
        }
        if found.difference is not None:
            first = found.difference
            fields["difference"] = {field: getattr(first, field) for field in first.__slots__}
        typer.echo(json.dumps(fields, indent=2))
    else:
        open_still = "" if found.sealed else " (the session is open: what is published was compared)"
        typer.echo(f"{found.session}: {found}{open_still}")
        typer.echo(f"state      {found.state_hash}")
        speed = found.commands / found.wall_seconds if found.wall_seconds else 0
        typer.echo(f"speed      {found.wall_seconds:.3f} s, {speed:,.0f} commands/s")
    if not found.identical:
        raise typer.Exit(DIFFERENT)


def _what_if(
    name: str, asked: Asked, data: Path | None, out: Path | None, *, as_json: bool, force: bool
) -> None:
    if out is not None:
        check_output(out, force=force, files=FILES)
    stored = open_session(name, data)
    with progress_bar("rerunning") as progress:
        made = what_if(
            stored,
            without=asked.without,
            latency=asked.latency or 0,
            latency_of=asked.latency_of,
            fees=list(asked.fees) or None,
            progress=progress,
        )
    if out is not None:
        with whole_directory(out, force=force, files=FILES) as directory, writing(out):
            _write(made, stored.name, directory)
    if as_json:
        typer.echo(json.dumps(_fields(made, stored.name), indent=2, default=str))
    else:
        _print(made, stored)
    if out is not None and not as_json:
        typer.echo(f"\nwritten    {out}")


def _write(made: WhatIf, name: str, directory: Path) -> None:
    frames = {
        "accounts": made.accounts,
        "positions": made.positions,
        "instruments": made.instruments,
        "impact": made.impact,
        "after_fills": made.after_fills,
        "prices": made.prices(),
    }
    for which, frame in frames.items():
        frame.write_parquet(directory / f"{which}.parquet", compression="zstd", statistics=True)
    text = json.dumps(_fields(made, name), indent=2, default=str)
    (directory / "what_if.json").write_text(text + "\n")


def _fields(made: WhatIf, name: str) -> dict[str, Any]:
    return {
        "session": name,
        "what_if": made.changes.words(made.venue),
        "held_fixed": HELD_FIXED,
        "commands": made.recorded.commands,
        "left_out": made.left_out,
        "delayed": made.delayed,
        "missed": made.missed,
        "identical": made.identical,
        "state_hash": made.what_if.state_hash,
        "recorded_hash": made.recorded.state_hash,
        "accounts": made.accounts.to_dicts(),
        "positions": made.positions.to_dicts(),
        "instruments": made.instruments.to_dicts(),
        "impact": made.impact.to_dicts(),
        "after_fills": made.after_fills.to_dicts(),
    }


def _print(made: WhatIf, stored: StoredSession) -> None:
    typer.echo(f"{stored.name}: {made.changes.words(made.venue)}")
    if not stored.sealed:
        typer.echo("The session is open: only what is published was run.")
    if stored.manifest.about.get("kind") == SYNTHETIC_BARS:
        typer.echo("Its prices are synthetic: an invented path inside each bar.")
    counts = [f"{made.recorded.commands:,} commands"]
    if made.changes.without:
        counts.append(f"{made.left_out:,} left out")
    if made.changes.latency_ns:
        counts.append(f"{made.delayed:,} later")
    if made.missed:
        counts.append(f"{made.missed:,} name an order that is not open then")
    typer.echo(", ".join(counts))
    typer.echo(HELD_FIXED)
    if made.identical:
        typer.echo(
            "\nNothing is different: the same quotes, trades and fills, and the same state at the end."
        )
        return
    show = console()
    accounts = changed(made.accounts)
    if len(accounts):
        show.print("", _differences("accounts", accounts, made), sep="\n")
    positions = changed(made.positions).filter(pl.col("account").is_in(made.names()))
    if len(positions):
        show.print("", _differences("positions", positions, made), sep="\n")
    show.print("", _differences("instruments", made.instruments, made), sep="\n")
    for instrument in made.venue.instruments:
        _print_prices(made, instrument)


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if not at else "right", no_wrap=True)
    return table


def _differences(title: str, frame: pl.DataFrame, made: WhatIf) -> Table:
    """A row for each number: what it belongs to, and its value in both runs."""
    table = _table(title, "", "recorded", "what if", "difference")
    table.columns[0].no_wrap = False
    owners = [name for name in ("account", "symbol") if name in frame.columns]
    before: tuple[str, ...] = ()
    for row in frame.iter_rows(named=True):
        owner = tuple(row[name] for name in owners)
        if owner != before:
            table.add_row(" ".join(owner), style="bold")
            before = owner
        places = _places(row, made)
        cells = [_number(row[which], places) for which in ("recorded", "what_if")]
        table.add_row(
            f"  {row['measure'].replace('_', ' ')}", *cells, _number(row["difference"], places, signed=True)
        )
    return table


def _places(row: dict[str, Any], made: WhatIf) -> int:
    """Digits behind the point of one row's numbers."""
    measure, symbol = row["measure"], row.get("symbol")
    if measure in _COUNTS:
        return 0
    if symbol is None:
        return 2
    instrument = made.venue.instruments[made.venue.instrument_number(symbol)]
    if measure in _QUANTITIES:
        return _quantity_places(instrument, row)
    if measure in _PRICES:
        return _tick_places(instrument) + (0 if measure in _WHOLE_TICKS else 2)
    return 2


def _quantity_places(instrument: Instrument, row: dict[str, Any]) -> int:
    """As many digits as the row's quantities have, which are whole lots."""
    lot = instrument.quantity_from_lots(1).normalize()
    most = max(0, -int(lot.as_tuple().exponent))
    shown = [f"{row[name] or 0:.{most}f}" for name in ("recorded", "what_if")]
    return max(len(text.partition(".")[2].rstrip("0")) for text in shown)


def _tick_places(instrument: Instrument) -> int:
    tick = instrument.price_from_ticks(instrument.price_increment_ticks).normalize()
    return max(2, -int(tick.as_tuple().exponent))


def _number(value: float | None, places: int, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    rounded = round(value, places) + 0.0
    if not rounded and value:
        # Too small to be seen, but there.
        return f"{value:+.0e}" if signed else f"{value:.0e}"
    if not rounded:
        return f"{0:.{places}f}"
    return f"{rounded:{'+' if signed else ''},.{places}f}"


def _print_prices(made: WhatIf, instrument: Instrument) -> None:
    """The price path with and without, what it says of the changed accounts, and a picture of it."""
    symbol = instrument.symbol
    places = _tick_places(instrument) + 1
    zone = made.zone
    lasts = made.end_ns > made.recorded.start_ns
    path = made.path(symbol) if lasts else made.path(symbol, 1)
    if made.same_prices(symbol):
        typer.echo(f"\n{symbol}: the middle of bid and ask is the same throughout")
        return
    table = _table(
        f"{symbol}, middle of bid and ask", f"time ({zone})", "recorded", "what if", "ticks", "furthest"
    )
    for row in path.iter_rows(named=True):
        table.add_row(
            f"{row['time'].astimezone(_zone(zone)):%H:%M:%S.%f}"[:-3],
            _number(row["recorded"], places),
            _number(row["what_if"], places),
            _number(row["ticks"], 1, signed=True),
            _number(row["furthest"], 1, signed=True),
        )
    show = console()
    show.print("", table, sep="\n")
    for line in _chart(made, symbol) if lasts else ():
        typer.echo(line)
    show.print("", _impact(made, symbol), sep="\n")
    row = made.impact.filter(symbol=symbol).to_dicts()[0]
    if row["fills"]:
        typer.echo(_meeting(row))


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - a table of times alone needs it

    return ZoneInfo(name)


def _chart(made: WhatIf, symbol: str) -> list[str]:
    """The difference over time: of each span the value furthest from 0."""
    values = made.path(symbol, _WIDTH)["furthest"].to_numpy().astype(np.float64)
    known = values[~np.isnan(values)]
    first, last = (f"{local_time(ns, made.zone):%H:%M:%S}" for ns in (made.recorded.start_ns, made.end_ns))
    if not known.any():
        # Only one run has a middle where they differ: there is no difference to draw.
        return []
    top, bottom = (f"{value:+.1f} ticks" for value in (known.max(), known.min()))
    return ["", *labelled(line_chart(values, _HEIGHT), top, bottom, first, last)]


def _impact(made: WhatIf, symbol: str) -> Table:
    """What the difference says of the changed accounts."""
    row = made.impact.filter(symbol=symbol).to_dicts()[0]
    whose = " and ".join(made.names()) or "the change"
    table = _table(f"{symbol}, impact of {whose}: recorded less what if", "", "ticks", "basis points", "")
    table.columns[3].justify = "left"
    zone = _zone(made.zone)
    at = "" if row["largest_time"] is None else f"at {row['largest_time'].astimezone(zone):%H:%M:%S.%f}"[:-3]
    share = row["moved_share"]
    notes = {
        "largest": at,
        "average": "" if share is None else f"differ {_share(share)} of the time",
        "end": _alone_at_the_end(made, symbol),
    }
    for name, note in notes.items():
        cells = (_number(row[name], 3, signed=True), _number(row[f"{name}_bp"], 3, signed=True))
        table.add_row(name, *cells, note)
    for which, said in _RUNS.items():
        alone = row[f"{which}_only_share"]
        if alone:
            table.add_row("no price", "-", "-", f"{_share(alone)} of the time only {said} has one")
    for after in made.after_fills.filter(symbol=symbol).iter_rows(named=True):
        if after["fills"]:
            label = f"{_span(after['seconds'])} after fills"
            ticks, basis_points = (_number(after[name], 3, signed=True) for name in ("ticks", "basis_points"))
            table.add_row(label, ticks, basis_points, f"signed, {after['fills']:,} fills")
    return table


def _meeting(row: dict[str, Any]) -> str:
    """When the prices are the same again after the last fill."""
    met, settled = row["meets_after_seconds"], row["settles_after_seconds"]
    if met is None:
        return "The prices do not meet again before the end."
    first = f"{_span(met)} after the last fill" if met else "at once after the last fill"
    if settled is None:
        return f"The prices meet again {first}, but not for good."
    return f"The prices meet again {first}" + (
        "." if settled <= met else f", for good after {_span(settled)}."
    )


def _alone_at_the_end(made: WhatIf, symbol: str) -> str:
    last = made.path(symbol, 1).to_dicts()[0]
    if (last["recorded"] is None) == (last["what_if"] is None):
        return ""
    return f"only {_RUNS['what_if' if last['recorded'] is None else 'recorded']} has a price"


def _share(part: float) -> str:
    return f"{part:.1%}" if part == 0 or part >= 0.001 else "less than 0.1%"  # noqa: PLR2004 - what is shown


def _span(seconds: float) -> str:
    if seconds >= 60:  # noqa: PLR2004 - a minute
        return str(timedelta(seconds=round(seconds))) if seconds % 60 else f"{seconds / 60:.0f} min"
    return f"{seconds:.3g} s"
