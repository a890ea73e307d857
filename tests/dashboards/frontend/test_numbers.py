"""What the pages compute of positions and account is what the server says of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from dashboards.frontend import bundles
from tests.api.served import serving
from workbench.domain.codes import Reason
from workbench.identity.roles import Role

BASE = "/api/sessions/market"
CENT = 0.005
"""Money is told in doubles of micros; a sum of a few of them is nearer than half a cent."""


@pytest.fixture(scope="module")
def compute(packages, tmp_path_factory):
    """The page's own functions as a program: what the API told in, what the page shows out."""
    program = tmp_path_factory.mktemp("numbers") / "numbers.mjs"
    command = [
        str(packages / "node_modules" / ".bin" / "esbuild"),
        str(Path(__file__).with_name("numbers.ts")),
        f"--outfile={program}",
        "--bundle",
        "--platform=node",
        "--format=esm",
    ]
    environment = {"NODE_PATH": str(packages / "node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr

    def run(told):
        done = subprocess.run(
            ["node", str(program)],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server of its own, for its market is moved."""
    with serving(tmp_path_factory.mktemp("numbers") / "data") as running:
        yield running


def place(client, symbol, side, quantity, price):
    order = {
        "symbol": symbol,
        "side": side,
        "type": "limit",
        "quantity": str(quantity),
        "limit_price": str(price),
    }
    answer = client.post(f"{BASE}/orders", json=order)
    assert answer.status_code == 201, answer.text


def told_to(client):
    """All that the page reads, of one moment."""
    account = client.get(f"{BASE}/account").json()
    return {
        "account": account,
        "positions": client.get(f"{BASE}/positions").json()["positions"],
        "instruments": client.get(f"{BASE}/instruments").json()["instruments"],
        "equity": client.get(f"{BASE}/equity").json(),
    }


@pytest.mark.slow
def test_positions_and_account_are_worth_what_the_server_says(served, compute):
    with (
        served.client(served.person()) as mine,
        served.client(served.person()) as other,
        served.client(served.person(Role.INSTRUCTOR)) as teacher,
    ):
        # Long in one, part of it sold again; short in the other.
        for symbol, side, quantity, price in (
            ("QUIET", "buy", 70, 50.03),
            ("QUIET", "buy", 31, 50.57),
            ("QUIET", "sell", 40, 51.2),
            ("CALM", "sell", 90, 20.01),
            ("CALM", "buy", 13, 19.5),
        ):
            place(other, symbol, "sell" if side == "buy" else "buy", quantity, price)
            place(mine, symbol, side, quantity, price)
        seat = mine.get(f"{BASE}/account").json()["name"]
        limit = {"account": seat, "limit": "max_drawdown", "value": "5000"}
        assert teacher.post(f"{BASE}/limits", json=limit).status_code == 200
        money = {"account": seat, "amount": "1234.5"}
        assert teacher.post(f"{BASE}/transfer", json=money).status_code == 200
        with served.client(served.person()) as third:
            for symbol, price in (("QUIET", 52.75), ("QUIET", 49.11), ("CALM", 19.37)):
                place(other, symbol, "sell", 1, price)
                place(third, symbol, "buy", 1, price)
            told = told_to(mine)
        shown, account = compute(told), told["account"]

        by_symbol = {each["symbol"]: each for each in shown["positions"]}
        assert set(by_symbol) == {each["symbol"] for each in told["positions"]} >= {"QUIET", "CALM"}
        for each in told["positions"]:
            one = by_symbol[each["symbol"]]
            assert one["mark"] == pytest.approx(each["mark"])
            assert one["average_price"] == pytest.approx(each["average_price"], abs=1e-6)
            assert one["value"] == pytest.approx(each["value"], abs=CENT)
            assert one["unrealised"] == pytest.approx(each["unrealised"], abs=CENT)
            assert one["part"] == pytest.approx(each["unrealised"] / abs(each["cost"]))
        assert by_symbol["QUIET"]["unrealised"] < 0 < by_symbol["CALM"]["unrealised"]
        for name in ("equity", "pnl", "unrealised", "realised", "fees"):
            assert shown[name] == pytest.approx(account[name], abs=CENT), name
        gross = account["long_value"] - account["short_value"]
        assert shown["exposure"]["gross"] == pytest.approx(gross, abs=CENT)
        assert shown["exposure"]["net"] == pytest.approx(
            account["long_value"] + account["short_value"], abs=CENT
        )
        assert (shown["margin"], shown["maintenance"]) == (
            account["initial_margin"],
            account["maintenance_margin"],
        )
        assert shown["drawdown"] == pytest.approx(account["peak_equity"] - account["equity"], abs=CENT)
        assert shown["drawdown"] > 100
        # The deposit is no profit of the day.
        assert shown["day"] == pytest.approx(account["pnl"], abs=CENT)


def test_every_reason_of_the_exchange_has_its_words():
    text = (bundles.FRONTEND / "src" / "desk" / "orders" / "words.ts").read_text("utf-8")
    _, _, rest = text.partition("export const REASONS")
    table, _, _ = rest.partition("};")
    told = {line.split(":", 1)[0].strip() for line in table.splitlines() if line.startswith("  ")}
    assert told == {reason.name.lower() for reason in Reason}
