"""The same screen as the desk, made the obvious way: `python -m benchmarks.desks_panel PLAN`.

HoloViews streams draw candles and volume, Tabulator shows book, tape and quotes, in a template of Panel's. It
follows the stream of the same server, and updates each of its sessions once for each message; a session
that has not finished the one before leaves a message out. When an update begins is written down.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn
import websockets

from benchmarks.desks_lanes import MARKET_TOPICS
from workbench.domain.frames import TOPICS

LEVELS, TAPE = 20, 30
PATH = "obvious"


class Market:
    """State of the market's topics, by the rule of the stream: rows merge by key."""

    def __init__(self) -> None:
        self.seq = 0
        self.rows: dict[str, dict[Any, dict[str, Any]]] = {kind: {} for kind in MARKET_TOPICS}

    def take(self, frames: list[dict[str, Any]]) -> bool:
        """Merge a message; whether it was of the market."""
        told = False
        for frame in frames:
            kind = frame.get("topic", "").partition(":")[0]
            if kind not in self.rows:
                continue
            told = True
            self.seq = max(self.seq, frame["seq"])
            table = self.rows[kind]
            if frame["type"] == "snapshot":
                table.clear()
            for row in frame["rows"]:
                if kind == "depth":
                    fields = dict(zip(("side", "price", "quantity", "orders"), row, strict=True))
                else:
                    fields = row
                table.setdefault(tuple(fields[key] for key in TOPICS[kind].key), {}).update(fields)
        depth = self.rows["depth"]
        for key in [key for key, row in depth.items() if not row["quantity"]]:
            del depth[key]
        return told

    def book(self) -> pd.DataFrame:
        """Both sides, the best first."""
        found = {}
        for side, sign in (("buy", -1), ("sell", 1)):
            rows = [row for row in self.rows["depth"].values() if row["side"] == side]
            rows.sort(key=lambda row: sign * row["price"])
            best = rows[:LEVELS] + [{}] * (LEVELS - len(rows))
            found[f"{side} price"] = [row.get("price", np.nan) for row in best]
            found[side] = [row.get("quantity", np.nan) for row in best]
        return pd.DataFrame(found)

    def tape(self) -> pd.DataFrame:
        """The last trades, the newest first."""
        trades = list(self.rows["trades"].values())[: -TAPE - 1 : -1]
        columns = ["time", "price", "quantity", "side"]
        return pd.DataFrame([{name: row.get(name) for name in columns} for row in trades], columns=columns)

    def quotes(self) -> pd.DataFrame:
        """One row per instrument."""
        columns = ["symbol", "bid", "ask", "last", "volume"]
        rows = [{name: row.get(name) for name in columns} for row in self.rows["market"].values()]
        return pd.DataFrame(rows, columns=columns)

    def candles(self) -> pd.DataFrame:
        """The last candles."""
        rows = list(self.rows["candles"].values())[-120:]
        columns = ["time", "open", "high", "low", "close", "volume"]
        frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)
        frame["time"] = pd.to_datetime(frame["time"]).dt.tz_localize(None)
        return frame


class Screen:
    """What one session shows."""

    def __init__(self, market: Market) -> None:
        self.busy = False
        self._market = market
        self.pipe = hv.streams.Pipe(data=market.candles())
        self.book = pn.widgets.Tabulator(market.book(), show_index=False, height=420)
        self.tape = pn.widgets.Tabulator(market.tape(), show_index=False, height=420)
        self.quotes = pn.widgets.Tabulator(market.quotes(), show_index=False, height=90)
        self.seq = pn.widgets.StaticText(value="")

    def page(self) -> Any:
        """The template."""
        chart = (
            hv.DynamicMap(_prices, streams=[self.pipe]) + hv.DynamicMap(_volume, streams=[self.pipe])
        ).cols(1)
        template = pn.template.FastListTemplate(title="Desk", theme="dark")
        template.main.append(pn.Row(pn.Column(chart, self.quotes), self.book, self.tape, self.seq))
        return template

    def show(self, log: IO[str]) -> None:
        """Everything as it stands now."""
        market = self._market
        log.write(f"{PATH} {market.seq} {time.perf_counter()}\n")
        seq = market.seq
        self.pipe.send(market.candles())
        self.book.value = market.book()
        self.tape.value = market.tape()
        self.quotes.value = market.quotes()
        self.seq.value = f"seq={seq};"
        self.busy = False


def _prices(data: pd.DataFrame) -> Any:
    half = pd.Timedelta("20s")
    shapes: list[Any] = [
        hv.Segments([(at, low, at, high) for at, low, high in data[["time", "low", "high"]].to_numpy()])
    ]
    for rises, colour in ((True, "#26a69a"), (False, "#ef5350")):
        part = data[(data.close >= data.open) == rises][["time", "open", "close"]].to_numpy()
        boxes = [(at - half, first, at + half, last) for at, first, last in part]
        shapes.append(hv.Rectangles(boxes).opts(color=colour))
    return hv.Overlay(shapes).opts(width=760, height=340)


def _volume(data: pd.DataFrame) -> Any:
    return hv.Bars(data, "time", "volume").opts(width=760, height=140)


class Follower:
    """Follows the stream once for the whole process, and updates every session."""

    def __init__(self, plan: dict[str, Any], log: IO[str]) -> None:
        self.market = Market()
        self._plan = plan
        self._log = log
        self._screens: dict[Any, Screen] = {}
        self._task: asyncio.Task[None] | None = None

    def app(self) -> Any:
        """A session's page."""
        screen = Screen(self.market)
        document = pn.state.curdoc
        self._screens[document] = screen
        pn.state.on_session_destroyed(lambda _: self._screens.pop(document, None))
        return screen.page()

    async def run(self) -> None:
        """Follow until this is cancelled."""
        plan, url = self._plan, urlsplit(self._plan["url"])
        where = f"ws://{url.netloc}/api/sessions/{plan['session']}/stream"
        headers = {"Cookie": plan["cookies"][0], "Origin": plan["url"]}
        topics = [f"{kind}:{plan['symbol']}" for kind in MARKET_TOPICS]
        topics[-1] += ":1m"
        async with websockets.connect(where, additional_headers=headers, max_size=None, proxy=None) as stream:
            await stream.send(json.dumps({"id": 0, "subscribe": topics}))
            async for message in stream:
                if self.market.take(json.loads(message)):
                    self._tell()

    def _tell(self) -> None:
        for document, screen in list(self._screens.items()):
            if not screen.busy:
                screen.busy = True
                document.add_next_tick_callback(lambda screen=screen: screen.show(self._log))


def main() -> int:
    """Serve until a signal."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    hv.extension("bokeh")
    pn.extension("tabulator")
    with Path(plan["panel_log"]).open("w", buffering=1) as log:
        follower = Follower(plan, log)
        server = pn.serve({PATH: follower.app}, port=0, show=False, start=False, threaded=False)
        tasks: list[asyncio.Task[None]] = []

        async def begin() -> None:
            tasks.append(asyncio.get_running_loop().create_task(follower.run()))
            place = Path(plan["answer"])
            part = place.with_suffix(".part")
            part.write_text(json.dumps({"url": f"http://localhost:{server.port}", "pid": os.getpid()}))
            part.rename(place)

        server.io_loop.add_callback(begin)
        server.start()
        server.io_loop.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
