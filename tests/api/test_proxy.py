"""A server behind a real nginx, as docs/server.md configures it: addresses, TLS, streams, rate limits."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.served import PASSWORD, Person, Served, serving
from tests.certificates import Certificate, make_certificate
from tests.conftest import ROOT
from tests.faults.server.process import free_port
from tests.programs import program
from workbench.api.settings import Rate
from workbench.identity.principal import CONSOLE

ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 40}
SIGN_UPS = 3
NEAR, OTHER = "127.0.0.2", "127.0.0.3"
"""Addresses of this machine that clients come from; the proxy itself is 127.0.0.1."""


def configuration(
    folder: Path,
    certificate: Certificate,
    port: int,
    upstream: int,
    *,
    page: str = "server.md",
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """A page's configuration, with this test's ports and files, and what else is to be other, in it."""
    page = (ROOT / "docs" / page).read_text()
    found = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert found is not None
    text = found[1]
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/desk.pem", str(certificate.certificate)),
        ("/etc/ssl/desk.key", str(certificate.key)),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{upstream}"),
        *more,
    ):
        assert old in text
        text = text.replace(old, new)
    bodies = "".join(
        f"  {kind}_temp_path {folder / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{\n  access_log off;\n{bodies}{text}\n}}\n"
    )


@dataclass
class Site:
    """A server and the nginx before it."""

    served: Served
    port: int
    certificate: Certificate

    def client(self, address: str = NEAR, person: Person | None = None) -> httpx.Client:
        """A client that comes from an address, through the proxy."""
        transport = httpx.HTTPTransport(verify=self.certificate.trusting(), local_address=address)
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            transport=transport,
            headers={} if person is None else person.headers,
            timeout=60,
        )

    def stream(self, person: Person) -> ClientConnection:
        """A stream through the proxy."""
        url = f"wss://127.0.0.1:{self.port}/api/sessions/{self.served.session}/stream"
        context = self.certificate.trusting()
        return connect(url, additional_headers=person.headers, ssl=context, compression=None, proxy=None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    nginx = program("nginx")
    folder = tmp_path_factory.mktemp("proxy")
    certificate = make_certificate(folder / "tls")
    settings = {
        "limited": True,
        "secure": True,
        "sign_up_rate": Rate(0.0001, float(SIGN_UPS)),
        "address_rate": Rate(0.001, 150.0),
        "log_requests": True,
    }
    with serving(folder / "data", settings=settings, proxies=("127.0.0.1",)) as served:
        port = free_port()
        file = folder / "nginx.conf"
        file.write_text(configuration(folder, certificate, port, int(served.url.rpartition(":")[2])))
        process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(file)])
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert process.poll() is None, (folder / "error.log").read_text()
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield Site(served, port, certificate)
        finally:
            process.terminate()
            process.wait(60)


def sign_up(client: httpx.Client, name: str, **headers: str) -> int:
    said = client.post("/api/auth/sign-up", json={"name": name, "password": PASSWORD}, headers=headers)
    return said.status_code


def test_people_behind_it_are_counted_by_their_own_addresses(site: Site) -> None:
    with site.client(NEAR) as near, site.client(OTHER) as other:
        assert [sign_up(near, f"near-{number}") for number in range(SIGN_UPS)] == [201] * SIGN_UPS
        assert sign_up(near, "near-more") == 429
        assert sign_up(other, "other-1") == 201
        # What a client says of itself is not believed: the proxy's word comes after it.
        assert sign_up(near, "near-forged", **{"X-Forwarded-For": "127.0.0.9"}) == 429


def test_who_comes_past_it_is_not_believed(site: Site) -> None:
    address = "127.0.0.4"
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=site.served.url, transport=transport, timeout=60) as client:
        for number in range(SIGN_UPS):
            assert sign_up(client, f"past-{number}", **{"X-Forwarded-For": f"127.0.1.{number}"}) == 201
        assert sign_up(client, "past-more", **{"X-Forwarded-For": "127.0.1.99"}) == 429


def test_an_address_that_asks_too_often_is_no_business_of_others(site: Site) -> None:
    with site.client("127.0.0.5") as greedy, site.client("127.0.0.6") as other:
        answers = [greedy.get("/health/live").status_code for _ in range(200)]
        assert answers.count(429) > 20
        assert other.get("/health/live").status_code == 200


def test_the_log_names_the_client_and_not_the_proxy(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with site.client("127.0.0.7") as client:
        assert client.get("/api/auth/me").status_code == 401
    # A request is logged once it is answered: whoever has the answer may be faster than the log.
    said, end = "", time.monotonic() + 60
    while not re.search(r"address\S*=\S*127\.0\.0\.7|\"address\": ?\"127\.0\.0\.7\"", said):
        assert time.monotonic() < end, said
        time.sleep(0.02)
        said += _plain(capsys.readouterr().out)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_browsers_log_in_through_it_and_other_sites_do_not_use_that(site: Site) -> None:
    person = site.served.person()
    here = f"https://127.0.0.1:{site.port}"
    with site.client("127.0.0.8") as client:
        said = client.post(
            "/api/auth/login", json={"name": person.name, "password": PASSWORD, "cookies": True}
        )
        assert said.status_code == 200, said.text
        assert all("Secure" in each for each in said.headers.get_list("set-cookie"))
        orders = f"/api/sessions/{site.served.session}/orders"
        assert client.post(orders, json=ORDER, headers={"Origin": here}).status_code == 201
        foreign = client.post(orders, json=ORDER, headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_origin")


def test_a_stream_through_it_takes_orders_and_stays_and_ends_with_its_code(site: Site) -> None:
    person = site.served.person()
    with site.stream(person) as opened:
        opened.send(json.dumps({"id": 1, "subscribe": ["orders"]}))
        opened.send(json.dumps({"id": 2, "place": {**ORDER, "client_order_id": "through"}}))
        heard: dict[str, list[dict[str, object]]] = {}
        end = time.monotonic() + 60
        while 2 not in [each["id"] for each in heard.get("ack", [])] or "delta" not in heard:
            for frame in json.loads(opened.recv(end - time.monotonic())):
                heard.setdefault(frame["type"], []).append(frame)
        # nginx forgets a quiet connection after 60 s unless told otherwise; beats come more often than that.
        assert site.served.call(lambda: len(site.served.server.sockets)) == 1
        site.served.run(site.served.server.identity.disable(CONSOLE, person.user_id))
        with pytest.raises(ConnectionClosed) as ended:  # noqa: PT012 - beats may come first
            while True:
                opened.recv(60)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4401
    with pytest.raises(InvalidStatus, match="401"), site.stream(person):
        pass
