"""The desk as somebody sees and uses it: everything is found by its test id, its role or its label."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.dashboards.browser.conftest import PATIENCE_MS
from tests.dashboards.browser.site import SESSION

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.dashboards.browser.site import Person, Site

DRAG_STEPS = 400
HALF_A_CENT = 0.005
_FRAMES = """count => new Promise(done => {
    const next = () => (count-- > 0 ? requestAnimationFrame(next) : done());
    next();
})"""
MADE_MS = 4 * PATIENCE_MS
"""Who asks for a report first waits for a process that imports everything."""
_ORDER = {"limit": "limit", "market": "market", "stop": "stop", "stop_limit": "stop_limit"}
# A failed request is told on the console too; what was wrong with it is its own test's business.
_TOASTS = Path(__file__).parent / "toasts.js"
_HARMLESS = re.compile(r"Failed to load resource|WebSocket connection to")


class DeskPage:
    """One tab with a desk.

    Parameters
    ----------
    context
        The browser's cookies and window.
    site
        The server.
    url
        Where its pages are opened: at the server itself unless given.

    Attributes
    ----------
    page
        The tab.
    complaints
        Errors on its console, and exceptions that nobody caught.
    """

    def __init__(self, context: BrowserContext, site: Site, url: str = "") -> None:
        self.context = context
        self.site = site
        self.url = url or site.url
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(path=_TOASTS)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{error}"))

    def _console(self, message: Any) -> None:
        if message.type == "error" and not _HARMLESS.search(message.text):
            self.complaints.append(message.text)

    # ------------------------------------------------------------------ finding

    def by(self, test_id: str, within: Locator | None = None) -> Locator:
        """What has this test id; the page's shadow roots are looked into."""
        return (within or self.page).locator(f'[data-testid="{test_id}"]')

    def text(self, test_id: str) -> str:
        """What it says."""
        return self.by(test_id).first.inner_text().strip()

    def number(self, test_id: str, within: Locator | None = None) -> float:
        """The number in it, whatever its unit and sign are written like."""
        return number_in(self.by(test_id, within).first.inner_text())

    def row(self, table: str, order: int) -> Locator:
        """The row of an order in `working`, `history` or `fill`."""
        return self.page.locator(f'[data-testid="orders-{table}-row"][data-order="{order}"]')

    # ------------------------------------------------------------------ waiting

    def until(self, holds: Callable[[], bool], what: Callable[[], object]) -> None:
        """Wait until something holds that no locator can say; `what` is told when it does not."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not holds():
            assert time.monotonic() < end, what()
            self.page.wait_for_timeout(50)

    def comes_true(self, script: str, arg: object = None) -> None:
        """Wait until a script of the page gives true.

        Playwright's own way evaluates it within the page, which these pages forbid from the second time on.
        """
        self.until(lambda: bool(self.page.evaluate(script, arg)), lambda: f"never true: {script}")

    def has_number(self, test_id: str, wanted: float, within: Locator | None = None) -> None:
        """Wait until a number is on the page, to half a cent."""

        def shown() -> str:
            return self.by(test_id, within).first.inner_text().strip()

        def is_there() -> bool:
            text = shown()
            return any(each.isdigit() for each in text) and abs(number_in(text) - wanted) <= HALF_A_CENT

        self.until(is_there, lambda: f"{test_id} is {shown()!r}, not {wanted}")

    def said(self, *texts: str) -> None:
        """Wait until the page has told a message with all of these in it, which may be gone by now."""

        def told() -> list[str]:
            found: list[str] = self.page.evaluate("window.__toasts")
            return found

        self.until(lambda: any(all(text in each for text in texts) for each in told()), lambda: f"{told()}")

    def drawn(self) -> None:
        """Wait until what has come is drawn: two frames."""
        self.page.evaluate(_FRAMES, 2)

    # ------------------------------------------------------------------ coming in

    def log_in(self, person: Person) -> None:
        """Log in without the form, which has tests of its own."""
        who = {"name": person.name, "password": person.password, "cookies": True}
        answer = self.context.request.post(f"{self.url}/api/auth/login", data=who, timeout=PATIENCE_MS)
        assert answer.ok, answer.text()

    def open(self, symbol: str = "QUIET", path: str = f"/desk?session={SESSION}") -> DeskPage:
        """Open the desk, wait until it has data, and choose an instrument."""
        self.page.goto(f"{self.url}{path}")
        self.ready()
        self.choose(symbol)
        return self

    def ready(self) -> None:
        """Wait until account, chart and book have data."""
        expect(self.by("desk")).to_have_attribute("data-ready", "true")
        self.has_state("status-link", "open")

    def has_state(self, test_id: str, state: str) -> None:
        """Wait until something is in a state."""
        expect(self.by(test_id).first).to_have_attribute("data-state", state)

    def choose(self, symbol: str) -> None:
        """Choose an instrument in the watch list, on the tab it may be behind."""
        row = self.show("watch", f"watch-row-{symbol}")
        row.click()
        expect(row).to_have_attribute("aria-selected", "true")

    def show(self, panel: str, test_id: str) -> Locator:
        """What a panel shows; where panels share a place, its tab is opened first."""
        wanted = self.by(test_id)
        if not self.by(f"panel-{panel}").is_visible():
            tab = self.by(f"tab-{panel}")
            if tab.count() and tab.is_visible():
                tab.click()
        return wanted

    # ------------------------------------------------------------------ trading

    def fill_ticket(self, side: str, kind: str, quantity: int, **fields: float) -> None:
        """Fill in the ticket; `fields` are by test id without `ticket-`, such as `price`."""
        self.show("ticket", f"ticket-side-{side}").click()
        self.by("ticket-type").select_option(_ORDER[kind])
        self.by("ticket-quantity").fill(str(quantity))
        if "take_profit" in fields or "stop_loss" in fields:
            self.bracket()
        for name, value in fields.items():
            self.by(f"ticket-{name.replace('_', '-')}").fill(f"{value:.2f}")

    def bracket(self) -> None:
        """Ask for a bracket, however the ticket lets one choose it."""
        box = self.by("ticket-bracket")
        if box.count():
            box.check()
        else:
            self.by("ticket-class").select_option("bracket")

    def send(self) -> None:
        """Send the ticket, and say yes where the page asks."""
        self.by("ticket-send").click()
        self.confirmed()

    def place(self, side: str, kind: str, quantity: int, **fields: float) -> None:
        """Place an order."""
        self.fill_ticket(side, kind, quantity, **fields)
        self.send()

    def limit(self, person: Person, side: str, quantity: int, price: float) -> int:
        """Place a limit order that rests; its id, once the blotter has it."""
        before = {each["id"] for each in person.working()}
        self.place(side, "limit", quantity, price=price)
        self.orders("working")
        rows = self.by("orders-working-row")
        expect(rows).to_have_count(len(before) + 1)
        (order,) = {each["id"] for each in person.working()} - before
        expect(self.row("working", order)).to_be_visible()
        return int(order)

    def orders(self, table: str) -> None:
        """Show working orders, history or fills."""
        self.show("orders", f"orders-tab-{table}").click()

    def confirmed(self) -> None:
        """Say yes where the page asks."""
        yes = self.by("confirm-yes")
        if yes.count():
            yes.click()

    def agree_by_keyboard(self) -> None:
        """Say yes where the page asks, which it does at once, without a mouse."""
        self.drawn()
        yes = self.by("confirm-yes")
        if yes.count():
            yes.focus()
            self.page.keyboard.press("Enter")

    def drag_order(self, order: int, price: float) -> None:
        """Take the label of an order on the chart to another price, with the mouse."""
        label = self.by(f"chart-order-{order}")
        expect(label).to_be_visible()
        # Where a rung lies on the axis is the chart's own business: move until the label says the price.
        box = label.bounding_box()
        assert box is not None
        x, y = box["x"] + 12, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        for _ in range(DRAG_STEPS):
            now = float(label.get_attribute("data-price") or "nan")
            if now == price:
                break
            y += -1 if now < price else 1
            mouse.move(x, y)
            # A browser hears of the mouse once a frame.
            self.drawn()
        assert float(label.get_attribute("data-price") or "nan") == price, (
            "no pixel of the chart is that price"
        )
        mouse.up()

    # ------------------------------------------------------------------ judging

    def no_complaints(self) -> None:
        """Nothing was wrong on the console."""
        assert not self.complaints, "\n".join(self.complaints)


def number_in(text: str) -> float:
    """The first number of a text.

    >>> number_in("-1,234.50 USD"), number_in("+0.5 %"), number_in("\N{MINUS SIGN}$12.00")
    (-1234.5, 0.5, -12.0)
    """
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    found = re.search(r"([-(]?)\s*[$€£]?\s*(-?)(\d[\d,\u202f\u00a0']*(?:\.\d+)?)", plain)
    assert found is not None, f"there is no number in {text!r}"
    digits = re.sub(r"[^\d.]", "", found[3])
    return -float(digits) if found[1] or found[2] else float(digits)
