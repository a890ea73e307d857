"""The pages at other addresses: by TLS, behind a real nginx at a host of its own, and from `panel serve`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.api.test_proxy import configuration
from tests.certificates import Certificate, make_certificate
from tests.conftest import ROOT
from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import PASSWORD, Site
from tests.dashboards.test_panel_serve import GONE
from tests.faults.server.process import free_port
from tests.programs import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DESK, SIBLING = "desk.localhost", "other.localhost"
"""Hosts below one name: to a browser they are of one site, so cookies alone do not keep them apart."""

START_S = 240.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@contextmanager
def tried(browser: Browser, site: Site, url: str) -> Iterator[DeskPage]:
    """A student's desk at another address of a site: log-in by the form, an order there and back."""
    student = site.student()
    desk = DeskPage(browser.new_context(ignore_https_errors=True), site)
    try:
        desk.page.goto(url)
        desk.by("login-name").fill(student.name)
        desk.by("login-password").fill(PASSWORD)
        desk.by("login-send").click()
        desk.ready()
        assert desk.page.url == url
        desk.choose("QUIET")
        order = desk.limit(student, "buy", 3, 45.0)
        student.here("DELETE", f"/orders/{order}")
        expect(desk.row("working", order)).to_have_count(0)
        yield desk
        desk.no_complaints()
    finally:
        desk.context.close()
        site.forget_people()


def waited(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_S
    while not _listens(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, "nothing listens"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


# What other pages of the same site may try with somebody's log-in: all of it is to be refused.
_ATTACK = """async host => {
    const order = { symbol: "QUIET", side: "buy", type: "limit", quantity: "7", limit_price: "41" };
    const sent = await fetch(`https://${host}/api/sessions/market/orders`, {
        method: "POST", credentials: "include", mode: "no-cors", body: JSON.stringify(order),
    }).then(({ type }) => type, () => "failed");
    const read = await fetch(`https://${host}/api/auth/me`, { credentials: "include" })
        .then(() => "read", () => "failed");
    const opens = path => new Promise(done => {
        const line = new WebSocket(`wss://${host}${path}`, path.endsWith("/ws") ? ["bokeh", "x"] : []);
        line.onopen = () => done("open");
        line.onerror = () => done("failed");
    });
    return [sent, read, await opens("/api/sessions/market/stream"), await opens("/desk/ws")];
}"""


def test_behind_nginx_by_tls_at_a_host_of_its_own(
    browser: Browser, certificate: Certificate, tmp_path: Path
) -> None:
    nginx, port = program("nginx"), free_port()
    site = Site(tmp_path / "data", more=["--secure", "--proxy", "127.0.0.1"])
    text = configuration(tmp_path, certificate, port, site.port)
    mine = re.search(r"server \{\n", text)
    assert mine is not None
    # Another page of the same machine, to which the browser sends the same site's cookies.
    tls = re.search(r"(?: *ssl_certificate.*\n)+", text)
    assert tls is not None
    beside = f"server {{ listen 127.0.0.1:{port} ssl; server_name {SIBLING};\n{tls[0]}return 200 ok; }}\n"
    text = text.replace("server {\n", f"{beside}server {{\n  server_name {DESK};\n", 1)
    (tmp_path / "nginx.conf").write_text(text)
    words = [nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    process = subprocess.Popen(words)
    host = f"{DESK}:{port}"
    try:
        site.start()
        waited(process, port, tmp_path / "error.log")
        with tried(browser, site, f"https://{host}/desk?session=market") as desk:
            cookies = desk.context.cookies()
            assert cookies
            assert all(each["secure"] and each["httpOnly"] for each in cookies)
            working = len(site.people[-1].working())
            away = desk.context.new_page()
            away.goto(f"https://{SIBLING}:{port}/")
            sent, *others = away.evaluate(_ATTACK, host)
            assert others == ["failed"] * 3
            assert sent in ("opaque", "failed")
            assert len(site.people[-1].working()) == working
            # The same from the desk itself is let through, so it is not the trying that fails.
            _, *own = desk.page.evaluate(_ATTACK, host)
            assert own[:2] == ["read", "open"]
    finally:
        site.close()
        process.terminate()
        process.wait(60)


def test_by_tls_of_the_server_itself(browser: Browser, certificate: Certificate, tmp_path: Path) -> None:
    files = ["--certificate", str(certificate.certificate), "--private-key", str(certificate.key)]
    site = Site(tmp_path / "data", more=files, verify=certificate.trusting())
    try:
        site.start()
        with tried(browser, site, f"{site.url}/desk?session=market") as desk:
            assert desk.page.url.startswith("https://")
    finally:
        site.close()


def test_from_panel_serve_with_the_exchange_elsewhere(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    pages = f"http://localhost:{port}"
    site = Site(tmp_path / "data", more=["--origin", pages])
    log = tmp_path / "panel.log"
    site.start()
    words = ["dashboards/trading.py", "dashboards/instructor.py", "--auth-module", "dashboards/auth.py"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel", "serve", *words, "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "WORKBENCH_URL": f"http://localhost:{site.port}"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        waited(process, port, log)
        with tried(browser, site, f"{pages}/trading") as desk:
            # A student is not let into the other page.
            refused = desk.context.request.get(f"{pages}/instructor")
            assert refused.status == 403
            # The log-in ends elsewhere: this page ends too.
            site.people[-1].ask("POST", "/api/auth/logout-everywhere")
            # The log-in page is the exchange's, which says why, and sends back here.
            expect(desk.by("login-why")).to_have_text(re.compile("^All log-ins of your account were ended"))
            assert desk.page.url.startswith(f"http://localhost:{site.port}/login?next=")
            desk.by("login-name").fill(site.people[-1].name)
            desk.by("login-password").fill(PASSWORD)
            desk.by("login-send").click()
            desk.ready()
            assert desk.page.url == f"{pages}/trading"
        assert "Traceback" not in GONE.sub("", log.read_text())
    finally:
        process.terminate()
        process.wait(60)
        site.close()
