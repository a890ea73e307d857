"""The whole OpenAPI tried with what nobody thought of; `make schema` runs many more examples of it.

Every campaign has a server of its own, for some routes end its session or its users. Routes that end what the
others need come last, and requests name things that exist more often than things that do not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.callers import ADMIN, ANONYMOUS, BOT, CALLERS, INSTRUCTOR, STUDENT, headers_of
from tests.api.served import MARKET, SESSION, Served, serving
from workbench.api.logs import set_up_logs
from workbench.identity.roles import Role

FUZZED = (ADMIN, INSTRUCTOR, STUDENT, BOT)
"""Whom the short form tries it as; the long one knocks as everybody who is named."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

LAST = (
    "/api/sessions/{name}/pause",
    "/api/sessions/{name}/kill",
    "/api/sessions/{name}/close",
    "/api/sessions/{name}/debrief",
    "/api/me/devices/{login}",
    "/api/users/{user_id}/role",
    "/api/users/{user_id}",
    "/api/me/password",
    "/api/auth/logout",
    "/api/auth/logout-everywhere",
)
METHODS = ("get", "put", "post", "patch", "delete")
_SECONDS = 30
_TIMES_BUSY = 5


@dataclass(frozen=True)
class Finding:
    """An answer that should not have been given."""

    operation: str
    problem: str
    request: str
    answer: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.problem}\n  {self.request}\n  {self.answer}"


@dataclass
class Outcome:
    """What became of a campaign: statuses by how often they were answered, and what was wrong."""

    statuses: Counter[int]
    findings: list[Finding]

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.statuses.total()


def campaign(served: Served, caller: str, *, examples: int, first: int = 0) -> Outcome:
    """Try every operation as a caller of this kind.

    Parameters
    ----------
    served
        A server that nothing else needs afterwards.
    caller
        One of `CALLERS`; to be anonymous is to try credentials that nobody has, too.
    examples
        Requests of each operation.
    first
        Seed of the first operation; the others follow from it.
    """
    document = requests.get(f"{served.url}/openapi.json", timeout=_SECONDS).json()
    if caller != ANONYMOUS:
        _with_real_credentials_alone(document)
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=served.url)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    operations.sort(key=lambda each: LAST.index(each.path) if each.path in LAST else -1)
    known, outcome = known_names(served), Outcome(Counter(), [])
    with requests.Session() as http:
        http.trust_env = False
        headers = headers_of(served, caller)
        for number, operation in enumerate(operations):
            who = http.get(f"{served.url}/api/auth/me", headers=headers, timeout=_SECONDS)
            if headers and who.status_code == requests.codes.unauthorized:
                headers = headers_of(served, caller)
            _try(operation, http, headers, known, outcome, examples=examples, start=first + number)
    return outcome


def _try(
    operation: Any,
    http: requests.Session,
    headers: dict[str, str],
    known: dict[str, tuple[str, ...]],
    outcome: Outcome,
    *,
    examples: int,
    start: int,
) -> None:
    told: set[tuple[str, int]] = set()
    good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=good | bad, choice=st.integers(0, 7))
    def try_it(case: Any, choice: int) -> None:
        if choice % 4:
            for part in (case.path_parameters, case.query, case.body):
                _name_what_exists(part, known, choice)
        response = case.call(session=http, headers=headers, timeout=_SECONDS)
        for _ in range(_TIMES_BUSY):
            # What a client that was told when to come back does.
            if response.status_code != requests.codes.unavailable or "retry-after" not in response.headers:
                break
            time.sleep(float(response.headers["retry-after"][0]))
            response = case.call(session=http, headers=headers, timeout=_SECONDS)
        outcome.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS, headers=headers)
        except FailureGroup as group:
            for failure in group.exceptions:
                if (failure.title, response.status_code) not in told:
                    told.add((failure.title, response.status_code))
                    problem = f"{failure.title} {response.status_code} {failure.message[:400]}"
                    request = case.as_curl_command(headers={})[:600]
                    outcome.findings.append(Finding(operation.label, problem, request, response.text[:200]))

    try_it()


def _name_what_exists(part: Any, known: dict[str, tuple[str, ...]], choice: int) -> None:
    """Put names of real things into a part of a request, where it has names at all."""
    if isinstance(part, dict):
        for name in part.keys() & known.keys():
            part[name] = known[name][choice % len(known[name])]


def _with_real_credentials_alone(document: dict[str, Any]) -> None:
    """Take the security out of an OpenAPI, so that none but the caller's own credentials are sent."""
    for item in document["paths"].values():
        for method in item.keys() & set(METHODS):
            item[method].pop("security", None)


def known_names(served: Served) -> dict[str, tuple[str, ...]]:
    """Names of things that exist, by the placeholder or field that takes them."""
    victim = served.person()
    with served.client(served.person(Role.ADMIN)) as admin:
        group = admin.post("/api/classes", json={"name": "Tried"}).json()
        assert admin.put("/api/drafts/tried", json={"scenario": MARKET}).status_code == requests.codes.ok
    with served.client(victim) as trader:
        limit = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}
        order = trader.post(f"/api/sessions/{SESSION}/orders", json=limit).json()
    return {
        "name": (SESSION,),
        "symbol": ("QUIET", "HARBOR"),
        "symbols": ("QUIET,HARBOR", "HARBOR"),
        "user_id": (victim.user_id,),
        "class_id": (group["class_id"],),
        "draft": ("tried",),
        "order": (str(order["id"]),),
        "order_id": (str(order["id"]),),
        "table": ("trades", "quotes", "orders"),
        "kind": ("bars", "trades", "quotes"),
        "timeframe": ("1Min", "1Day"),
        "loc": ("us",),
        "market_type": ("stocks",),
        "activity_type": ("FILL",),
        "qty": ("1", "2"),
    }


def main() -> int:
    """Run the long form; 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=150, help="requests of each operation and caller")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other requests")
    parser.add_argument("--caller", choices=CALLERS, action="append", help="only this one; may be repeated")
    asked = parser.parse_args()
    set_up_logs()
    wrong = 0
    for caller in asked.caller or (*FUZZED, ANONYMOUS):
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as served:
            outcome = campaign(served, caller, examples=asked.examples, first=asked.seed)
        counted = ", ".join(f"{status}: {times:,}" for status, times in sorted(outcome.statuses.items()))
        lines = [f"{caller}: {outcome.requests:,} requests ({counted}), {len(outcome.findings)} findings"]
        print("\n".join([*lines, *map(str, outcome.findings)]))  # noqa: T201 - what it is run for
        wrong += len(outcome.findings)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
