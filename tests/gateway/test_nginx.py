"""Two gateways and a server behind a real nginx, as docs/gateway.md configures it."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.api.native.test_stream import one, say
from tests.api.served import PASSWORD, serving
from tests.api.test_proxy import ORDER, configuration
from tests.certificates import make_certificate
from tests.faults.server.process import free_port
from tests.gateway.through import gateway_to
from tests.programs import program

NEAR = "127.0.0.2"


def went_on(desk: ClientConnection) -> int:
    """The code with which a stream has ended; 0 for one that answers."""
    try:
        say(desk, id=9, ping=True)
        one(desk, "pong")
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd is not None else -1
    return 0


def test_streams_go_to_gateways_and_the_rest_to_the_server_and_one_that_stops_is_done_without(
    tmp_path: Path,
) -> None:
    nginx, port = program("nginx"), free_port()
    certificate = make_certificate(tmp_path / "tls")
    settings = {"secure": True}
    with ExitStack() as stack:
        served = stack.enter_context(serving(tmp_path / "data", settings=settings, proxies=("127.0.0.1",)))
        gateways = [stack.enter_context(gateway_to(served.url, proxies=("127.0.0.1",))) for _ in range(2)]
        more = [
            (f"127.0.0.1:{given}", each.url.removeprefix("http://"))
            for given, each in zip((8100, 8101), gateways, strict=True)
        ]
        text = configuration(
            tmp_path, certificate, port, int(served.url.rpartition(":")[2]), page="gateway.md", more=more
        )
        (tmp_path / "nginx.conf").write_text(text)
        process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        here, trust = f"https://127.0.0.1:{port}", certificate.trusting()
        person = served.person()
        transport = httpx.HTTPTransport(verify=trust, local_address=NEAR, retries=5)
        client = stack.enter_context(httpx.Client(base_url=here, transport=transport, timeout=60))
        end = time.monotonic() + 60
        while True:
            try:
                body = {"name": person.name, "password": PASSWORD, "cookies": True}
                assert client.post("/api/auth/login", json=body).status_code == 200
                break
            except httpx.ConnectError:
                assert time.monotonic() < end
                time.sleep(0.05)
        cookie = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
        url = f"wss://127.0.0.1:{port}/api/sessions/{served.session}/stream"
        headers = {"Cookie": cookie, "Origin": here}

        def desk() -> connect:
            return connect(
                url,
                additional_headers=headers,
                ssl=trust,
                compression=None,
                proxy=None,
                source_address=(NEAR, 0),
            )

        with desk() as first, desk() as second:
            for each in (first, second):
                assert one(each, "hello")["user"] == person.name
                say(each, id=1, subscribe=["market:QUIET", "orders"])
                one(each, "snapshot")
            # Each gateway has one of them, and the exchange knows where people are.
            assert [each.call(lambda each=each: each.gateway.streams.count) for each in gateways] == [1, 1]
            said = client.post(f"/api/sessions/{served.session}/orders", json=ORDER, headers={"Origin": here})
            assert said.status_code == 201
            for each in (first, second):
                while not any(frame["type"] == "delta" for frame in json.loads(each.recv(60))):
                    pass
            gateways[0].call(gateways[0].running.stop)
            end = time.monotonic() + 60
            while gateways[0].gateway.streams.count:
                assert time.monotonic() < end
                time.sleep(0.02)
            assert sorted(went_on(each) for each in (first, second)) == [0, 1012]
            with desk() as back:
                assert one(back, "hello")["user"] == person.name
