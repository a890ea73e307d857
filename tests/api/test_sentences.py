"""What makes no sense is answered by a sentence: the field, what is there, and what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.served import SESSION, Served
from workbench.api.native.session_models import Speed
from workbench.api.sentences import misshapen
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role

USER = {"name": "zoe", "password": "correct horse battery"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"nonsense", 400, "the body is no JSON"),
        (b"[]", 422, "the body is no JSON object"),
        (b'{"name": "zoe"}', 422, "password is missing"),
        (b'{"name": "zoe", "password": "x", "role": "admin"}', 422, "role is unknown here"),
        (b'{"name": 5, "password": "x"}', 422, "name is 5, expected text"),
    ],
)
def test_a_body_of_a_model(served: Served, body: bytes, status: int, said: str) -> None:
    with served.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/api/auth/sign-up", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["message"].startswith(said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limit_price": "much"}, "limit_price is not as expected: a decimal number such as 45.90"),
        ({"typo_field": 1}, "typo_field is unknown here"),
        ({"symbol": None}, "symbol is null, expected text"),
    ],
)
def test_an_order(served: Served, changes: dict[str, Any], said: str) -> None:
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20} | changes
    with served.client(served.person()) as client:
        answer = client.post(f"/api/sessions/{SESSION}/orders", json=order)
    assert answer.status_code == 422
    assert answer.json()["message"] == said


def test_a_missing_field_of_an_order() -> None:
    assert misshapen("Object missing required field `symbol`") == "symbol is missing"
    assert misshapen("Object missing required field `a` - at `$.legs`") == "legs.a is missing"
    assert misshapen("Expected `object`, got `array`") == "the body is a list, expected an object"


def test_the_name_of_a_session_and_a_password_are_told_apart(served: Served) -> None:
    with served.client(served.person(Role.INSTRUCTOR)) as client:
        answer = client.post("/api/sessions", json={"name": "a b/c", "scenario": "x"})
        assert answer.json()["message"].startswith("name is 'a b/c', expected letters")
        secret = {"name": "zoe", "password": "s3cret" * 500}
        said = client.post("/api/auth/sign-up", json=secret).json()["message"]
    assert "s3cret" not in said


def test_a_refused_price_is_told_in_currency(served: Served) -> None:
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": "89999"}
    with served.client(served.person()) as client:
        answer = client.post(f"/api/sessions/{SESSION}/orders", json=order).json()
    assert answer["details"]["reason"] == "PRICE_OUT_OF_BAND"
    assert float(answer["details"]["value"]) == 89999
    assert float(answer["details"]["limit"]) == 90


def test_a_password_to_use_once_is_to_be_changed_first(served: Served) -> None:
    identity = served.server.identity
    _, password = served.run(identity.create_user(CONSOLE, "once-only", role=Role.INSTRUCTOR))
    access = served.run(identity.login("once-only", password)).access
    with served.client() as client:
        answer = client.get("/api/me/keys", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 403
    assert "change your password first: POST /api/me/password" in answer.json()["message"]


def test_the_first_page_names_what_is_served(served: Served) -> None:
    with served.client() as client:
        page = client.get("/", headers={"Accept": "text/html"})
        assert "/openapi.json" in page.text
        assert page.headers["content-type"].startswith("text/html")
        assert client.get("/", headers={"Accept": "application/json"}).json()["openapi"] == "/openapi.json"


def test_the_fastest_speed_has_a_word() -> None:
    assert Speed.model_validate({"speed": "max"}).speed is None
    assert Speed.model_validate({"speed": 2}).speed == 2
    assert {"const": "max"} in Speed.model_json_schema()["properties"]["speed"]["anyOf"]
