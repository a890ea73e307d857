"""The command line: `workbench replay`, `book`, `import`, `history`, `run`, `events`, `sample` and more.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.errors import sentences
from workbench.cli.people import keys as keys_app
from workbench.cli.people import users as users_app
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
        help="Files of order flow, trades or quotes, one instrument each, or names of imported datasets. "
        "Files that differ only in the word trade/quote, and LOBSTER's message and orderbook files, are put "
        "together.",
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


def _folder(given: str) -> Path:
    """A folder's name; an empty one would be the current folder, which nobody means by it."""
    if not given:
        raise typer.BadParameter("an empty name is no folder; leave the option out, or name one")
    return Path(given)


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        parser=_folder,
        help="The data root; $WORKBENCH_DATA, else ./var, unless given.",
    ),
]
SessionName = Annotated[
    str | None,
    typer.Option("--session", metavar="NAME", help="Record everything under this name, to be asked later."),
]
Imported = Annotated[
    bool,
    typer.Option(
        "--imported/--no-imported", help="Whether a file that was imported is read from its dataset."
    ),
]
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
    data: Data = None,
    imported: Imported = True,
    session: SessionName = None,
) -> None:
    """Replay recorded history and say what happened."""
    from workbench.cli.recording import recorded_name
    from workbench.cli.replaying import run_replay
    from workbench.cli.tables import table_options

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out DIR too")
    layout, rules = table_options(
        column, zone, time_unit, day, header, delimiter, symbol, tick_size, lot_size, bars
    )
    run_replay(
        sources,
        mode,
        zone,
        layout,
        rules,
        verify,
        out,
        kind=kind,
        force=force,
        data=data,
        imported=imported,
        session=recorded_name(session),
    )


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
    data: Data = None,
    imported: Imported = True,
) -> None:
    """Print the order book as it stood at a moment."""
    from workbench.cli.replaying import show_book
    from workbench.cli.tables import table_options

    layout, rules = table_options(
        column, zone, time_unit, day, header, delimiter, symbol, tick_size, lot_size, bars
    )
    show_book(sources, at, levels, zone, layout, rules, kind, data=data, imported=imported)


@app.command(name="import")
@sentences
def import_(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE",
            help="Files of order flow, trades, quotes or bars, and folders of such files. Files that belong "
            "together are put together, as by replay.",
        ),
    ],
    data: Data = None,
    name: Annotated[
        str, typer.Option(help="What to call the dataset; after its instrument and day unless given.")
    ] = "",
    symbol: Annotated[
        list[str] | None,
        typer.Option(
            help="A stock of an ITCH file, repeatable, all unless given; the instrument of a table."
        ),
    ] = None,
    column: Columns = None,
    zone: Zone = "",
    time_unit: TimeUnit = "",
    day: Day = "",
    header: Header = None,
    delimiter: Delimiter = "",
    tick_size: TickSize = "",
    lot_size: LotSize = "",
    kind: Annotated[
        str,
        typer.Option(
            help="Format of all sources, such as lobster, databento-mbo, bitstamp, itch, ticks or bars."
        ),
    ] = "",
) -> None:
    """Read sources once and keep them as Parquet, which replays read faster."""
    from workbench.cli.importing import run_import
    from workbench.cli.tables import table_options

    layout, rules = table_options(column, zone, time_unit, day, header, delimiter, "", tick_size, lot_size)
    run_import(sources, data, name, list(dict.fromkeys(symbol or [])), zone, layout, rules, kind)


@app.command()
@sentences
def history(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Datasets; all of them unless given.")
    ] = None,
    data: Data = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Remove this dataset first; repeatable.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read each one whole and say whether it is as it was written.")
    ] = False,
) -> None:
    """List the datasets that were imported."""
    from workbench.cli.importing import show_history

    show_history(data, names or [], remove or [], check=check)


@app.command()
@sentences
def run(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write trades, quotes, events and the summary there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier output in DIR.")] = False,
    session: SessionName = None,
    data: Data = None,
) -> None:
    """Run a scenario file and say what happened."""
    from workbench.cli.recording import recorded_name
    from workbench.cli.running import run_scenario

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out DIR too")
    run_scenario(scenario, out, recorded_name(session), data, force=force)


@app.command()
@sentences
def rerun(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A recorded session.")],
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="ACCOUNT", help="What if this account had sent no orders; repeatable."),
    ] = None,
    latency: Annotated[
        str, typer.Option(metavar="TIME", help="What if orders came so much later: 5ms, or nanoseconds.")
    ] = "",
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT", help="Whose orders come later, all traders' unless given; repeatable."
        ),
    ] = None,
    fees: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SYMBOL:]FEES",
            help="What if fees were others: maker=-0.1,taker=0.3 (basis points), taker_per_lot=0.01, none; "
            "repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write all tables of a what-if run there.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier output in DIR.")] = False,
    data: Data = None,
) -> None:
    """Run a recorded session again and compare, or say what would be different if."""
    from workbench.cli.rerunning import Asked, run_rerun

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out DIR too")
    asked = Asked(tuple(without or ()), latency, tuple(account or ()), tuple(fees or ()))
    run_rerun(session, asked, data, out, as_json=as_json, force=force)


@app.command()
@sentences
def report(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which report; without it, which there are.")
    ] = None,
    session: Annotated[
        str, typer.Option(metavar="NAME", help="A recorded session; all within the days unless given.")
    ] = "",
    account: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Whose: an account, the name of who sat there, account:NAME or user:ID."
        ),
    ] = "",
    class_id: Annotated[
        str,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="Everybody in a class's sessions, by its id or name; all for everybody.",
        ),
    ] = "",
    first_day: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day on the exchange's calendar.")
    ] = "",
    last_day: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, included.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The report's folder; reports/NAME/SESSION-ACCOUNT unless given."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a report that is there already.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="When to give it up.")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Data = None,
) -> None:
    """Make a report of an account's or a class's days: one page that opens without a network."""
    from workbench.cli.reporting import list_reports, run_report

    given = {
        "session": session,
        "account": account,
        "class_id": class_id,
        "first_day": first_day,
        "last_day": last_day,
        "data": "" if data is None else str(data),
    }
    if name is None:
        if any(given.values()) or out is not None or force:
            raise ConfigError(
                "which report is not said", "report", "see `workbench report` for those there are"
            )
        list_reports(as_json=as_json)
        return
    run_report(name, given, out, timeout_s=timeout, force=force, as_json=as_json)


@app.command()
@sentences
def recover(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A session that a crash left open.")],
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild",
            help="Make all tables anew from the journal, also of a sealed session; keep the old ones.",
        ),
    ] = False,
    data: Data = None,
) -> None:
    """Complete and seal a session that was left open by a crash; nothing that was answered is lost."""
    from workbench.cli.recording import rebuild_session, recover_session

    if rebuild:
        rebuild_session(session, data)
        return
    recover_session(session, data)


@app.command()
@sentences
def events(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG",
            help="An events.parquet, the directory that --out made, or the name of a recorded session.",
        ),
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
    data: Data = None,
) -> None:
    """Print an event log, one sentence for each event."""
    from workbench.cli.listing import explain_order, list_events

    if explain:
        if any((account, symbol, order, kind, since, until, as_json, limit is not None)):
            raise ConfigError("stands alone", "--explain", "leave out the other options")
        explain_order(log, explain, data)
        return
    list_events(log, account, symbol, order, kind or [], since, until, limit, as_json=as_json, data=data)


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
    engine: Annotated[
        bool,
        typer.Option("--engine", help="Replay the sample day in the terminal instead."),
    ] = False,
    svg: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --engine, also write what is shown as a picture."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 for a free one.")] = 8000,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the market there; else it is thrown away."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="End after so many seconds; 0: when stopped.")] = 0,
    public: Annotated[
        bool, typer.Option("--demo", help="Serve it where others reach it, though all know its password.")
    ] = False,
) -> None:
    """Open a market with agents, a student and an instructor to sign in as, in the browser."""
    if engine:
        from workbench.cli.sampling import run_demo

        run_demo(svg)
        return
    if svg is not None:
        raise ConfigError("is a picture of the sample day", "--svg", "give --engine too")
    from workbench.cli.compiling import say_if_compiling

    say_if_compiling()
    from workbench.cli.demonstrating import run_demo_server

    run_demo_server(host=host, port=port, data=data, seconds=seconds, public=public)


Sessions = Annotated[
    list[str] | None, typer.Argument(metavar="[SESSION]...", help="Only these; all unless given.")
]


@app.command()
@sentences
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One question in SQL (see docs/data.md).")],
    data: Data = None,
    session: Annotated[
        list[str] | None, typer.Option(metavar="SESSION", help="Show only this session; repeatable.")
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json (one object a line) or parquet; as FILE ends.",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answer there, instead of printing it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Print at most so many rows of a table.")] = 100,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify/--no-verify", help="Whether all files are held against their hashes first."),
    ] = True,
) -> None:
    """Ask stored sessions in SQL, also those that still run."""
    from workbench.cli.querying import run_sql

    if force and out is None:
        raise ConfigError("there is nothing to replace without --out", "--force", "give --out FILE too")
    run_sql(query, data, session or [], form, out, limit, force=force, verify=verify)


@app.command(name="sessions")
@sentences
def sessions_(
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List stored sessions, the newest first."""
    from workbench.cli.querying import list_sessions

    list_sessions(data, as_json=as_json)


data_app = typer.Typer(
    name="data", help="Look after stored sessions.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(data_app)


@data_app.command(name="verify")
@sentences
def data_verify(sessions: Sessions = None, data: Data = None) -> None:
    """Check every file of stored sessions against their manifests, byte for byte."""
    from workbench.cli.storing import verify_sessions

    verify_sessions(sessions or [], data)


@data_app.command(name="compact")
@sentences
def data_compact(sessions: Sessions = None, data: Data = None) -> None:
    """Put the files of sessions together and remove what nobody reads any more."""
    from workbench.cli.storing import compact_sessions

    compact_sessions(sessions or [], data)


@data_app.command(name="retain")
@sentences
def data_retain(
    newest: Annotated[int | None, typer.Option(min=0, help="Keep so many of the newest sessions.")] = None,
    days: Annotated[
        float | None, typer.Option(min=0, help="Keep sessions that were written to in so many days.")
    ] = None,
    max_bytes: Annotated[
        str, typer.Option(metavar="SIZE", help="Keep so many bytes, such as 500MB or 20GB.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it, only say which.")] = False,
    data: Data = None,
) -> None:
    """Remove sealed sessions beyond any limit that is given; says which, and removes them only with --yes."""
    from workbench.cli.storing import retain_sessions

    retain_sessions(newest, days, max_bytes, data, yes=yes)


journal_app = typer.Typer(
    name="journal", help="Look after journals of commands.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(journal_app)

JournalPlace = Annotated[
    str,
    typer.Argument(
        metavar="SESSION_OR_FOLDER", help="A session's name or folder, or the folder of a journal."
    ),
]


@journal_app.command(name="verify")
@sentences
def journal_verify(place: JournalPlace, data: Data = None) -> None:
    """Read every byte of a journal and say everything that is wrong with it."""
    from workbench.cli.journaling import verify_journal

    verify_journal(place, data)


@journal_app.command(name="show")
@sentences
def journal_show(
    place: JournalPlace,
    data: Data = None,
    *,
    remarks: Annotated[
        bool, typer.Option("--remarks", help="Every remark too: seats, names of orders, news, states.")
    ] = False,
) -> None:
    """Print the segments of a journal, what is in them, and its snapshots."""
    from workbench.cli.journaling import show_journal

    show_journal(place, data, remarks=remarks)


@journal_app.command(name="repair")
@sentences
def journal_repair(
    place: JournalPlace,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the repaired journal there and rename nothing."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only say what it would do.")] = False,
    data: Data = None,
) -> None:
    """Keep the whole beginning of a damaged journal; the originals stay, under another name."""
    from workbench.cli.journaling import repair_journal

    repair_journal(place, out, data, yes=yes)


@journal_app.command(name="migrate")
@sentences
def journal_migrate(
    place: JournalPlace,
    out: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the new journal.")],
    data: Data = None,
) -> None:
    """Rewrite a journal that has an earlier layout of commands, beside the old one."""
    from workbench.cli.journaling import migrate_journal

    migrate_journal(place, out, data)


@journal_app.command(name="archive")
@sentences
def journal_archive(place: JournalPlace, data: Data = None) -> None:
    """Compress the closed segments of a journal; they are read like the others."""
    from workbench.cli.journaling import archive_journal

    archive_journal(place, data)


@app.command()
@sentences
def serve(
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Open a session of this scenario, if its own is not open yet."),
    ] = None,
    session: Annotated[
        bool, typer.Option("--session/--no-session", help="Whether a session is opened when none is open.")
    ] = True,
    name: Annotated[str, typer.Option(help="What that session is called; the scenario's file name.")] = "",
    lobby: Annotated[
        bool, typer.Option("--lobby", help="Leave it in its lobby until somebody starts it.")
    ] = False,
    speed: Annotated[
        str, typer.Option(help="Speed of its clock, such as 5, or max; the scenario's unless given.")
    ] = "",
    seats: Annotated[
        int | None, typer.Option(min=0, max=10_000, help="How many may join; the scenario's.")
    ] = None,
    data: Data = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 for a free one.")] = 8000,
    sign_up: Annotated[
        str,
        typer.Option(help="Who may sign up: open, code (of a class) or closed; open on this machine alone."),
    ] = "",
    database: Annotated[
        str, typer.Option(metavar="URL", help="The users' database; SQLite in the data root unless given.")
    ] = "",
    scenarios: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of scenarios that sessions can be made of.",
        ),
    ] = None,
    secure: Annotated[
        bool, typer.Option("--secure", help="People reach it by TLS, through a proxy perhaps.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS certificate; needs --private-key.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A proxy whose X-Forwarded headers are believed."),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A host name to answer for, such as *.example.org; any."),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A site whose pages may call, such as https://example.org."),
    ] = None,
    rate_limits: Annotated[
        bool, typer.Option("--rate-limits/--no-rate-limits", help="Whether requests are limited.")
    ] = True,
    docs: Annotated[bool, typer.Option("--docs/--no-docs", help="Whether /openapi.json is served.")] = True,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="Whether the desk and the control room are served.")
    ] = True,
    log_requests: Annotated[
        bool, typer.Option("--log-requests", help="Log every request, not failures alone.")
    ] = False,
    log_format: Annotated[str, typer.Option(help="json or text; text on a terminal, else json.")] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another setting, such as sign_up_rate=0.5/100."),
    ] = None,
) -> None:
    """Serve live sessions to people and bots, everything in one process, until Ctrl-C."""
    from workbench.cli.compiling import say_if_compiling

    say_if_compiling()
    from workbench.cli.serving import start_of

    start_of(
        scenario=scenario,
        session=session,
        name=name,
        lobby=lobby,
        speed=speed,
        seats=seats,
        data=data,
        host=host,
        port=port,
        sign_up=sign_up,
        database=database,
        scenarios=scenarios,
        secure=secure,
        certificate=certificate,
        private_key=private_key,
        proxies=proxy or [],
        hosts=allowed_host or [],
        origins=origin or [],
        limited=rate_limits,
        docs=docs,
        pages=pages,
        log_requests=log_requests,
        log_format=log_format,
        more=settings or [],
    )


@app.command()
@sentences
def gateway(
    upstream: Annotated[
        str, typer.Option(metavar="URL", help="Address of the exchange.")
    ] = "http://127.0.0.1:8000",
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 for a free one.")] = 8100,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS certificate; needs --private-key.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A proxy whose X-Forwarded headers are believed."),
    ] = None,
    log_format: Annotated[str, typer.Option(help="json or text; text on a terminal, else json.")] = "",
) -> None:
    """Fan out an exchange's streams to many desks; several gateways share them, a core each."""
    from workbench.cli.gatewaying import gateway_of

    gateway_of(
        upstream=upstream,
        host=host,
        port=port,
        certificate=certificate,
        private_key=private_key,
        proxies=proxy or [],
        log_format=log_format,
    )


app.add_typer(users_app, name="users")
app.add_typer(keys_app, name="keys")


@app.command()
@sentences
def version() -> None:
    """Print the versions of workbench and its parts."""
    import platform
    from importlib.metadata import version as installed

    from workbench import __version__

    parts = ", ".join(f"{name} {installed(name)}" for name in ("numpy", "numba", "polars"))
    typer.echo(f"workbench {__version__} (Python {platform.python_version()}, {parts})")
