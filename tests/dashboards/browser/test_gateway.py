"""The desk through `workbench gateway`: the form, the page's sockets, and the exchange killed behind both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.cli.test_serve import workbench
from tests.conftest import ROOT
from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import PASSWORD, SESSION
from tests.dashboards.browser.test_reconnecting import BACK_MS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.dashboards.browser.site import Person, Site


@pytest.fixture(scope="module")
def gateway(site: Site) -> Iterator[str]:
    """Where a gateway before the server answers."""
    command = workbench("gateway", "--upstream", site.url, "--port", "0", "--log-format", "json")
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


def test_a_desk_behind_a_gateway_trades_before_and_after_a_kill_of_the_exchange(
    window: BrowserContext, gateway: str, site: Site, student: Person
) -> None:
    desk = DeskPage(window, site, gateway)
    sockets: list[str] = []
    desk.page.on("websocket", lambda socket: sockets.append(socket.url))
    desk.page.goto(f"{gateway}/desk?session={SESSION}")
    desk.page.get_by_label("Name").fill(student.name)
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Log in").click()
    desk.ready()
    desk.choose("QUIET")
    order = desk.limit(student, "buy", 10, 49.50)
    kept = desk.limit(student, "buy", 20, 49.40)
    _cancel(desk, order)
    assert [each["id"] for each in student.working()] == [kept]

    site.kill_now()
    desk.has_state("status-link", "lost")
    site.start()
    expect(desk.by("status-link").first).to_have_attribute("data-state", "open", timeout=BACK_MS)
    expect(desk.row("working", kept)).to_have_count(1, timeout=BACK_MS)
    again = desk.limit(student, "buy", 30, 49.30)
    _cancel(desk, again)
    assert [each["id"] for each in student.working()] == [kept]

    before = gateway.replace("http", "ws")
    paths = {url.removeprefix(before).partition("?")[0] for url in sockets}
    assert {"/desk/ws", f"/api/sessions/{SESSION}/stream"} <= paths, f"not through the gateway: {sockets}"
    desk.no_complaints()


def _cancel(desk: DeskPage, order: int) -> None:
    """Cancel an order in the blotter, and wait until it is gone."""
    row = desk.row("working", order)
    desk.by("order-cancel", row).click()
    desk.confirmed()
    expect(row).to_have_count(0)
