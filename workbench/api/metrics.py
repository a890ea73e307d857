"""What the server counts, in Prometheus' text format, in a registry of its own.

Everything that happens often is counted as plain integers where it happens and read when somebody scrapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from workbench.api.session_metrics import session_metrics
from workbench.errors import ApiError

if TYPE_CHECKING:
    from workbench.api.server import Server

disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The metrics of one server."""

    def __init__(self, server: Server) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._server = server
        self._started_s = time()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._refusals: dict[str, int] = {}
        self._failed_logins: dict[str, int] = {}
        self._durations = Histogram(
            "workbench_http_request_seconds",
            "Time from the first byte of a request to the last of its answer, by route.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._bound: dict[str, Histogram] = {}
        self.too_many = Counter(
            "workbench_rate_limited_total", "Requests refused for coming too often.", registry=self.registry
        )
        self.registry.register(_Scraped(server, self))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (route, method, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        bound = self._bound.get(route)
        if bound is None:
            bound = self._bound[route] = self._durations.labels(route)
        bound.observe(seconds)

    def refused(self, failure: ApiError) -> None:
        """Count a request that was not let through."""
        if failure.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.too_many.inc()
        self._refusals[failure.code] = self._refusals.get(failure.code, 0) + 1

    def login_failed(self, kind: str) -> None:
        """Count a log-in or refresh that failed."""
        self._failed_logins[kind] = self._failed_logins.get(kind, 0) + 1

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)

    def own(self) -> Iterator[Metric]:
        """Requests and refusals, from their integers."""
        requests = CounterMetricFamily(
            "workbench_http_requests",
            "Requests answered, by route template, method and status.",
            labels=["route", "method", "status"],
        )
        for (route, method, status), count in sorted(self._requests.items()):
            requests.add_metric([route, method, str(status)], count)
        yield requests
        refusals = CounterMetricFamily(
            "workbench_auth_failures", "Requests that were not let through, by reason.", labels=["reason"]
        )
        for reason, count in sorted(self._refusals.items()):
            refusals.add_metric([reason], count)
        yield refusals
        logins = CounterMetricFamily(
            "workbench_login_failures", "Log-ins and refreshes that failed, by reason.", labels=["reason"]
        )
        for reason, count in sorted(self._failed_logins.items()):
            logins.add_metric([reason], count)
        yield logins
        sockets = CounterMetricFamily(
            "workbench_sockets_refused",
            "WebSockets refused because there were too many, of one user or of one address.",
            labels=["reason"],
        )
        for reason, count in sorted(self._server.sockets.refused.items()):
            sockets.add_metric([reason], count)
        yield sockets
        yield GaugeMetricFamily(
            "workbench_unknown_clients",
            "Live connections that have not said whose they are.",
            self._server.sockets.unknown,
        )
        yield GaugeMetricFamily(
            "workbench_start_time_seconds", "When the server started (Unix time).", self._started_s
        )


class _Scraped:
    """What is read at scrape: the server's own counts, connections, and every session's counters."""

    def __init__(self, server: Server, metrics: Metrics) -> None:
        self._server = server
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        yield from self._metrics.own()
        connected = GaugeMetricFamily(
            "workbench_connected_clients", "Live connections, by kind.", labels=["kind"]
        )
        for kind, count in sorted(self._server.sockets.counts().items()):
            connected.add_metric([kind], count)
        yield connected
        yield from session_metrics(self._server.hubs.values())
