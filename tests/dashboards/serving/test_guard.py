"""Who is let in to a page, tried at the page, its socket and everything else below it."""

from __future__ import annotations

import time

import jwt
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from websockets.exceptions import InvalidStatus

from dashboards.serving.documents import USER
from tests.api.served import PASSWORD
from tests.dashboards.served import TOKEN, Browser, ServedPages, payload
from workbench.api.auth import ACCESS_COOKIE
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role

BELOW = ("/autoload.js", "/metadata", "/anything")


def refused(browser: Browser, token: str, page: str = "/desk", **how: object) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as error, browser.socket(token, page, **how):  # type: ignore[arg-type]
        pass
    response = error.value.response
    return response.status_code, (response.body or b"").decode()


@pytest.mark.parametrize(
    ("role", "desk", "control"),
    [
        (Role.STUDENT, 200, 403),
        (Role.OBSERVER, 200, 403),
        (Role.ASSISTANT, 200, 200),
        (Role.INSTRUCTOR, 200, 200),
        (Role.ADMIN, 200, 200),
    ],
)
def test_pages_are_for_roles(pages: ServedPages, role: Role, desk: int, control: int) -> None:
    with pages.browser(role) as browser:
        for page, status in (("/desk", desk), ("/control", control)):
            assert browser.http.get(page).status_code == status
            # What a guard lets through is not there: bokeh-fastapi has no such addresses.
            for path in BELOW:
                assert browser.http.get(page + path).status_code == (403 if status == 403 else 404)


@pytest.mark.parametrize(("role", "status"), [(Role.STUDENT, 200), (Role.OBSERVER, 403), (Role.ADMIN, 200)])
def test_the_page_of_reports_is_for_who_has_an_account(pages: ServedPages, role: Role, status: int) -> None:
    with pages.browser(role) as browser:
        answer = browser.http.get("/reports")
        assert answer.status_code == status
        assert ("/assets/reports.js?v=" in answer.text) is (status == 200)
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        # There is nothing below it, whoever asks.
        assert browser.http.get("/reports/ws").status_code == (404 if status == 200 else 403)
        assert browser.http.post("/reports").status_code == (405 if status == 200 else 403)


def test_a_student_cannot_open_the_control_room_by_its_socket(pages: ServedPages) -> None:
    with pages.browser() as student, pages.browser(Role.INSTRUCTOR) as instructor:
        for token in (student.token("/desk"), instructor.token("/control")):
            status, said = refused(student, token, "/control")
            assert status == 403
            assert "needs the permission run_session" in said
        answer = student.http.get("/control")
        assert "This page is not open to you" in answer.text
        assert "not for a student" in answer.text
        with instructor.socket(instructor.token("/control"), "/control") as socket:
            assert "ACK" in str(socket.recv(timeout=60))


def test_without_a_log_in_nothing_opens(pages: ServedPages) -> None:
    with pages.browser() as somebody, pages.nobody() as nobody:
        token = somebody.token()
        assert refused(nobody, token)[0] == 401
        for page in ("/desk", "/control"):
            assert nobody.http.get(page).headers["location"] == f"/api/auth/resume?next={page}"
            for path in BELOW:
                assert nobody.http.get(page + path).status_code == 401


def test_forged_tokens_are_nobody(pages: ServedPages) -> None:
    with pages.browser() as browser:
        page_token = browser.token()
        genuine = browser.cookies[ACCESS_COOKIE]
        claims = jwt.decode(genuine, options={"verify_signature": False})
        header, body, signature = genuine.split(".")
        forged = [
            jwt.encode(claims, "x" * 32, algorithm="HS256"),
            jwt.encode(claims, None, algorithm="none"),
            f"{header}.{body}.{signature[:-4]}AAAA",
            "nonsense",
        ]
    for token in forged:
        with pages.nobody() as nobody:
            nobody.http.cookies.set(ACCESS_COOKIE, token, path="/")
            assert nobody.http.get("/desk").status_code == 303
            assert nobody.http.get("/desk/autoload.js").status_code == 401
            assert refused(nobody, page_token)[0] == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
def test_sockets_open_from_pages_of_this_server_alone(pages: ServedPages, origin: str | None) -> None:
    with pages.browser() as browser:
        status, said = refused(browser, browser.token(), origin=origin)
        assert status == 403
        assert "foreign_origin" in said


def test_a_page_is_for_whom_it_was_made(pages: ServedPages) -> None:
    with pages.browser() as ann, pages.browser() as bob:
        stolen = ann.token()
        assert "foreign_page" in refused(bob, stolen)[1]
        bob.token()
        with ann.socket(stolen) as socket:
            assert "ACK" in str(socket.recv(timeout=60))


def test_tokens_of_pages_are_signed(pages: ServedPages) -> None:
    with pages.browser() as browser:
        assert browser.person is not None
        made_up = {"headers": {USER: browser.person.user_id}, "cookies": {}, "arguments": {}}
        key = b"a key of somebody else's"
        for signed in (True, False):
            token = generate_jwt_token(
                generate_session_id(secret_key=key, signed=signed),
                secret_key=key,
                signed=signed,
                extra_payload=made_up,
            )
            assert "foreign_page" in refused(browser, token)[1]
        for nonsense in ("nonsense", "a.b", "e30"):
            assert "foreign_page" in refused(browser, nonsense)[1]


def test_a_document_cannot_be_named_from_outside(pages: ServedPages) -> None:
    with pages.browser() as ann, pages.browser() as bob:
        asked = {"bokeh-session-id": "chosen", "bokeh_session_id": "chosen", "session": "market"}
        tokens = set()
        for browser in (ann, bob):
            answer = browser.http.get("/desk", params=asked, headers={"Bokeh-Session-Id": "chosen"})
            assert "chosen" not in answer.text
            tokens.add(answer.text)
        assert len(tokens) == 2


def test_nobody_says_themselves_who_they_are(pages: ServedPages) -> None:
    with pages.browser() as ann, pages.browser() as bob:
        assert ann.person is not None
        answer = bob.http.get("/desk", headers={USER: ann.person.user_id})
        assert answer.status_code == 200
        token = TOKEN.search(answer.text)
        assert token is not None
        assert bob.person is not None
        assert payload(token[1])["headers"] == {USER: bob.person.user_id}


def test_cookies_are_in_no_page(pages: ServedPages) -> None:
    with pages.browser() as browser:
        answer = browser.http.get("/desk")
        for name, value in browser.cookies.items():
            assert len(value) > 20
            assert name not in answer.text
            assert value not in answer.text
        token = TOKEN.search(answer.text)
        assert token is not None
        said = payload(token[1])
        assert said["cookies"] == {}
        assert set(said["headers"]) == {USER}


def test_a_password_for_once_opens_no_page(pages: ServedPages) -> None:
    identity = pages.served.server.identity
    _, once = pages.served.run(identity.create_user(CONSOLE, f"fresh-{time.monotonic_ns()}"))
    name = _.name
    with pages.nobody() as browser:
        who = {"name": name, "password": once, "cookies": True}
        assert browser.http.post("/api/auth/login", json=who).json()["user"]["must_change_password"]
        answer = browser.http.get("/desk")
        assert answer.status_code == 403
        assert "change it first" in answer.text
        assert PASSWORD not in answer.text


def test_sockets_elsewhere_are_refused(pages: ServedPages) -> None:
    with pages.browser() as browser:
        assert refused(browser, browser.token(), path="/else")[0] == 404
        assert refused(browser, browser.token(), page="/login", path="")[0] == 404
