"""Signing in: where who is sent, what the refresh token is good for, and what never leads elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from tests.api.served import CHEAP
from tests.dashboards.served import Browser, ServedPages, serving_pages
from tests.faults.server.abuse import fill, small_disk
from workbench.api.auth import ACCESS_COOKIE, REFRESH_COOKIE
from workbench.identity.endings import Ending
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role

ELSEWHERE = [
    "https://evil.example/desk",
    "//evil.example/desk",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/desk\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
    "http:evil.example",
    "/login?next=//evil.example",
    "/api/auth/resume?next=//evil.example",
    "/openapi.json",
    "@evil.example",
    "/desk@evil.example",
    "http://[",
]


def cookies_of(answer: httpx.Response) -> dict[str, SimpleCookie]:
    return {
        text.split("=", 1)[0]: SimpleCookie(text) for text in answer.headers.get_list("set-cookie") if text
    }


def test_who_is_not_signed_in_signs_in_and_comes_back(pages: ServedPages) -> None:
    with pages.nobody() as browser:
        answer = browser.http.get("/desk?session=market&symbol=HARBOR")
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        answer = browser.http.get(answer.headers["location"])
        assert answer.headers["location"] == "/login?next=/desk%3Fsession%3Dmarket%26symbol%3DHARBOR"
        page = browser.http.get(answer.headers["location"])
        assert page.status_code == 200
        assert 'data-next="/desk?session=market&amp;symbol=HARBOR"' in page.text
        assert 'data-sign-up="open"' in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy


@pytest.mark.parametrize("onward", ELSEWHERE)
def test_nobody_is_sent_elsewhere(pages: ServedPages, onward: str) -> None:
    with pages.nobody() as nobody, pages.browser() as browser:
        page = nobody.http.get("/login", params={"next": onward})
        assert 'data-next=""' in page.text
        assert "evil" not in page.text
        assert nobody.http.get("/api/auth/resume", params={"next": onward}).headers["location"] == "/login"
        assert browser.http.get("/login", params={"next": onward}).headers["location"] == "/desk"
        resumed = browser.http.get("/api/auth/resume", params={"next": onward})
        assert resumed.headers["location"] == "/desk"


@pytest.mark.parametrize(
    ("role", "home"), [(Role.STUDENT, "/desk"), (Role.OBSERVER, "/desk"), (Role.INSTRUCTOR, "/control")]
)
def test_the_bare_address_leads_to_ones_own_page(pages: ServedPages, role: Role, home: str) -> None:
    with pages.browser(role) as browser:
        assert browser.http.get("/").headers["location"] == home
        assert browser.http.get("/login").headers["location"] == home
        assert browser.http.get("/login?next=/desk").headers["location"] == "/desk"
        program = browser.http.get("/", headers={"Accept": "*/*"})
        assert program.json()["name"] == "workbench"


def test_a_log_in_goes_on_when_its_access_token_is_over(pages: ServedPages) -> None:
    with pages.browser() as browser:
        browser.http.cookies.delete(ACCESS_COOKIE, path="/")
        before = browser.http.cookies.get(REFRESH_COOKIE)
        answer = browser.http.get("/desk?session=market")
        assert answer.headers["location"] == "/api/auth/resume?next=/desk%3Fsession%3Dmarket"
        answer = browser.http.get(answer.headers["location"])
        assert answer.headers["location"] == "/desk?session=market"
        given = cookies_of(answer)
        access = given[ACCESS_COOKIE][ACCESS_COOKIE]
        refresh = given[REFRESH_COOKIE][REFRESH_COOKIE]
        assert (access["path"], refresh["path"]) == ("/", "/api/auth")
        for cookie in (access, refresh):
            assert cookie["httponly"]
            assert cookie["samesite"] == "strict"
        assert refresh.value != before
        assert browser.http.get("/desk?session=market").status_code == 200


def test_a_refresh_token_that_does_not_hold_leads_to_signing_in(pages: ServedPages) -> None:
    with pages.browser() as browser:
        assert browser.http.post("/api/auth/logout-everywhere").status_code == 200
        browser.http.cookies.set(REFRESH_COOKIE, "nonsense", path="/api/auth")
        answer = browser.http.get("/api/auth/resume?next=/desk")
        assert answer.headers["location"] == "/login?next=/desk"
        assert 'workbench_refresh=""' in "".join(answer.headers.get_list("set-cookie"))


def test_who_logged_out_is_out(pages: ServedPages) -> None:
    with pages.browser() as browser:
        kept = browser.cookies[ACCESS_COOKIE]
        assert browser.http.post("/api/auth/logout").status_code == 200
        browser.http.cookies.set(ACCESS_COOKIE, kept, path="/")
        assert browser.http.get("/desk").status_code == 303


def test_a_link_on_another_site_opens_the_page_once_more_from_here(pages: ServedPages) -> None:
    with pages.nobody() as browser:
        # Browsers leave the cookies out: SameSite=Strict.
        for path in ("/desk", "/"):
            answer = browser.http.get(path, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 200
            assert 'http-equiv="refresh" content="0"' in answer.text
            again = browser.http.get(path, headers={"Sec-Fetch-Site": "same-origin"})
            assert again.status_code == 303


def test_a_slash_at_the_end_is_left_out(pages: ServedPages) -> None:
    with pages.nobody() as browser:
        for path, meant in (("/login/?next=/desk", "/login?next=/desk"), ("/desk//", "/desk")):
            answer = browser.http.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, meant)


def test_only_reading_is_answered(pages: ServedPages) -> None:
    with pages.browser() as browser:
        for path in ("/login", "/api/auth/resume", "/assets/desk.js"):
            assert browser.http.post(path).status_code == 405
        assert browser.http.post("/desk").status_code == 405


def test_a_page_may_run_what_stands_in_it_and_nothing_else(pages: ServedPages) -> None:
    with pages.browser() as browser:
        first, second = browser.http.get("/desk"), browser.http.get("/desk")
        policies = []
        for answer in (first, second):
            policy = answer.headers["content-security-policy"]
            policies.append(policy)
            nonce = policy.split("'nonce-")[1].split("'")[0]
            assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"')
            assert "unsafe-eval" not in policy
            assert "script-src 'self' blob: 'nonce-" in policy
            assert "://" not in policy.replace("ws://", "").replace("wss://", "")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "https://cdn" not in answer.text
        assert policies[0] != policies[1]


def test_pages_have_the_hosts_and_counts_of_the_api(pages: ServedPages) -> None:
    with pages.browser() as browser:
        answer = browser.http.get("/desk")
        assert answer.headers["x-request-id"]
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def reset(pages: ServedPages, user_id: str) -> None:
    pages.served.run(pages.served.server.identity.reset_password(CONSOLE, user_id))


def disable(pages: ServedPages, user_id: str) -> None:
    pages.served.run(pages.served.server.identity.disable(CONSOLE, user_id))


def log_out(pages: ServedPages, user_id: str) -> None:
    pages.served.run(pages.served.server.identity.logout_everywhere(user_id, by=CONSOLE))


ENDED = [
    (reset, Ending.PASSWORD_RESET),
    (disable, Ending.DISABLED),
    (log_out, Ending.EVERYWHERE),
]


def told(page: httpx.Response) -> str:
    """What the page for signing in says of the log-in that somebody had."""
    assert page.status_code == 200
    return page.text.split('data-why="')[1].split('"')[0]


@pytest.mark.parametrize(("end", "ending"), ENDED)
def test_whose_log_in_ended_is_told_why_in_every_page_that_is_open(
    pages: ServedPages, end: Callable[[ServedPages, str], None], ending: Ending
) -> None:
    with pages.browser() as browser:
        assert browser.person is not None
        end(pages, browser.person.user_id)
        # Two pages of one browser come one after the other.
        for path in ("/desk?session=market", "/review"):
            answer = browser.http.get(path)
            answer = browser.http.get(answer.headers["location"])
            address = answer.headers["location"]
            assert address.startswith("/login?next=/")
            assert address.endswith(f"&why={ending.code}")
            kept = cookies_of(answer)
            assert kept[ACCESS_COOKIE][ACCESS_COOKIE]["max-age"] == "0"
            assert kept[REFRESH_COOKIE][REFRESH_COOKIE]["max-age"] == "60"
            sentence = f"{ending.sentence[0].upper()}{ending.sentence[1:]}."
            assert told(browser.http.get(address)) == sentence
        # What a page's own program is answered.
        refused = browser.http.post("/api/auth/refresh")
        assert refused.json()["details"] == {"ended": ending.code}


def test_who_shows_no_log_in_of_this_server_is_told_nothing(pages: ServedPages) -> None:
    with pages.browser() as ended, pages.nobody() as nobody, pages.nobody() as forger:
        assert ended.person is not None
        disable(pages, ended.person.user_id)
        forger.http.cookies.set(REFRESH_COOKIE, "A" * 43, path="/api/auth")
        # Proven, but not what may be asked about the log-in's end.
        forger.http.cookies.set(ACCESS_COOKIE, ended.cookies[ACCESS_COOKIE], path="/")
        for browser in (nobody, forger):
            answer = browser.http.get("/api/auth/resume?next=/desk&why=disabled")
            assert answer.headers["location"] == "/login?next=/desk"
            assert told(browser.http.get(answer.headers["location"])) == ""
            assert browser.http.post("/api/auth/refresh").json()["details"] == {}


@pytest.mark.parametrize(
    "why",
    [
        "<script>alert(1)</script>",
        'x" onmouseover="alert(1)',
        "Your account was hacked, call 555-1234",
        "password reset; log in at evil.example",
        "//evil.example",
        "expired&next=//evil.example",
        "\u0130",
        "x" * 5_000,
    ],
)
def test_no_link_puts_words_into_the_page_for_signing_in(pages: ServedPages, why: str) -> None:
    with pages.nobody() as nobody:
        page = nobody.http.get("/login", params={"why": why, "next": "/desk"})
        assert told(page) == ""
        assert 'data-next="/desk"' in page.text
        assert why not in page.text
        assert escape(why) not in page.text


def test_a_reason_sends_nobody_elsewhere_and_is_not_told_to_who_is_signed_in(pages: ServedPages) -> None:
    with pages.browser() as browser, pages.nobody() as nobody:
        for onward in ELSEWHERE:
            page = nobody.http.get("/login", params={"why": "expired", "next": onward})
            assert 'data-next=""' in page.text
            assert told(page).startswith("The time of your log-in is over")
        answer = browser.http.get("/login?why=expired&next=/review")
        assert answer.headers["location"] == "/review"


def test_who_comes_back_after_the_time_of_the_log_in_is_told(tmp_path: Path) -> None:
    identity = replace(CHEAP, family_idle_s=1, access_s=1)
    with serving_pages(tmp_path / "data", identity=identity) as pages:
        browser = Browser(pages.url, pages.served.person())
        with browser:
            time.sleep(2)
            # A browser forgets the access token by itself; the other one outlives what it stood for.
            browser.http.cookies.jar.clear_expired_cookies()
            assert [each.name for each in browser.http.cookies.jar] == [REFRESH_COOKIE]
            answer = browser.http.get("/desk")
            answer = browser.http.get(answer.headers["location"])
            assert answer.headers["location"] == "/login?next=/desk&why=expired"


def test_a_log_in_that_cannot_be_gone_on_with_for_a_full_disk_is_kept_and_told_of(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = f"sqlite:///{disk}/identity.db"
        with serving_pages(tmp_path / "data", database=database) as pages, pages.browser() as browser:
            browser.http.cookies.delete(ACCESS_COOKIE, path="/")
            fill(disk / "ballast")
            answer = browser.http.get("/api/auth/resume?next=/desk")
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "text/html" in answer.headers["content-type"]
            assert "The disk of the users&#x27; database is full" in answer.text
            assert 'href="/api/auth/resume?next=/desk"' in answer.text
            assert "set-cookie" not in answer.headers
            (disk / "ballast").unlink()
            answer = browser.http.get("/api/auth/resume?next=/desk")
            assert answer.headers["location"] == "/desk"
