"""Which session a request means that names none, and what the log says of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from tests.api.alpaca.conftest import SCENARIO, Person, Served, until
from workbench.domain.codes import SessionState


@pytest.fixture
def early(served: Served) -> Iterator[str]:
    """A second session, open beside the usual one."""
    name = "early"

    async def make() -> None:
        session = await served.server.sessions.create(name, SCENARIO)
        served.server.attach(session)
        await session.move(SessionState.OPEN)

    served.call(make())
    yield name
    session = served.server.sessions.get(name)
    if session.state == SessionState.OPEN:
        served.call(session.move(SessionState.CLOSED))


def session_of(person: Person, name: str = "") -> str:
    headers = {**person.headers, **({"X-Session": name} if name else {})}
    answer = httpx.get(f"{person.url}/v2/account", headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])


def test_the_session_joined_last_is_followed_until_it_is_over(served: Served, early: str) -> None:
    person = served.person()
    assert session_of(person, early) == early
    assert session_of(person) == early
    served.call(served.server.sessions.get(early).move(SessionState.CLOSED))
    # Another one is open, and it is the only one.
    assert session_of(person) == "quiet"
    # What is over can still be read by its name.
    assert session_of(person, early) == early


@pytest.fixture
def loud() -> Iterator[None]:
    """Nothing is too small for the log, whatever a command that another test ran in this process left."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("loud")
def test_the_log_says_which_session_a_request_went_to(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = served.person()
    monkeypatch.setattr(served.server, "settings", replace(served.server.settings, log_requests=True))
    order = {
        "symbol": "AAPL",
        "qty": 9e6,
        "side": "buy",
        "type": "limit",
        "limit_price": 99,
        "time_in_force": "day",
    }
    with capture_logs() as told:
        httpx.post(f"{served.url}/v2/orders", headers=person.headers, json=order)
        httpx.get(f"{served.url}/v2/orders/nonsense", headers=person.headers)
        httpx.get(f"{served.url}/v2/stocks/bars", headers=person.headers, params={"timeframe": "x"})
        httpx.get(f"{served.url}/v2/clock", headers=person.headers)
        httpx.get(f"{served.url}/v1beta3/crypto/us/latest/bars", params={"symbols": "SIM/USD"})
        httpx.get(f"{served.url}/api/sessions/quiet", headers=person.headers)
        # A request is logged once it is answered: whoever has the answer may be faster than the log.
        until(lambda: sum(line["event"] == "request" for line in told) >= 6)
    requests = {line["route"]: line for line in told if line["event"] == "request"}
    assert len(requests) == 6
    assert {line["session"] for line in requests.values()} == {"quiet"}
    assert requests["/v2/orders"]["status"] == 403
