"""The control room, used as those use it who run a session; what came of it is asked of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.room_page import RoomPage
from tests.dashboards.browser.site import PASSWORD, SESSION, Person, Site
from tests.served_market import market

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

OpenRoom = Callable[..., RoomPage]
PROBES = (Path(__file__).parent / "probes.js").read_text()
SIZES = {"wide": (1440, 900), "small": (1024, 700), "phone": (390, 844)}
TABS = ("floor", "market", "trades", "sessions", "classes", "reports", "audit")
CLOSED_ACTS = ("control-suspend", "control-kill", "control-limit", "control-fee")


@pytest.fixture(scope="module")
def open_room(browser: Browser, site: Site) -> Iterator[OpenRoom]:
    """Opens control rooms in one window, the administrator's unless told otherwise."""
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    opened: list[RoomPage] = []

    def one(person: Person, session: str = SESSION, *, size: tuple[int, int] = (1440, 900)) -> RoomPage:
        for page in window.pages:
            page.close()
        room = RoomPage(window, site)
        opened.append(room)
        room.page.set_viewport_size({"width": size[0], "height": size[1]})
        room.log_in(person)
        return room.enter(session)

    yield one
    window.close()
    for room in opened:
        room.no_complaints()


@pytest.fixture
def teacher(site: Site) -> Iterator[Person]:
    yield site.teacher()
    site.forget_people()


@pytest.fixture
def room(open_room: OpenRoom, teacher: Person) -> RoomPage:
    return open_room(teacher)


def staff(site: Site, teacher: Person, role: str) -> Person:
    """Somebody else who runs sessions."""
    name = f"{role}-{len(site.people)}"
    teacher.ask("POST", "/api/users", {"name": name, "password": PASSWORD, "role": role})
    person = Person(site, name)
    site.people.append(person)
    return person


def yes(room: RoomPage) -> None:
    """Say yes to what is asked, which goes away when it is done."""
    room.by("confirm-yes").click()
    expect(room.by("confirm")).to_have_count(0)


def fill_in(room: RoomPage, **fields: str) -> None:
    """Fill in what a dialog asks for."""
    for name, value in fields.items():
        field = room.by("confirm").locator(f"[name={name}]")
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def answer(site: Site, person: Person | None, method: str, path: str, body: object = None) -> httpx.Response:
    """What the API answers, content or not; no person for who has not logged in."""
    head: dict[str, str] = {}
    if person is not None:
        who = {"name": person.name, "password": person.password}
        access = httpx.post(f"{site.url}/api/auth/login", json=who, trust_env=False, timeout=60).json()[
            "access"
        ]
        head = {"Authorization": f"Bearer {access}"}
    return httpx.request(method, site.url + path, json=body, headers=head, trust_env=False, timeout=60)


def refused(room: RoomPage, person: Person, **order: Any) -> str:
    """The sentence with which an order is refused."""
    terms = {"symbol": "QUIET", "type": "limit", **order}
    told = answer(room.site, person, "POST", f"/api/sessions/{SESSION}/orders", terms)
    assert told.is_client_error, told.text
    return str(told.json()["message"])


def alert_of(room: RoomPage, *words: str) -> Locator:
    """The newest alert in which all words are."""
    found = room.by("control-alert")
    for word in words:
        found = found.filter(has_text=word)
    return found.first


def choose(room: RoomPage, person: Person) -> Locator:
    """Choose somebody in the roster."""
    row = room.participant(person.name)
    row.click()
    expect(row).to_have_attribute("aria-selected", "true")
    return row


def test_a_session_is_made_of_a_file_with_settings_of_its_own(
    room: RoomPage, teacher: Person, tmp_path: Path
) -> None:
    file = tmp_path / "rehearsal.toml"
    file.write_text(market("A rehearsal", seats=3))
    room.view("sessions")
    room.by("create-file").set_input_files(file)
    name, seats, make = room.by("create-name"), room.by("create-seats.count"), room.by("create-send")
    expect(name).to_have_value("rehearsal")
    expect(seats).to_have_value("3")

    # What is wrong is said at its field, and nothing can be made of it.
    seats.fill("-3")
    field = room.by("panel-create").locator("label.field", has=seats)
    expect(field.get_by_role("alert")).to_contain_text("expected a number of seats")
    expect(make).to_be_disabled()
    seats.fill("5")
    expect(field.get_by_role("alert")).to_have_count(0)
    room.by("create-live.speed").fill("2")
    expect(make).to_be_enabled()
    name.fill("no such/name")
    make.click()
    expect(room.by("create-problem")).to_contain_text("letters without accents")
    assert [each["name"] for each in teacher.ask("GET", "/api/sessions")["sessions"]] == [SESSION]

    name.fill("rehearsal")
    make.click()
    expect(room.by("control-state")).to_have_text("lobby")
    assert "session=rehearsal" in room.page.url
    made = teacher.ask("GET", "/api/sessions/rehearsal")
    assert (made["seats"], made["speed"], made["state"]) == (5, 2.0, "lobby")
    # The name is taken now, so another one is proposed.
    room.view("sessions")
    room.by("create-source").select_option("draft:rehearsal")
    expect(name).to_have_value("rehearsal-2")


def test_a_session_goes_from_its_lobby_to_its_debrief(
    open_room: OpenRoom, site: Site, teacher: Person
) -> None:
    teacher.ask("POST", "/api/sessions", {"name": "day", "scenario": market("A day")})
    student = site.student()
    student.ask("POST", "/api/sessions/day/join")
    room = open_room(teacher, "day")
    state = room.by("control-state")

    def asked(act: str, sentence: str, becomes: str) -> None:
        room.by(act).click()
        expect(room.by("confirm")).to_contain_text(sentence)
        yes(room)
        expect(state).to_have_text(becomes)

    room.by("control-start-pre-open").click()
    expect(state).to_have_text("pre open")
    asked("control-start", "Orders of the one participant trade", "open")
    room.by("control-speed").select_option("5")
    room.said("runs at 5")
    assert teacher.ask("GET", "/api/sessions/day")["speed"] == 5
    # Faster than people can trade is asked first; with no, all stays.
    room.by("control-speed").select_option("max")
    expect(room.by("confirm")).to_contain_text("as fast as possible")
    room.by("confirm-no").click()
    expect(room.by("control-speed")).to_have_value("5")
    # An auction of half a minute is over before a busy machine has looked at it five times faster.
    room.by("control-speed").select_option("1")
    room.said("runs at 1")

    asked("control-pause", "can only cancel", "paused")
    asked("control-resume-auction", "Orders are collected first", "open")
    room.halt("CALM")
    expect(room.instrument("CALM")).to_contain_text("halted")
    expect(alert_of(room, "CALM", "halted")).to_be_visible()
    room.by("control-lift", room.instrument("CALM")).click()
    expect(room.instrument("CALM")).to_contain_text("auction")

    # An order that is good till cancelled outlives the close; open it is not.
    resting = {"type": "limit", "limit_price": "49.00", "time_in_force": "gtc"}
    order = {"symbol": "QUIET", "side": "buy", "quantity": "5", **resting}
    student.ask("POST", "/api/sessions/day/orders", order)
    row = choose(room, student)
    expect(room.by("control-kill")).to_have_text("Cancel 1 order")
    asked("control-close", "cannot be opened again", "closed")
    expect(room.by("control-kill")).to_have_text("Cancel 0 orders")
    for act in CLOSED_ACTS:
        expect(room.by(act)).to_be_disabled()
    expect(row).to_be_visible()
    link = room.by("control-review").get_attribute("href")
    seat = teacher.ask("GET", "/api/sessions/day/participants")["participants"][0]["name"]
    assert link == f"/review?session=day&account={seat}"
    asked("control-debrief", "nothing is added", "debrief")
    with room.page.expect_download() as coming:
        room.page.get_by_role("link", name="Export").first.click()
    assert coming.value.suggested_filename == "day.zip"
    assert coming.value.path().read_bytes()[:2] == b"PK"


def test_news_reach_everybody_and_wrong_ones_nobody(room: RoomPage, student: Person) -> None:
    room.by("control-news-headline").fill("Quiet Mills\x07 closes a plant")
    room.by("control-news-send").click()
    problem = room.by("panel-news").get_by_role("alert")
    expect(problem).to_contain_text("printed")
    assert student.here("GET", "/news")["news"] == []
    room.by("panel-news").get_by_role("button", name="QUIET").click()
    room.announce("Quiet Mills closes a plant", "The others <b>stay</b>.")
    expect(problem).to_have_count(0)
    expect(room.by("control-news-row").first).to_contain_text("The others <b>stay</b>.")
    (news,) = student.here("GET", "/news")["news"]
    assert (news["headline"], news["symbols"]) == ("Quiet Mills closes a plant", ["QUIET"])


def test_limits_and_fees_hold_for_one_or_for_all(room: RoomPage, site: Site, student: Person) -> None:
    other = site.student()
    for person in (student, other):
        person.here("POST", "/join")
    choose(room, student)
    room.by("control-limit").click()
    expect(room.by("confirm-now")).to_have_text("Now: no limit.")
    fill_in(room, limit="max_order_lots", value="many")
    room.by("confirm-yes").click()
    expect(room.by("confirm-problem")).not_to_be_empty()
    fill_in(room, value="10")
    yes(room)
    assert "10" in refused(room, student, side="buy", quantity="11", limit_price="49.00")
    other.order("buy", 11, 49.00)
    room.by("control-limit").click()
    expect(room.by("confirm-now")).to_have_text("Now: 10 lots.")
    fill_in(room, value="0")
    yes(room)

    room.page.get_by_role("button", name="Choose nobody").click()
    room.by("control-limit-all").click()
    fill_in(room, limit="max_order_notional", value="100")
    yes(room)
    for person in (student, other):
        refused(room, person, side="buy", quantity="11", limit_price="49.00")
    room.by("control-limit-all").click()
    fill_in(room, limit="max_order_notional", value="0")
    yes(room)

    # Fees: one pays from the next fill on, the other nothing.
    choose(room, student)
    room.by("control-fee").click()
    expect(room.by("confirm-now")).to_contain_text("QUIET 0")
    fill_in(room, fee="taker_bps", symbol="QUIET", value="a lot")
    room.by("confirm-yes").click()
    expect(room.by("confirm-problem")).not_to_be_empty()
    fill_in(room, value="20")
    yes(room)
    other.order("sell", 10, 50.00)
    student.order("buy", 10, 50.00)
    assert [each["fee"] for each in student.here("GET", "/fills")["fills"]] == [1.0]
    assert [each["fee"] for each in other.here("GET", "/fills")["fills"]] == [0.0]
    room.by("control-fee").click()
    fill_in(room, fee="taker_bps", symbol="QUIET")
    expect(room.by("confirm-now")).to_contain_text("QUIET 20")
    room.page.keyboard.press("Escape")
    expect(room.by("confirm")).to_have_count(0)


def test_a_trade_is_found_and_taken_back(room: RoomPage, site: Site, student: Person) -> None:
    other = site.student()
    for quantity in (7, 9):
        other.order("sell", quantity, 50.50)
        student.order("buy", quantity, 50.50)
    (last, first) = student.here("GET", "/fills")["fills"]
    assert (last["quantity"], first["quantity"]) == (9, 7)
    room.view("trades")
    search = room.by("trades-search")
    rows = room.by("panel-trades").locator("tbody tr")

    search.fill("nobody-like-that")
    expect(room.by("panel-trades")).to_contain_text("Nobody here is called")
    search.fill(student.name)
    expect(rows).to_have_count(2)
    search.fill(f"#{first['trade']}")
    expect(rows).to_have_count(1)
    row = room.by(f"control-trade-{first['trade']}")
    expect(row).to_contain_text(student.name)
    expect(row).to_contain_text(other.name)

    room.by("control-bust", row).click()
    expect(room.by("confirm")).to_contain_text(f"{student.name} bought 7 QUIET at 50.5 from {other.name}")
    fill_in(room, reason="a finger too thick")
    yes(room)
    expect(row).to_have_attribute("data-state", "busted")
    expect(row).to_contain_text("busted")
    assert (student.position(), other.position()) == (9, -9)
    # It is told to whoever runs the session, also after a reload.
    for _ in range(2):
        room.view("floor")
        expect(alert_of(room, str(first["trade"]), "a finger too thick")).to_be_visible()
        room.page.reload()
    # A second time is refused with the server's sentence, which another page may come to ask for.
    room.view("trades")
    search.fill(f"#{first['trade']}")
    expect(row).to_have_attribute("data-state", "busted")
    expect(room.by("control-bust", row)).not_to_be_visible()


def test_a_fine_is_told_with_its_reason(room: RoomPage, student: Person) -> None:
    student.here("POST", "/join")
    seat = student.here("GET", "/account")["name"]
    choose(room, student)
    room.by("control-fine").click()
    fill_in(room, amount="99999999", reason=" quoted no market ")
    # A digit too many is seen before it is done.
    expect(room.by("confirm-now")).to_contain_text(re.compile("then \N{MINUS SIGN}98,999,999.00, below zero"))
    fill_in(room, amount="25")
    expect(room.by("confirm-now")).not_to_contain_text("below zero")
    yes(room)
    room.said(f"({seat}) was fined 25.00.")
    (fined,) = student.here("GET", "/cash")["changes"]
    assert (fined["reason"], fined["amount"], fined["text"]) == ("fine", -25.0, "quoted no market")


def test_the_leaderboard_is_live_late_or_hidden_from_students(
    room: RoomPage, teacher: Person, student: Person
) -> None:
    student.here("POST", "/join")

    def seen() -> int:
        return answer(room.site, student, "GET", f"/api/sessions/{SESSION}/leaderboard").status_code

    live, late, hidden = (room.by(f"control-board-{mode}") for mode in ("live", "delayed", "hidden"))
    expect(live).to_have_attribute("aria-pressed", "true")
    assert seen() == 200
    hidden.click()
    expect(hidden).to_have_attribute("aria-pressed", "true")
    assert seen() == 403
    expect(room.by("control-leader-row").filter(has_text=student.name)).to_be_visible()
    late.click()
    fill_in(room, delay="never")
    room.by("confirm-yes").click()
    expect(room.by("confirm-problem")).to_contain_text("above zero")
    fill_in(room, delay="10")
    yes(room)
    expect(late).to_have_text("10 min late")
    told = teacher.here("GET", "/leaderboard")
    assert (told["mode"], told["delay_seconds"]) == ("delayed", 600)
    assert seen() == 200
    live.click()
    expect(live).to_have_attribute("aria-pressed", "true")


def test_a_look_at_somebodys_desk_is_read_only_and_written_down(
    room: RoomPage, teacher: Person, student: Person
) -> None:
    order = student.order("buy", 5, 49.00)
    refused(room, student, side="buy", quantity="1", limit_price="500.00")
    choose(room, student)
    room.page.keyboard.press("Enter")
    watching = room.by("panel-watching")
    expect(watching).to_contain_text("limit")
    expect(watching).to_contain_text("49.00")
    expect(watching).to_contain_text("price out of band")
    watching.get_by_role("button", name="Why?").last.click()
    expect(watching.locator("[data-testid=explanation]")).to_contain_text(str(order["id"]))
    looks = teacher.ask("GET", "/api/audit?action=account.read")["entries"]
    seat = student.here("GET", "/account")["name"]
    assert [each["details"] for each in looks if seat in str(each)] != []
    room.page.keyboard.press("Escape")
    expect(watching).to_have_count(0)
    assert len(student.working()) == 1
    room.view("audit")
    room.page.get_by_label("Act").fill("account.read")
    expect(room.by("panel-audit").locator("tbody tr").first).to_contain_text("account.read")


def test_the_roster_finds_suspends_and_cancels_by_keys(room: RoomPage, site: Site, student: Person) -> None:
    other = site.student()
    student.order("buy", 5, 49.00)
    other.here("POST", "/join")
    keys = room.page.keyboard
    keys.press("/")
    keys.type(student.name)
    keys.press("Escape")
    rows = room.by("panel-roster").locator("tbody tr")
    expect(rows).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("k")
    # A stray Enter does nothing that cannot be undone, and the focus stays in the question.
    expect(room.by("confirm-no")).to_be_focused()
    for _ in range(4):
        keys.press("Tab")
    assert room.by("confirm").evaluate("each => each.contains(each.getRootNode().activeElement)")
    keys.press("Escape")
    expect(room.by("confirm")).to_have_count(0)
    assert len(student.working()) == 1
    # The page hears the very next key.
    keys.press("k")
    yes(room)
    assert student.working() == []
    keys.press("s")
    yes(room)
    expect(rows).to_have_attribute("data-state", "suspended")
    assert "suspended" in refused(room, student, side="buy", quantity="1", limit_price="49.00")
    expect(alert_of(room, student.name, "suspended")).to_be_visible()
    # Who comes later reads of it too.
    room.page.reload()
    expect(alert_of(room, student.name, "suspended")).to_be_visible()
    choose(room, student)
    room.by("control-reinstate").click()
    expect(room.participant(student.name)).not_to_have_attribute("data-state", "suspended")
    student.order("buy", 1, 49.00)


def test_a_roster_is_imported_in_whole_or_not_at_all(room: RoomPage, teacher: Person, tmp_path: Path) -> None:
    room.view("classes")
    room.page.get_by_role("button", name="New class…").click()
    fill_in(room, name="Monday")
    yes(room)
    members = room.by("panel-members")
    expect(members).to_contain_text("join code")
    roster = tmp_path / "roster.csv"
    roster.write_text("name,email,number\nrosa,rosa@example.org,1\n,sam@example.org,2\nbad name\t,x,3\n")
    room.by("roster-import").set_input_files(roster)
    expect(members.get_by_role("alert")).to_contain_text("line 3")
    (monday,) = teacher.ask("GET", "/api/classes?all=true")["classes"]
    assert monday["members"] == 1
    roster.write_text("name,email,number\nrosa,rosa@example.org,1\nsam,sam@example.org,2\n")
    room.by("roster-import").set_input_files(roster)
    passwords = room.by("passwords")
    expect(passwords).to_contain_text("2 one-time passwords")
    expect(members.get_by_role("alert")).to_have_count(0)
    with room.page.expect_download() as coming:
        passwords.get_by_role("button", name="Save as CSV").click()
    lines = coming.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["name", "rosa", "sam"]
    before = lines[1].split(",")[1]

    passwords.get_by_role("button", name="I have them").click()
    members.locator("tbody tr", has_text="rosa").get_by_role("button", name="Reset password").click()
    expect(room.by("confirm")).to_contain_text("logged out everywhere")
    yes(room)
    after = passwords.locator("code").inner_text()
    assert after != before

    def log_in(password: str) -> int:
        who = {"name": "rosa", "password": password}
        return answer(room.site, None, "POST", "/api/auth/login", who).status_code

    assert (log_in(before), log_in(after)) == (401, 200)


def test_assistants_run_a_session_and_do_not_touch_accounts(
    open_room: OpenRoom, site: Site, teacher: Person, student: Person
) -> None:
    student.order("buy", 5, 49.00)
    room = open_room(staff(site, teacher, "assistant"))
    choose(room, student)
    for act in ("control-suspend", "control-limit", "control-fee"):
        expect(room.by(act)).to_be_disabled()
    expect(room.by("control-kill")).to_be_enabled()
    room.page.keyboard.press("l")
    room.said("Instructors may do this")
    expect(room.by("control-tab-audit")).to_have_count(0)


def shown(room: RoomPage, tab: str) -> None:
    """Show a view, and wait until it has its data."""
    room.view(tab)
    expect(room.by("control").get_by_text(re.compile("^Reading"))).to_have_count(0)


def something_of_everything(site: Site, student: Person) -> None:
    other = site.student()
    other.order("sell", 40, 50.50)
    student.order("buy", 30, 50.50)
    student.order("buy", 5, 49.00)


def test_everything_fits_at_every_size(
    open_room: OpenRoom, site: Site, teacher: Person, student: Person, pictures: Path
) -> None:
    something_of_everything(site, student)
    for name, (width, height) in SIZES.items():
        room = open_room(teacher, size=(width, height))
        choose(room, student)
        for tab in TABS:
            shown(room, tab)
            room.page.screenshot(path=pictures / f"control-{tab}-{name}.png")
            wide = room.page.evaluate("document.scrollingElement.scrollWidth")
            assert wide <= width, f"{name}, {tab}: the page is wider than the window"
            for panel in room.page.locator(".panel").all():
                box = panel.bounding_box()
                assert box is not None
                inside = box["x"] >= -1 and box["x"] + box["width"] <= width + 1
                assert inside, f"{name}, {tab}: a panel is cut off: {box}"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_text_can_be_read_and_every_control_has_a_name(
    open_room: OpenRoom, site: Site, teacher: Person, student: Person, theme: str
) -> None:
    something_of_everything(site, student)
    teacher.ask("PATCH", "/api/me/preferences", {"theme": theme})
    room = open_room(teacher)
    expect(room.by("control")).to_have_attribute("data-theme", theme)
    choose(room, student)
    for tab in TABS:
        shown(room, tab)
        assert room.page.evaluate(f"{PROBES}.pale()") == {}, tab
        assert room.page.evaluate(f"{PROBES}.nameless()") == [], tab
    room.view("floor")
    room.by("control-limit-all").or_(room.by("control-limit")).first.click()
    assert room.page.evaluate(f"{PROBES}.pale()") == {}
    assert room.page.evaluate(f"{PROBES}.nameless()") == []


# A sheet opens and closes faster than pictures are made: between what the system says and the next one too.
_DRAW = """() => {
    let times = 0;
    const key = () => new KeyboardEvent("keydown", { key: times++ % 2 ? "Escape" : "?" });
    window.drawing = setInterval(() => document.dispatchEvent(key()), 1);
}"""


def test_a_busy_page_follows_the_system(open_room: OpenRoom, site: Site, teacher: Person) -> None:
    person = staff(site, teacher, "instructor")
    person.ask("PATCH", "/api/me/preferences", {"theme": "system"})
    room = open_room(person)
    room.page.evaluate(_DRAW)
    for theme in ("dark", "light", "dark"):
        room.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(room.by("control")).to_have_attribute("data-theme", theme)
    room.page.evaluate("clearInterval(window.drawing)")
