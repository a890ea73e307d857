"""The starter bots, each in a process of its own against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from tests.api.alpaca.conftest import Person, Served
from tests.conftest import ROOT
from workbench.api.running import Running, Start
from workbench.api.settings import ServerSettings
from workbench.identity.settings import IdentitySettings, SignUp

BOTS = ROOT / "notebooks" / "exploration"
pytestmark = pytest.mark.slow


def run(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("APCA_")}
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@contextmanager
def serving_in_a_thread(running: Running) -> Iterator[str]:
    """The address of a server while it runs."""
    addresses: Queue[tuple[str, asyncio.AbstractEventLoop]] = Queue()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await running.run(ready=lambda each: addresses.put((each.url, loop)), signals=False)

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="served as README says")
    thread.start()
    url, loop = addresses.get(timeout=600)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(running.stop)
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _market(maker: Person) -> None:
    maker.trading.cancel_orders()
    maker.limit("AAPL", "sell", 500, 100.5)
    maker.limit("AAPL", "buy", 500, 99.5)


def test_bracket_bot_signs_up_trades_and_closes(served: Served) -> None:
    said = run(sys.executable, str(BOTS / "bracket_bot.py"), served.url)
    lines = said.splitlines()
    assert lines[0].startswith("signed up as bot-")
    assert "entry filled, 10 of 10 filled; legs: limit new, stop new" in lines
    assert "bought 10 AAPL at 100.5" in lines
    assert "sold 10 at 99.5: filled" in lines
    assert lines[-1].endswith("positions []")


def test_bracket_bot_uses_a_key_that_is_given(served: Served, trader: Person) -> None:
    said = run(sys.executable, str(BOTS / "bracket_bot.py"), f"{served.url}/", trader.key, trader.secret)
    assert "signed up" not in said
    assert trader.trading.get_all_positions() == []
    # Ten shares bought and sold a point lower, and a basis point of each.
    assert float(trader.trading.get_account().equity) == pytest.approx(1_000_000 - 10 - 0.1005 - 0.0995)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nonsense",), "is no address of a server"),
        (("http://127.0.0.1:9", "KEY"), "a key and its secret go together"),
        (("http://127.0.0.1:9",), "the server does not answer"),
        (("URL", "PK" + "A" * 18, "wrong"), "the server refused"),
    ],
)
def test_bracket_bot_says_what_is_wrong_in_a_sentence(
    served: Served, words: tuple[str, ...], said: str
) -> None:
    command = [sys.executable, str(BOTS / "bracket_bot.py"), *words]
    command = [served.url if word == "URL" else word for word in command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def run_notebook(out: Path, **parameters: str) -> str:
    """What the starter notebook printed, executed from top to bottom without a key in the environment."""
    given = [word for name, value in parameters.items() for word in ("-p", name, value)]
    notebook = str(BOTS / "starter_bot.ipynb")
    run(sys.executable, "-m", "papermill", "--no-progress-bar", *given, notebook, str(out))
    outputs = [output for cell in json.loads(out.read_text())["cells"] for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def test_starter_notebook_runs_from_top_to_bottom(served: Served, trader: Person, tmp_path: Path) -> None:
    printed = run_notebook(
        tmp_path / "ran.ipynb", url=served.url, key=trader.key, secret=trader.secret, quantity="5"
    )
    assert "signed up" not in printed
    assert "bought 5 at 100.5: filled" in printed
    assert "after cancelling: canceled" in printed
    assert "sold 5 at 99.5" in printed
    assert trader.trading.get_all_positions() == []


def test_starter_notebook_signs_up_when_it_has_no_key(served: Served, tmp_path: Path) -> None:
    printed = run_notebook(tmp_path / "ran.ipynb", url=served.url)
    assert "signed up as bot-" in printed
    assert "bought 5 at 100.5: filled" in printed
    assert "sold 5 at 99.5" in printed


def test_both_bots_trade_in_the_market_that_serve_opens(tmp_path: Path) -> None:
    """As README says: `workbench serve` with nothing else, and the bots in another shell."""
    settings = ServerSettings(data=tmp_path / "data")
    start = Start(port=0, identity=IdentitySettings(sign_up=SignUp.OPEN))
    with serving_in_a_thread(Running(settings, start)) as url:
        said = run(sys.executable, str(BOTS / "bracket_bot.py"), url)
        assert said.splitlines()[-1].endswith("positions []")
        printed = run_notebook(tmp_path / "ran.ipynb", url=url)
    assert "signed up as bot-" in printed
    assert "bought 5 at " in printed
    assert "sold 5 at " in printed
