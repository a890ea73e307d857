"""The control room as an instructor sees and uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import SESSION

if TYPE_CHECKING:
    from playwright.sync_api import Locator


class RoomPage(DeskPage):
    """One tab with the control room."""

    def enter(self, session: str = SESSION) -> RoomPage:
        """Open it on a session, and wait until it has data."""
        self.page.goto(f"{self.site.url}/control?session={session}")
        expect(self.by("control")).to_have_attribute("data-ready", "true")
        return self

    def view(self, tab: str) -> Locator:
        """Show a view."""
        button = self.by(f"control-tab-{tab}")
        button.click()
        return button

    def participant(self, name: str) -> Locator:
        """The row of somebody in the roster."""
        return self.by("panel-roster").locator("tbody tr", has_text=name)

    def instrument(self, symbol: str) -> Locator:
        """The row of an instrument in the market."""
        return self.by(f"control-market-{symbol}")

    def halt(self, symbol: str) -> None:
        """Halt an instrument, and say yes."""
        self.by("control-halt", self.instrument(symbol)).click()
        self.by("confirm-yes").click()
        expect(self.by("control-lift", self.instrument(symbol))).to_be_visible()

    def lift(self, symbol: str) -> None:
        """Lift its halt at once."""
        self.instrument(symbol).get_by_role("button", name="At once").click()
        self.confirmed()
        expect(self.by("control-halt", self.instrument(symbol))).to_be_visible()

    def announce(self, headline: str, body: str) -> None:
        """Tell everybody something."""
        self.by("control-news-headline").fill(headline)
        self.by("control-news-body").fill(body)
        self.by("control-news-send").click()
        expect(self.by("control-news-row").first).to_contain_text(headline)
