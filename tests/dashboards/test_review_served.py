"""Reviews of a server: a day that two students really traded, by its own process and over HTTP alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.parts.charts_time import local_ms
from dashboards.parts.review_day import read_day
from dashboards.parts.review_own import OwnReviews
from dashboards.parts.review_remote import RemoteReviews
from dashboards.parts.review_replay import at_ns, frame_of
from dashboards.parts.review_source import NoReviewError, ReviewSource
from tests.api.served import SESSION, Person, Served
from tests.dashboards.served import Browser, ServedPages, serving_pages
from workbench.identity.roles import Role

pytestmark = [
    pytest.mark.slow,
    # Bokeh 3.9 asks pandas in a way that pandas 3.1 wants otherwise.
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
]


@dataclass
class Closed:
    """A server whose session has closed, and who was there."""

    pages: ServedPages
    ann: Person
    bob: Person
    teacher: Person
    open_said: NoReviewError
    sources: list[ReviewSource]

    def own(self, person: Person) -> ReviewSource:
        """What somebody may look back at in the server's process."""
        return own_reviews(self.pages.served, person)

    def remote(self, person: Person) -> ReviewSource:
        """The same over HTTP."""
        made = RemoteReviews(self.pages.url, person.access, runs=person.role == Role.INSTRUCTOR)
        self.sources.append(made)
        return made


def own_reviews(served: Served, person: Person) -> OwnReviews:
    principal = served.call(served.server.identity.principal_of_token, person.access)
    return OwnReviews(served.server, served._loop, principal)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    with serving_pages(tmp_path_factory.mktemp("review") / "data") as pages:
        served = pages.served
        ann, bob, teacher = served.person(), served.person(), served.person(Role.INSTRUCTOR)
        base = f"/api/sessions/{SESSION}"
        with served.client(ann) as one, served.client(bob) as two, served.client(teacher) as third:
            for client in (one, two):
                assert client.post(f"{base}/join").status_code in (200, 201)
            # Ann buys at 50.00 from Bob and sells to him at 50.10; then an order of hers stands behind his.
            for client, side, price, quantity in (
                (two, "sell", "50.00", "10"),
                (one, "buy", "50.00", "10"),
                (two, "buy", "50.10", "20"),
                (one, "sell", "50.10", "10"),
                (two, "buy", "49.00", "30"),
                (one, "buy", "49.00", "5"),
            ):
                terms = {
                    "symbol": "QUIET",
                    "side": side,
                    "type": "limit",
                    "limit_price": price,
                    "quantity": quantity,
                }
                answer = client.post(f"{base}/orders", json=terms)
                assert answer.status_code in (200, 201), answer.text
            with pytest.raises(NoReviewError) as caught:
                own_reviews(served, ann).open(SESSION, "")
            answer = third.post(f"{base}/close")
            assert answer.status_code == 200, answer.text
        made = Closed(pages, ann, bob, teacher, caught.value, [])
        yield made
        for source in made.sources:
            source.close()


def test_an_open_session_is_no_review_yet(closed: Closed) -> None:
    assert (closed.open_said.why, closed.open_said.session) == ("open", SESSION)
    assert "once its market has closed" in closed.open_said.sentence


@pytest.mark.parametrize("how", ["own", "remote"])
def test_a_day_is_what_was_traded(closed: Closed, how: str) -> None:
    source: ReviewSource = getattr(closed, how)(closed.ann)
    (offered,) = source.sessions()
    assert (offered.name, offered.account) == (SESSION, "seat-1")
    assert datetime.now(UTC) - datetime.fromisoformat(offered.closed) < timedelta(hours=1)
    opened = source.open(SESSION, "")
    assert (opened.accounts, opened.runs) == ((("seat-1", closed.ann.name),), False)
    day = read_day(opened)
    assert day.first_symbol() == "QUIET"
    trip = day.trips.row(0, named=True)
    assert (trip["symbol"], trip["side"], trip["entry_price"], trip["exit_price"]) == (
        "QUIET",
        "BUY",
        50.0,
        50.1,
    )
    assert trip["gross"] == pytest.approx(1.0)
    # What comes later is not there yet at the last fill; later her order stands behind his.
    filled = float(local_ms(day.fills["time"], day.about.zone)[-1])
    seen = {}
    for name, at_ms in (
        ("filled", filled),
        ("standing", float(local_ms(day.orders["created"], day.about.zone)[-1])),
    ):
        at = at_ns(day, at_ms)
        seen[name] = frame_of(
            day, at_ms, day.reviewed.book("QUIET", at, 8), day.reviewed.tape("QUIET", at, 20)
        )
    assert [row[1] for row in seen["filled"]["tape"]][:2] == [50.1, 50.0]
    assert [row[4] for row in seen["filled"]["tape"]][:2] == ["SELL", "BUY"]
    own = seen["standing"]["own"]
    assert [(each["side"], each["price"], each["quantity_ahead"]) for each in own] == [("BUY", 49.0, 30.0)]
    assert seen["standing"]["pnl"] == pytest.approx(1.0 - float(day.fills["fee"].sum()))
    without = source.what_if(day.reviewed)
    assert without.left_out > 0


@pytest.mark.parametrize("how", ["own", "remote"])
def test_another_account_is_for_who_may_read_the_class(closed: Closed, how: str) -> None:
    def look(person: Person, account: str) -> str:
        opened = getattr(closed, how)(person).open(SESSION, account)
        return str(opened.reviewed.about.user)

    about = getattr(closed, how)(closed.bob).open(SESSION, "").reviewed.about
    with pytest.raises(NoReviewError) as caught:
        look(closed.ann, about.account)
    assert caught.value.why == "refused"
    assert look(closed.teacher, about.account) == closed.bob.name
    everybody = getattr(closed, how)(closed.teacher).open(SESSION, about.account).accounts
    assert (about.account, closed.bob.name) in everybody
    # Whoever cannot be shown is answered with whose days there are, which for students is their own.
    everyone = (("seat-1", closed.ann.name), ("seat-2", closed.bob.name))
    for person, account, seats in (
        (closed.ann, "nobody-sits-here", everyone[:1]),
        (closed.ann, closed.bob.name, everyone[:1]),
        (closed.ann, "seat-2", everyone[:1]),
        (closed.teacher, "nobody-sits-here", everyone),
    ):
        with pytest.raises(NoReviewError) as caught:
            look(person, account)
        # A student is told the same of what is another's and of what there is not.
        assert caught.value.why == ("missing" if person is closed.teacher else "refused")
        assert caught.value.accounts == seats
    # By name, too.
    assert look(closed.teacher, closed.bob.name) == closed.bob.name
    assert look(closed.ann, closed.ann.name) == closed.ann.name


@pytest.mark.parametrize("how", ["own", "remote"])
def test_who_had_no_seat_chooses_first_and_only_that_look_is_written_down(closed: Closed, how: str) -> None:
    served = closed.pages.served
    teacher, root = served.person(Role.INSTRUCTOR), served.person(Role.ADMIN)

    def looks() -> list[str]:
        with served.client(root) as client:
            entries = client.get("/api/audit?limit=500").json()["entries"]
        return [
            each["details"]["account"]
            for each in entries
            if each["action"] == "account.read" and each["actor"] == teacher.name
        ]

    source: ReviewSource = getattr(closed, how)(teacher)
    with pytest.raises(NoReviewError) as caught:
        source.open(SESSION, "")
    assert (caught.value.why, caught.value.session) == ("choose", SESSION)
    assert caught.value.accounts == (("seat-1", closed.ann.name), ("seat-2", closed.bob.name))
    assert looks() == []
    assert source.open(SESSION, closed.bob.name).reviewed.about.user == closed.bob.name
    assert looks() == ["seat-2"]


def test_a_token_that_is_over_says_so(closed: Closed) -> None:
    source = RemoteReviews(closed.pages.url, "over", runs=False)
    with pytest.raises(NoReviewError) as caught:
        source.open(SESSION, "")
    source.close()
    assert caught.value.why == "expired"


def test_the_page_is_for_who_is_signed_in_and_loads_from_here_alone(closed: Closed) -> None:
    pages = closed.pages
    with pages.nobody() as nobody:
        assert (
            nobody.http.get(f"/review?session={SESSION}")
            .headers["location"]
            .startswith("/api/auth/resume?next=")
        )
        assert nobody.http.get("/review/autoload.js").status_code == 401
    with Browser(pages.url, closed.ann) as browser:
        page = browser.http.get(f"/review?session={SESSION}")
        assert page.status_code == 200
        assert "tabulator" in page.text
        assert "cdn" not in page.text
        assert "'unsafe-eval'" not in page.headers["content-security-policy"]
        # Nothing that is anybody's stands in the document before its socket opens.
        assert closed.ann.access not in page.text
        assert "50.1" not in page.text
        # What a review needs other pages do not load.
        assert "tabulator" not in browser.http.get("/desk").text
        with browser.socket(browser.token("/review"), "/review") as socket:
            assert "ACK" in str(socket.recv(timeout=60))
