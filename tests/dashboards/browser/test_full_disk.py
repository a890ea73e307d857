"""The users' database on a disk that is full, as people see it: who trades goes on, who logs in is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import PASSWORD, Site
from tests.faults.server.abuse import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

ACCESS_S = 8


def test_the_log_in_page_says_that_the_disk_is_full_and_desks_stay_open(
    browser: Browser, tmp_path: Path, pictures: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = ["--database", f"sqlite:///{disk}/identity.db"]
        site = Site(tmp_path / "data", f"access_s={ACCESS_S}", "skew_s=0", more=database)
        contexts = [browser.new_context(), browser.new_context()]
        try:
            site.start()
            student = site.student()
            desk = DeskPage(contexts[0], site)
            desk.log_in(student)
            desk.open()
            address = desk.page.url
            fill(disk / "ballast")
            late = DeskPage(contexts[1], site)
            late.page.goto(f"{site.url}/login?next=/desk")
            late.by("login-name").fill(student.name)
            late.by("login-password").fill(PASSWORD)
            late.by("login-send").click()
            expect(late.by("login-problem")).to_contain_text("disk of the users' database is full")
            expect(late.by("login-problem")).to_contain_text("free room on its disk")
            late.page.screenshot(path=pictures / "log-in-full-disk.png")
            # Its access token runs out and cannot be renewed: the stream lasts, and nobody is sent away.
            desk.page.wait_for_timeout(1_500 * ACCESS_S)
            desk.has_state("status-link", "open")
            assert desk.page.url == address
            # Opened anew it cannot be; the log-in is kept, so that it goes on once there is room.
            desk.page.reload()
            expect(desk.page.get_by_role("heading")).to_have_text("You cannot be let in at the moment")
            desk.page.screenshot(path=pictures / "resume-full-disk.png")
            (disk / "ballast").unlink()
            desk.page.get_by_role("link", name="Try again").click()
            desk.ready()
            assert desk.page.url == address
            late.by("login-send").click()
            late.ready()
        finally:
            for context in contexts:
                context.close()
            site.forget_people()
            site.close()
