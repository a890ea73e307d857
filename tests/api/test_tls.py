"""A real server with a certificate: REST, streams, workbench.Client and alpaca-py, and what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.certificates import Certificate, make_certificate
from tests.conftest import ROOT
from tests.faults.server.market import MARKET, SESSION
from tests.faults.server.people import PASSWORD, People, people
from tests.faults.server.process import ServerProcess

ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 3, "limit_price": 40}


@dataclass
class Site:
    """A server, its people and its certificate."""

    server: ServerProcess
    who: People
    certificate: Certificate

    def client(self, **more: Any) -> httpx.Client:
        """An HTTP client that trusts the authority."""
        return httpx.Client(
            base_url=self.server.url, verify=self.certificate.trusting(), timeout=60, trust_env=False, **more
        )

    def stream(self) -> ClientConnection:
        """The second trader's stream."""
        url = f"wss://127.0.0.1:{self.server.port}/api/sessions/{SESSION}/stream"
        headers = self.who.traders[1]
        context = self.certificate.trusting()
        return connect(url, additional_headers=headers, ssl=context, compression=None, proxy=None)

    def run(self, program: str, trader: int) -> dict[str, Any]:
        """What a program prints that trusts the authority as its user would tell it."""
        key = list(self.who.traders[trader].values())
        done = subprocess.run(
            [sys.executable, "-c", program, self.server.url, *key, SESSION],
            cwd=ROOT,
            env={
                **os.environ,
                "SSL_CERT_FILE": str(self.certificate.authority),
                "REQUESTS_CA_BUNDLE": str(self.certificate.authority),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    certificate = make_certificate(folder / "tls")
    scenario = folder / f"{SESSION}.toml"
    scenario.write_text(MARKET)
    who = asyncio.run(people(folder / "data", 5))
    words = ("--certificate", str(certificate.certificate), "--private-key", str(certificate.key))
    server = ServerProcess(folder / "data", "--scenario", str(scenario), *words)
    try:
        server.launch()
        asyncio.run(server.answers())
        yield Site(server, who, certificate)
    finally:
        server.close()


def test_rest_answers_over_tls_and_says_so_to_browsers(site: Site) -> None:
    with site.client(headers=site.who.traders[0]) as client:
        placed = client.post(f"/api/sessions/{SESSION}/orders", json=ORDER)
        assert placed.status_code == 201
        assert client.get(f"/api/sessions/{SESSION}/orders/{placed.json()['id']}").json()["state"] == "new"
        assert "max-age" in placed.headers["strict-transport-security"]
    with site.client() as client:
        said = client.post(
            "/api/auth/login", json={"name": "trader-0", "password": PASSWORD, "cookies": True}
        )
        cookies = said.headers.get_list("set-cookie")
        assert said.status_code == 200
        assert cookies
        assert all("Secure" in each and "HttpOnly" in each for each in cookies)


def test_who_does_not_trust_it_or_speaks_no_tls_gets_nothing(site: Site) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{site.server.url}/health/live", trust_env=False)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{site.server.port}/health/live", trust_env=False, timeout=5)
    with site.client() as client:
        assert client.get("/health/live").status_code == 200


def test_a_stream_takes_orders_and_tells_of_long_ones(site: Site) -> None:
    with site.stream() as opened:
        opened.send(json.dumps({"id": 1, "subscribe": ["orders", "depth:HARBOR"], "from_seq": 1}))
        for number in range(300):
            opened.send(
                json.dumps({"id": 2 + number, "place": {**ORDER, "client_order_id": f"tls-{number}"}})
            )
        acks, created = set(), set()
        end = time.monotonic() + 60
        while len(acks) < 300 or len(created) < 300:
            for frame in json.loads(opened.recv(end - time.monotonic())):
                if frame["type"] == "ack" and frame["id"] > 1:
                    acks.add(frame["id"])
                elif frame["type"] == "delta" and frame["topic"] == "orders":
                    created |= {row["id"] for row in frame["rows"] if row["event"] == "created"}
        opened.send(json.dumps({"id": 999, "subscribe": ["orders"], "from_seq": 1}))
        again: set[int] = set()
        while len(again) < 300:
            for frame in json.loads(opened.recv(end - time.monotonic())):
                if frame["type"] == "delta" and frame["topic"] == "orders":
                    again |= {row["id"] for row in frame["rows"] if row["event"] == "created"}
        assert again == created


CLIENT = """
import json, sys
from workbench.client import Client

url, key, secret, session = sys.argv[1:]
with Client(url, key=key, secret=secret) as client:
    market = client.session(session)
    market.join()
    with market.stream(["orders"]) as stream:
        ack = stream.place(symbol="QUIET", side="buy", type="limit", quantity=2, limit_price=41)
        order = market.place("QUIET", "buy", 1, limit=40.5)
        heard = set()
        while len(heard) < 2:
            change = stream.next(30)
            if change is not None:
                heard |= {row["id"] for row in change.rows if "id" in row}
    print(json.dumps({"heard": sorted(heard), "sent": sorted([ack.orders[0].id, order.id])}))
"""


def test_the_client_trades_with_the_authority_in_its_environment(site: Site) -> None:
    found = site.run(CLIENT, 2)
    assert found["heard"] == found["sent"]


ALPACA = """
import asyncio, json, sys, threading, warnings
warnings.simplefilter("ignore")
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest
from alpaca.trading.stream import TradingStream

url, key, secret, session = sys.argv[1:]
trading = TradingClient(key, secret, url_override=url)
trading.get_account()
heard, told = [], threading.Event()
stream = TradingStream(key, secret, url_override=url.replace("https", "wss") + "/stream")

async def on_update(update):
    heard.append(str(update.order.client_order_id))
    told.set()

stream.subscribe_trade_updates(on_update)
threading.Thread(target=stream.run, daemon=True).start()
for number in range(300):
    trading.submit_order(LimitOrderRequest(symbol="QUIET", qty=1, side=OrderSide.BUY, limit_price=40,
        time_in_force=TimeInForce.DAY, client_order_id=f"alpaca-{number}"))
    if told.wait(0.3):
        break
print(json.dumps({"heard": heard[:1], "orders": len(trading.get_orders())}), flush=True)
import os
os._exit(0)
"""


def test_alpaca_py_trades_with_the_authority_in_its_environment(site: Site) -> None:
    found = site.run(ALPACA, 3)
    assert found["heard"][0].startswith("alpaca-")
    assert found["orders"] > 0


def test_it_ends_in_order_with_streams_open(site: Site) -> None:
    """The last test of this server."""
    with site.stream() as opened:
        opened.recv(60)
        assert site.server.process is not None
        site.server.process.send_signal(signal.SIGTERM)
        assert site.server.process.wait(60) == 0
    assert b"Traceback" not in site.server.printed()
