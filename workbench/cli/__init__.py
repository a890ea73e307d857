"""The command line: `workbench replay`, `book`, `run`, `events`, `sample`, `demo` and `version`.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.errors import sentences
from workbench.errors import ConfigError

app = typer.Typer(
    name="workbench",
    help="A trading workbench: replay recorded order flow in a simulated exchange and trade in it.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE",
        help="Files of order flow, trades or quotes, one instrument each. Files that differ only in the word "
        "trade/quote, and LOBSTER's message and orderbook files, are put together.",
    ),
]
Mode = Annotated[
    str, typer.Option(help="responsive: our orders move the market; frozen: history happens as recorded.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="OURS=THEIRS", help="What a table calls a column, or its position from 1."
    ),
]
Zone = Annotated[str, typer.Option(help="IANA time zone of the market and of times without their own.")]
TimeUnit = Annotated[str, typer.Option(help="What time numbers count: s, ms, us or ns; or iso.")]
Day = Annotated[
    str,
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        help="The day, when times count from midnight and the name does not tell it.",
    ),
]
Header = Annotated[
    bool | None, typer.Option("--header/--no-header", help="Whether the first row names the columns.")
]
Delimiter = Annotated[str, typer.Option(help="What stands between two cells.")]
Symbol = Annotated[
    str,
    typer.Option(
        help="The stock of an ITCH file, or name of the instrument of a table, and which of its rows to take."
    ),
]
Kind = Annotated[
    str, typer.Option(help="Format of all sources, such as lobster, databento-mbo, bitstamp, itch or ticks.")
]
TickSize = Annotated[str, typer.Option(help="Finest step of prices of a table of trades or quotes.")]
LotSize = Annotated[str, typer.Option(help="Finest step of quantities of a table of trades or quotes.")]
Bars = Annotated[
    str,
    typer.Option(
        metavar="HOW",
        help="synthetic: replay bars along an invented path inside each; refused unless given.",
    ),
]


@app.command()
@sentences
def replay(
    sources: Sources,
    mode: Mode = "responsive",
    verify: Annotated[
        Path | None,
        typer.Option(metavar="BOOK", help="Compare every book with this file of the source's own books."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write trades, quotes, events and the summary there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier output in DIR.")] = False,
    column: Columns = None,
    zone: Zone = "",
    time_unit: TimeUnit = "",
    day: Day = "",
    header: Header = None,
    delimiter: Delimiter = "",
    symbol: Symbol = "",
    tick_size: TickSize = "",
    lot_size: LotSize = "",
    bars: Bars = "",
    kind: Kind = "",
) -> None:
    """Replay recorded history and say what happened."""
    from workbench.cli.replaying import run_replay
    from workbench.cli.tables import table_options

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out DIR too")
    layout, rules = table_options(
        column, zone, time_unit, day, header, delimiter, symbol, tick_size, lot_size, bars
    )
    run_replay(sources, mode, zone, layout, rules, verify, out, kind=kind, force=force)


@app.command()
@sentences
def book(
    sources: Sources,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help='"10:30" on the market\'s clock, or an ISO time.')
    ],
    levels: Annotated[int, typer.Option(min=1, max=1000, help="Price levels of each side.")] = 10,
    column: Columns = None,
    zone: Zone = "",
    time_unit: TimeUnit = "",
    day: Day = "",
    header: Header = None,
    delimiter: Delimiter = "",
    symbol: Symbol = "",
    tick_size: TickSize = "",
    lot_size: LotSize = "",
    bars: Bars = "",
    kind: Kind = "",
) -> None:
    """Print the order book as it stood at a moment."""
    from workbench.cli.replaying import show_book
    from workbench.cli.tables import table_options

    layout, rules = table_options(
        column, zone, time_unit, day, header, delimiter, symbol, tick_size, lot_size, bars
    )
    show_book(sources, at, levels, zone, layout, rules, kind)


@app.command()
@sentences
def run(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write trades, quotes, events and the summary there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier output in DIR.")] = False,
) -> None:
    """Run a scenario file and say what happened."""
    from workbench.cli.running import run_scenario

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out DIR too")
    run_scenario(scenario, out, force=force)


@app.command()
@sentences
def events(
    log: Annotated[
        Path, typer.Argument(metavar="LOG", help="An events.parquet, or the directory that --out made.")
    ],
    account: Annotated[str, typer.Option(help="Only this account's, trades with it too.")] = "",
    symbol: Annotated[str, typer.Option(help="Only this instrument's.")] = "",
    order: Annotated[
        str, typer.Option(metavar="ORDER", help="Only this order's: its id, or its name in the scenario.")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind, such as trade, or all whose names contain the word; repeatable."),
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="From this time on, included.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Up to this time, included.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="Print at most so many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    explain: Annotated[
        str, typer.Option(metavar="ORDER", help="Tell what became of an order, and why, instead.")
    ] = "",
) -> None:
    """Print an event log, one sentence for each event."""
    from workbench.cli.listing import explain_order, list_events

    if explain:
        if any((account, symbol, order, kind, since, until, as_json, limit is not None)):
            raise ConfigError("stands alone", "--explain", "leave out the other options")
        explain_order(log, explain)
        return
    list_events(log, account, symbol, order, kind or [], since, until, limit, as_json=as_json)


@app.command()
@sentences
def sample(
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; the committed day's own unless given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where; data/samples unless given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a sample day that is there.")] = False,
) -> None:
    """Make the sample day of three invented stocks, the same for the same seed."""
    from workbench.cli.sampling import make_sample

    make_sample(seed, out, force=force)


@app.command()
@sentences
def demo(
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write what is shown as a picture.")
    ] = None,
) -> None:
    """Show the sample day: its summary, prices and books at noon."""
    from workbench.cli.sampling import run_demo

    run_demo(svg)


@app.command()
@sentences
def version() -> None:
    """Print the versions of workbench and its parts."""
    import platform
    from importlib.metadata import version as installed

    from workbench import __version__

    parts = ", ".join(f"{name} {installed(name)}" for name in ("numpy", "numba", "polars"))
    typer.echo(f"workbench {__version__} (Python {platform.python_version()}, {parts})")
