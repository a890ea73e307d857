"""`workbench sample` and `workbench demo --engine`."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import typer
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType
from rich.text import Text

import workbench
from workbench.cli.chart import labelled, last_in_each, line_chart
from workbench.cli.errors import writing
from workbench.cli.replaying import progress_bar, summary_of
from workbench.cli.tables import console, ladder_table
from workbench.domain.instruments import Instrument
from workbench.engine.exchange import Exchange
from workbench.engine.moments import local_time
from workbench.engine.replay import Replay
from workbench.errors import WorkbenchError
from workbench.feed.sample import SEED, write_sample

# Without the font that rich would have a browser fetch from elsewhere.
_FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
_OFFLINE_SVG = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", _FONT
)

NOON = "12:00"
_LADDER_LEVELS = 8
_CHART_WIDTH, _CHART_HEIGHT = 68, 12


def sample_folder() -> Path:
    """Where the sample day is kept: data/samples beside the package, else in the present folder."""
    beside = Path(workbench.__file__).resolve().parents[1] / "data" / "samples"
    return beside if beside.is_dir() else Path("data") / "samples"


def make_sample(seed: int | None, out: Path | None, *, force: bool = False) -> None:
    """Write the sample day."""
    folder = out if out is not None else sample_folder()
    if not force and folder.is_dir() and any(folder.glob("*.parquet")):
        raise WorkbenchError("holds a sample day already", str(folder), "name another, or give --force")
    made_here = not folder.exists()
    try:
        with writing(folder):
            paths = write_sample(folder, SEED if seed is None else seed, Exchange)
    finally:
        if made_here and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    for path in paths:
        typer.echo(str(path))


def run_demo(svg: Path | None) -> None:
    """Replay the sample day and show it."""
    folder = sample_folder()
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise WorkbenchError("there is no sample day", str(folder), "make it with `workbench sample`")
    market = workbench.replay(*paths)
    with progress_bar("replaying") as progress:
        market.run_until(NOON, progress=progress)
        noon = [_ladder(market, instrument) for instrument in market.instruments]
        market.run(progress=progress)
    parts: list[RenderableType] = [summary_of(market, "%H:%M")]
    for instrument, ladder in zip(market.instruments, noon, strict=True):
        parts += [Text(), _chart(market, instrument.symbol), Text(), ladder]
    shown = Group(*parts)
    console().print(shown)
    if svg is not None:
        _picture(Group(*parts[:5]), svg)


def _ladder(market: Replay, instrument: Instrument) -> RenderableType:
    book = market.book(instrument.symbol, levels=_LADDER_LEVELS)
    return ladder_table(book, instrument, f"{instrument.symbol} at noon")


def _chart(market: Replay, symbol: str) -> Text:
    trades = market.trades().filter(symbol=symbol)
    start_ns, end_ns = int(market.commands["time_ns"][0]), market.time_ns
    prices = trades["price"].to_numpy()
    times_ns = trades["time"].to_physical().to_numpy()
    values = last_in_each(times_ns, prices, start_ns, end_ns, _CHART_WIDTH)
    left, right = (local_time(ns, market.zone).strftime("%H:%M") for ns in (start_ns, end_ns))
    if not len(prices):
        return Text(f"{symbol}: no trade")
    top, bottom = (f"{float(price):.2f}" for price in (np.nanmax(values), np.nanmin(values)))
    lines = labelled(line_chart(values, _CHART_HEIGHT), top, bottom, left, right)
    text = Text(f"{symbol}, price of the last trade\n", style="bold")
    text.append("\n".join(lines), style="not bold cyan")
    return text


def _picture(shown: RenderableType, path: Path) -> None:
    recorder = Console(record=True, width=80, file=io.StringIO(), highlight=False)
    recorder.print(shown)
    svg = recorder.export_svg(title="workbench demo --engine", code_format=_OFFLINE_SVG)
    # Renderers other than browsers fold runs of spaces, which ruins the columns.
    svg = svg.replace("<text ", '<text xml:space="preserve" ').replace("&#160;", "\N{NO-BREAK SPACE}")
    with writing(path):
        path.write_text(svg, encoding="utf-8")
