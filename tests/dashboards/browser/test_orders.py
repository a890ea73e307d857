"""Orders from the ticket to chart, ladder and blotter, and what becomes of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site


# Once a sheet is open, the page is busy for longer than a double click takes.
_BUSY = """desk => desk.addEventListener("focusin", function busy(event) {
    if (event.target.closest("dialog") === null) return;
    desk.removeEventListener("focusin", busy);
    queueMicrotask(() => {
        const end = performance.now() + 1_000;
        while (performance.now() < end);
        desk.dataset.busy = "was";
    });
})"""


def test_a_limit_order_is_on_chart_ladder_and_blotter(desk: DeskPage, student: Person) -> None:
    order = desk.limit(student, "buy", 100, 49.50)
    row = desk.row("working", order)
    assert desk.number("order-quantity", row) == 100
    assert desk.number("order-price", row) == 49.50
    expect(desk.by("order-side", row)).to_contain_text("uy")
    rung = desk.by("ladder-row-49.50")
    expect(desk.by("ladder-bid", rung)).to_contain_text("100")
    expect(desk.by("ladder-own", rung)).to_contain_text("100")
    line = desk.by(f"chart-order-{order}")
    expect(line).to_be_attached()
    assert float(line.get_attribute("data-price") or "nan") == 49.50


def test_a_market_order_fills_and_is_in_history_fills_and_position(
    desk: DeskPage, student: Person, site: Site
) -> None:
    site.student().order("sell", 500, 50.25)
    # Who clicks twice has asked once, and nothing is on its way before the answer.
    desk.fill_ticket("buy", "market", 40)
    desk.by("ticket-send").dblclick()
    expect(desk.by("confirm")).to_be_visible()
    expect(desk.by("ticket-send")).to_have_text("Buy 40 QUIET")
    desk.by("confirm-yes").click()
    position = desk.show("positions", "positions-row-QUIET")
    expect(position).to_be_visible()
    desk.has_number("position-quantity", 40, position)
    assert student.position() == 40
    expect(desk.by("chart-fills").get_by_role("listitem")).to_have_text(re.compile("^Bought 40 at 50.25, "))
    desk.orders("fills")
    fill = desk.by("orders-fill-row").first
    expect(fill).to_contain_text("50.25")
    desk.orders("history")
    ended = desk.by("orders-history-row").first
    expect(ended).to_have_attribute("data-state", "filled")
    cells = ended.get_by_role("gridcell")
    expect(cells).to_contain_text(["QUIET", "Buy", "Market", "40", "40", "50.250", "Filled"])
    expect(cells.filter(has_text="50.250")).to_have_css("text-align", "right")
    expect(desk.by("tape-row").first).to_contain_text("50.25")


def test_the_second_of_two_clicks_answers_no_question_on_a_busy_page_either(
    desk: DeskPage, student: Person
) -> None:
    desk.by("desk").evaluate(_BUSY)
    desk.fill_ticket("buy", "limit", 5, price=45.00)
    desk.by("ticket-send").dblclick()
    expect(desk.by("desk")).to_have_attribute("data-busy", "was")
    expect(desk.by("confirm")).to_be_visible()
    desk.by("confirm-yes").click()
    expect(desk.by("orders-working-row")).to_have_count(1)
    assert len(student.working()) == 1


def test_a_bracket_brings_its_legs_when_it_fills(desk: DeskPage, student: Person, site: Site) -> None:
    site.student().order("sell", 10, 50.00)
    desk.place("buy", "limit", 10, price=50.00, take_profit=51.00, stop_loss=49.00)
    desk.orders("working")
    expect(desk.by("orders-working-row")).to_have_count(2)
    legs = {each["type"]: each for each in student.working()}
    assert legs["limit"]["limit_price"] == 51.00
    assert legs["stop"]["stop_price"] == 49.00
    for leg, price in ((legs["limit"], "51.00"), (legs["stop"], "49.00")):
        expect(desk.row("working", leg["id"])).to_be_visible()
        expect(desk.by(f"chart-order-{leg['id']}")).to_have_attribute("data-price", price)
    expect(desk.by("ladder-own", desk.by("ladder-row-51.00"))).to_contain_text("10")


def test_a_partial_fill_shows_what_is_done_and_what_is_left(
    desk: DeskPage, student: Person, site: Site
) -> None:
    order = desk.limit(student, "buy", 100, 49.60)
    site.student().order("sell", 30, 49.60)
    row = desk.row("working", order)
    expect(row).to_have_attribute("data-state", "partially_filled")
    desk.has_number("order-filled", 30, row)
    expect(desk.by("ladder-bid", desk.by("ladder-row-49.60"))).to_contain_text("70")
    site.student().order("sell", 70, 49.60)
    expect(row).to_have_count(0)
    desk.orders("history")
    expect(desk.row("history", order)).to_have_attribute("data-state", "filled")


def test_an_order_is_replaced_in_its_row(desk: DeskPage, student: Person) -> None:
    order = desk.limit(student, "sell", 50, 52.00)
    desk.by("order-replace", desk.row("working", order)).click()
    desk.by("replace-price").fill("52.10")
    desk.by("replace-quantity").fill("60")
    desk.by("replace-send").click()
    desk.confirmed()
    expect(desk.row("working", order)).to_have_count(0)
    expect(desk.by("orders-working-row")).to_have_count(1)
    (now,) = student.working()
    assert (now["limit_price"], now["quantity"]) == (52.10, 60)
    row = desk.row("working", now["id"])
    assert desk.number("order-price", row) == 52.10
    expect(desk.by("ladder-ask", desk.by("ladder-row-52.10"))).to_contain_text("60")


def test_an_order_is_replaced_by_dragging_it_on_the_chart(desk: DeskPage, student: Person) -> None:
    order = desk.limit(student, "buy", 15, 49.50)
    desk.drag_order(order, 49.30)
    desk.confirmed()
    expect(desk.row("working", order)).to_have_count(0)
    (now,) = student.working()
    assert (now["limit_price"], now["quantity"]) == (49.30, 15)
    assert desk.number("order-price", desk.row("working", now["id"])) == 49.30
    expect(desk.by("ladder-own", desk.by("ladder-row-49.30"))).to_contain_text("15")
    expect(desk.by(f"chart-order-{now['id']}")).to_have_attribute("data-price", "49.30")


def test_an_order_is_cancelled_from_its_row(desk: DeskPage, student: Person) -> None:
    order = desk.limit(student, "buy", 10, 49.00)
    other = desk.limit(student, "buy", 20, 48.90)
    desk.by("order-cancel", desk.row("working", order)).click()
    desk.confirmed()
    expect(desk.row("working", order)).to_have_count(0)
    assert [each["id"] for each in student.working()] == [other]
    expect(desk.by(f"chart-order-{order}")).to_have_count(0)
    desk.orders("history")
    expect(desk.row("history", order)).to_have_attribute("data-state", "canceled")


def test_all_orders_are_cancelled_at_once(desk: DeskPage, student: Person) -> None:
    for price in (48.00, 48.10, 48.20):
        desk.limit(student, "buy", 5, price)
    desk.by("orders-cancel-all").click()
    desk.confirmed()
    expect(desk.by("orders-working-row")).to_have_count(0)
    expect(desk.by("orders-empty").first).to_be_visible()
    assert student.working() == []


def test_what_the_exchange_refuses_is_told_in_its_sentence(desk: DeskPage, student: Person) -> None:
    # Far outside of the instrument's price limits.
    desk.fill_ticket("buy", "limit", 10, price=95.00)
    told = desk.by("ticket-problem").or_(desk.page.locator('[data-testid="toast"][data-kind="bad"]'))
    expect(told.filter(has_text="price").first).to_be_visible()
    expect(desk.by("ticket-send")).to_be_disabled()
    assert student.working() == []


def test_a_price_is_taken_from_the_ladder(desk: DeskPage, student: Person, site: Site) -> None:
    site.student().order("sell", 10, 50.75)
    desk.by("ticket-type").select_option("limit")
    rung = desk.by("ladder-row-50.75")
    expect(rung).to_be_visible()
    desk.by("ladder-price", rung).click()
    expect(desk.by("ticket-price")).to_have_value("50.75")
    assert student.working() == []


def test_orders_of_a_program_are_on_the_page_too(desk: DeskPage, student: Person) -> None:
    made = student.order("buy", 7, 47.00, client_order_id="from-a-program")
    order = made["id"] if "id" in made else made["orders"][0]["id"]
    desk.orders("working")
    row = desk.row("working", order)
    expect(row).to_be_visible()
    assert row.get_attribute("data-client") == "from-a-program"


def test_busts_and_fines_are_told_with_their_reason(desk: DeskPage, site: Site, student: Person) -> None:
    other, teacher = site.student(), site.teacher()
    other.order("sell", 6, 50.50)
    student.order("buy", 6, 50.50)
    (fill,) = student.here("GET", "/fills")["fills"]
    desk.said("Bought 6")
    teacher.here("POST", f"/trades/{fill['trade']}/bust", {"reason": "a finger too thick"})
    desk.said(f"undone trade {fill['trade']} in QUIET", "a finger too thick")
    desk.orders("history")
    row = desk.row("history", fill["order"])
    expect(desk.by("order-filled", row)).to_have_text("0")
    expect(row).to_contain_text("6 busted")
    desk.by("order-explain", row).click()
    expect(desk.by("explanation")).to_contain_text("Filled: nothing of 6; 6 that had traded busted.")
    expect(desk.by("explanation")).to_contain_text("a finger too thick")
    desk.page.keyboard.press("Escape")

    seat = student.here("GET", "/account")["name"]
    teacher.here("POST", "/fine", {"account": seat, "amount": 25, "reason": "quoted no market"})
    desk.said("You were fined 25.00", "Reason: quoted no market")
    listed = desk.by("account-movements").locator("li")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text("fine: quoted no market")
    expect(listed).to_contain_text("25.00")
