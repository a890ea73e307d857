"""Values that break what is careless, in every place of a request: path, query, and each field of a body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.fuzz import LAST, METHODS, known_names
from tests.api.served import Served, serving
from workbench.identity.roles import Role

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "²",
    "١٢٣",
    "--5",
    "+1",
    "1_000",
    "9" * 5_000,
    "-9223372036854775809",
    "18446744073709551616",
    "NaN",
    "-Infinity",
    "1e999",
    "0x10",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+14:00",
    "2025-02-30",
    "' OR 1=1 --",
    '"; DROP TABLE users; --',
    "%' UNION SELECT password_hash FROM users --",
    "../../../../etc/passwd",
    "..%2f..%2fidentity.db",
    "..\\..\\server\\secret",
    "/etc/passwd",
    "file:///etc/passwd",
    "\r\nSet-Cookie: mine=1",
    "\u202etxt.exe",
    "\uff28\uff21\uff32\uff22\uff2f\uff32",
    "a\u0301" * 200,
    "👩‍👩‍👧‍👧",
    "\ufeff",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}}",
    "*",
    "null",
)
RAW_PATHS = ("%00", "%ff%fe", "%ed%a0%80", "%2e%2e%2f%2e%2e%2fidentity.db", "%0d%0aX-Mine:%201")
LITERALS = (
    *(json.dumps(text) for text in TEXTS),
    "null",
    "true",
    "0",
    "-0.0",
    "-1",
    "1e308",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "5e-324",
    "9" * 400,
    "9" * 5_000,
    "9223372036854775808",
    "0.1234567890123456789",
    "[]",
    "{}",
    "[[[[[[[[[[]]]]]]]]]]",
    '{"a": {"b": {"c": []}}}',
    '"\\ud800"',
)
BODIES = (
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"{}" * 2,
    b"[" * 20_000,
    b'{"a":' * 20_000,
    b'{"name": "a", "name": "b", "symbol": "QUIET", "symbol": "CALM"}',
    b"\xef\xbb\xbf{}",
    b'{"\\ud800": 1}',
)
KINDS = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=utf-16",
    "",
    "\x01",
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that nothing else needs."""
    with serving(tmp_path_factory.mktemp("values") / "data") as running:
        yield running


class Prober:
    """Sends requests as an admin and remembers those that the server failed at."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.failed: list[str] = []
        self.sent = 0
        self.client = served.client()
        self.admin = served.person(Role.ADMIN)
        self.known = {name: values[0] for name, values in known_names(served).items()}
        document = self.client.get("/openapi.json").json()
        self.components = document["components"]["schemas"]
        found = [
            (path, method, item[method])
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item
        ]
        self.operations: list[tuple[str, str, dict[str, Any]]] = sorted(
            found, key=lambda each: LAST.index(each[0]) if each[0] in LAST else -1
        )

    def send(self, method: str, target: str, what: str, **parts: Any) -> httpx.Response | None:
        """One request; what cannot be sent at all is left out."""
        headers = {**self.admin.headers, **parts.pop("headers", {})}
        try:
            answer = self.client.request(method.upper(), target, headers=headers, **parts)
        except (httpx.InvalidURL, httpx.LocalProtocolError):
            return None
        self.sent += 1
        if answer.status_code >= 500:
            self.failed.append(f"{method} {target[:150]} {what[:100]!r}: {answer.status_code}")
        if answer.status_code == 401 and self.client.get("/api/auth/me", headers=self.admin.headers).is_error:
            self.admin = self.served.person(Role.ADMIN)
        return answer

    def path(self, template: str, **given: str) -> str:
        """An address with its placeholders filled: as given, else with what exists."""
        filled = template
        for name in (piece.split("}")[0] for piece in template.split("{")[1:]):
            filled = filled.replace(
                f"{{{name}}}", given.get(name, quote(self.known.get(name, "none"), safe=""))
            )
        return filled

    def example(self, operation: dict[str, Any]) -> dict[str, Any] | None:
        """The example of an operation's JSON body."""
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        schema = content.get("schema", {})
        for part in (schema, *schema.get("anyOf", ())):
            named = self.components.get(part.get("$ref", "").rsplit("/", 1)[-1], part)
            if "examples" in named:
                return dict(named["examples"][0])
        return dict(content.get("example", {}))


@pytest.fixture(scope="module")
def prober(own: Served) -> Iterator[Prober]:
    """Somebody who knocks at every door."""
    made = Prober(own)
    yield made
    made.client.close()


def test_paths_and_queries(prober: Prober) -> None:
    for template, method, operation in prober.operations:
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "query":
                for text in TEXTS:
                    prober.send(method, prober.path(template), text, params={name: text})
        for name in (piece.split("}")[0] for piece in template.split("{")[1:]):
            for text in (*(quote(text, safe="") for text in TEXTS[1:]), *RAW_PATHS):
                prober.send(method, prober.path(template, **{name: text}), text)
    assert "\n".join(prober.failed) == ""
    assert prober.sent > 3_000


def test_every_field_of_every_body(prober: Prober) -> None:
    prober.failed.clear()
    for template, method, operation in prober.operations:
        example = prober.example(operation)
        if example is None:
            continue
        target = prober.path(template)
        for field in example:
            rest = {key: value for key, value in example.items() if key != field}
            for literal in LITERALS:
                body = f"{json.dumps(rest)[:-1]}{', ' if rest else ''}{json.dumps(field)}: {literal}}}"
                prober.send(
                    method, target, body, content=body.encode(), headers={"Content-Type": "application/json"}
                )
    assert "\n".join(prober.failed) == ""


def test_bodies_that_are_none(prober: Prober) -> None:
    prober.failed.clear()
    for template, method, operation in prober.operations:
        if "requestBody" not in operation:
            continue
        target = prober.path(template)
        for body in BODIES:
            prober.send(
                method, target, repr(body[:20]), content=body, headers={"Content-Type": "application/json"}
            )
        for kind in KINDS:
            prober.send(method, target, kind, content=b"a=b&c={}", headers={"Content-Type": kind})
    assert "\n".join(prober.failed) == ""
