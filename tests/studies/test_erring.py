"""Strategies that raise, and that ask for what is no order: a sentence, and nothing left in the market."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.api.served import serving
from tests.studies.examples import random_bars
from tests.studies.test_same_decisions import TEXT
from workbench.domain.codes import SessionState
from workbench.errors import ConfigError, SourceError
from workbench.identity.roles import Role
from workbench.session.live.session import LiveSession
from workbench.studies.client_run import run_client
from workbench.studies.live_run import run_live

CALLBACKS = ("on_start", "on_quote", "on_trade", "on_bar", "on_fill", "on_end", "on_timer")


def raising(callback, trades=True):
    """A strategy that has a limit in the market and then raises in a callback."""

    class Raises(wb.Strategy):
        bars, timer = "10s", "10s"

        def on_start(self, desk):
            self.asked = False
            READY.set()

        def on_bar(self, desk, bar):
            if trades and not self.asked:
                self.asked = True
                desk.buy(1, bar.close_ticks - 60)
                desk.buy(1)
                desk.buy(1, bar.close_ticks + 60, post_only=True)

    def fail(*_):
        raise ValueError("three")

    if callback == "on_bar":

        def fail(self, desk, bar, usual=Raises.on_bar):
            # Not at the next bar alone: in a market of people the fill may come after it.
            if desk.position_lots:
                raise ValueError("three")
            usual(self, desk, bar)

    setattr(Raises, callback, fail)
    return Raises()


READY = threading.Event()


@pytest.mark.parametrize("callback", CALLBACKS)
def test_what_a_callback_raises_is_raised_and_when_is_noted(callback, harbor_morning):
    with pytest.raises(ValueError, match="three") as found:
        wb.backtest(raising(callback), harbor_morning)
    (note,) = found.value.__notes__
    assert note.startswith("Raises was told of 2025-03-18 13:3")
    assert note.endswith("when this happened")


@pytest.mark.slow
def test_what_is_open_is_cancelled_when_a_strategy_raises(tmp_path: Path):
    # How late its own fill is told, on the market's clock, is the machine's affair.
    note = r"Raises was ended at 13:3\d:\d\d\.\d* UTC .*, after 1 fills; its 1 open orders were cancelled"
    text = TEXT.replace("speed = 120", "speed = 20")
    assert text != TEXT
    session = LiveSession.create(tmp_path, "live", text)
    with (
        serving(tmp_path / "data") as served,
        wb.Client(served.url, token=served.person(Role.INSTRUCTOR).access) as teacher,
        wb.Client(served.url, token=served.person().access) as client,
    ):
        lesson = teacher.create_session("lesson", scenario=text)
        account = session.join_and_wait("ann@school", "ann").account
        starts = {
            "live": lambda: session.move_and_wait(SessionState.OPEN),
            "api": lesson.start,
        }
        runs = {
            "live": lambda: run_live(raising("on_bar"), session, account, "HARBOR"),
            "api": lambda: run_client(raising("on_bar"), client, "lesson", "HARBOR"),
        }
        try:
            for way, run in runs.items():
                READY.clear()
                starting = threading.Thread(target=lambda start=starts[way]: (READY.wait(240), start()))
                starting.start()
                with pytest.raises(ValueError, match="three") as found:
                    run()
                starting.join()
                assert re.fullmatch(note, found.value.__notes__[0]), found.value.__notes__
            assert client.session("lesson").orders("open") == []
            assert len(client.session("lesson").orders()) == 3
        finally:
            session.close_and_wait()


@pytest.mark.parametrize(
    "order",
    [
        (0,),
        (-1,),
        (1.5,),
        ("3",),
        (None,),
        (float("nan"),),
        (1 << 70,),
        (1, 45.5),
        (1, "45"),
        (1, -1),
        (1, None),
    ],
    ids=repr,
)
def test_what_is_no_order_is_refused_with_a_sentence(order):
    class Asks(wb.Strategy):
        def on_bar(self, desk, bar):
            desk.sell(*order)

    with pytest.raises(ConfigError, match=r"sell of BARS: .* are no order; give a whole quantity above 0"):
        wb.backtest(Asks(), random_bars(5))


def test_numbers_of_numpy_are_numbers():
    class Asks(wb.Strategy):
        def on_bar(self, desk, bar):
            desk.buy(np.int64(3), np.int32(bar.high_ticks + 5))

    assert wb.backtest(Asks(), random_bars(5)).summary["volume_lots"] == 12


@pytest.mark.parametrize("order", [None, "x", 1.5, 1 << 70], ids=repr)
def test_what_is_no_order_cannot_be_cancelled(order):
    class Asks(wb.Strategy):
        def on_bar(self, desk, bar):
            desk.cancel(order)

    with pytest.raises(ConfigError, match="is no order's number; give what buy or sell gave"):
        wb.backtest(Asks(), random_bars(5))


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"timer": "0s"}, "would never be done"),
        ({"timer": "999ns"}, "would never be done"),
        ({"bars": "0s"}, "have no length"),
    ],
    ids=str,
)
def test_times_that_never_end_are_refused(terms, sentence, harbor_morning):
    class Timed(wb.Strategy):
        bars, timer = terms.get("bars", "1min"), terms.get("timer", "1s")

        def on_bar(self, desk, bar): ...
        def on_timer(self, desk, time_ns): ...

    with pytest.raises(ConfigError, match=sentence):
        wb.backtest(Timed(), harbor_morning)


def test_a_session_that_does_not_exist_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    for run in (
        lambda: wb.backtest(raising("on_bar"), "monday"),
        lambda: wb.sweep(wb.Strategy, [{}], "monday", workers=1),
        lambda: wb.check_look_ahead(raising("on_bar"), "monday"),
    ):
        with pytest.raises(
            SourceError, match=r"no file, dataset or recorded session of that name.*there: none"
        ):
            run()


@pytest.mark.parametrize("lots", [float("nan"), np.float64("nan"), np.float32("nan")], ids=repr)
def test_a_parameter_that_is_no_number_is_refused(lots, harbor_morning):
    class Asks(wb.Strategy):
        bars = "1min"

        def __init__(self, lots):
            self.lots = lots

        def on_bar(self, desk, bar):
            # Nothing is more or less than NaN, so this would never trade, and never say why.
            if self.lots > desk.position_lots:
                desk.buy(self.lots)

    class AsksAnyway(Asks):
        def __init__(self, given):
            self.other = given

        def on_bar(self, desk, bar):
            desk.buy(self.other)

    for source in (random_bars(5), harbor_morning):
        with pytest.raises(ConfigError, match=r"lots is .*nan.*, which is no number; give a number, or None"):
            wb.backtest(Asks(lots), source)
    with pytest.raises(ConfigError, match=r"nan.* lots at 0 ticks are no order"):
        wb.backtest(AsksAnyway(lots), random_bars(5))
