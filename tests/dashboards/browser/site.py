"""A `workbench serve` with pages in a process of its own, and people who use it through the API."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.faults.server.process import READY, START_S, ServerProcess
from tests.served_market import market

SESSION = "market"
PASSWORD = "correct horse battery"
CASH = 1_000_000
_CHEAP = ("argon2_memory_kib=64", "argon2_passes=1", "user_failures=100000", "address_failures=100000")
_LOGIN_IS_OVER = 401
_numbers = count(1)


class Person:
    """Somebody with an account, who acts through the API; the page of theirs is another log-in.

    Parameters
    ----------
    site
        Where.
    name, password
        Theirs.
    """

    def __init__(self, site: Site, name: str, password: str = PASSWORD) -> None:
        self.name = name
        self.password = password
        self._site = site
        self._http = httpx.Client(base_url=site.url, timeout=60, trust_env=False, verify=site.verify)
        self.log_in()

    def log_in(self) -> None:
        """Log in anew, as after a token's end."""
        self._http.headers.pop("Authorization", None)
        who = {"name": self.name, "password": self.password}
        access = self.ask("POST", "/api/auth/login", who)["access"]
        self._http.headers["Authorization"] = f"Bearer {access}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the API answers; it must be content."""
        answer = self._http.request(method, path, json=body)
        if answer.status_code == _LOGIN_IS_OVER and path != "/api/auth/login":
            self.log_in()
            answer = self._http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def here(self, method: str, path: str, body: object = None) -> Any:
        """The same below the session."""
        return self.ask(method, f"/api/sessions/{SESSION}{path}", body)

    def order(
        self, side: str, quantity: int, price: float | None = None, symbol: str = "QUIET", **more: Any
    ) -> Any:
        """Place an order: limit with a price, market without."""
        terms = {"symbol": symbol, "side": side, "quantity": str(quantity), **more}
        if price is not None:
            terms |= {"type": "limit", "limit_price": f"{price:.2f}"}
        return self.here("POST", "/orders", terms)

    def position(self, symbol: str = "QUIET") -> float:
        """How much they hold."""
        held = self.here("GET", "/positions")["positions"]
        return sum(each["quantity"] for each in held if each["symbol"] == symbol)

    def working(self) -> list[dict[str, Any]]:
        """Their open orders."""
        orders: list[dict[str, Any]] = self.here("GET", "/orders?state=open")["orders"]
        return orders

    def close(self) -> None:
        """Take all orders back, and go."""
        self._http.delete(f"/api/sessions/{SESSION}/orders")
        self._http.close()


class Site(ServerProcess):
    """A server, at the same address whenever it is started again.

    Parameters
    ----------
    data
        Its data root.
    settings
        What `--set` takes.
    scenario
        File of what is played; a small market unless given.
    more
        Further options of `workbench serve`.
    environment
        Variables beside those of this process.
    verify
        Whose certificates are trusted.
    """

    def __init__(
        self,
        data: Path,
        *settings: str,
        scenario: Path | None = None,
        more: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        if scenario is None:
            scenario = data.parent / f"{data.name}.toml"
            scenario.write_text(market(cash=CASH))
        words = ["--scenario", str(scenario), "--name", SESSION, "--no-rate-limits", "--sign-up", "open"]
        for each in (*_CHEAP, *settings):
            words += ["--set", each]
        super().__init__(data, *words, *more, environment=environment)
        self.verify = verify
        self.people: list[Person] = []
        self._admin_password = ""

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        assert self.process is not None
        end = time.monotonic() + START_S
        while READY not in self.printed():
            assert self.process.poll() is None, self.printed()[-2000:].decode()
            assert time.monotonic() < end, "the server did not start in time"
            time.sleep(0.02)
        found = re.search(rb"password, which is shown only now, is\s+(\S+)", self.printed())
        if found is not None:
            self._admin_password = found[1].decode()

    def kill_now(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it in order."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.close()

    def ask_anybody(self, method: str, path: str, body: object = None) -> httpx.Response:
        """What the API answers to a program that has shown nothing of its own."""
        url = f"{self.url}{path}"
        return httpx.request(method, url, json=body, trust_env=False, timeout=30, verify=self.verify)

    def student(self, name: str = "") -> Person:
        """A new student."""
        name = name or f"student-{next(_numbers)}"
        who = {"name": name, "password": PASSWORD}
        made = httpx.post(
            f"{self.url}/api/auth/sign-up", json=who, trust_env=False, timeout=60, verify=self.verify
        )
        made.raise_for_status()
        person = Person(self, name)
        self.people.append(person)
        return person

    def teacher(self) -> Person:
        """Who runs the session: the administrator that the first start makes."""
        first = Person(self, "admin", self._admin_password)
        self.people.append(first)
        return first

    def forget_people(self) -> None:
        """Take everybody's orders back."""
        for person in self.people:
            person.close()
        self.people.clear()
