"""Metrics of the sessions, read from their counters at scrape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from workbench.domain.codes import CommandKind, EventKind, Reason, SessionState
from workbench.session.live.counters import Histogram, SequencerCounters, upper_bounds

if TYPE_CHECKING:
    from workbench.api.hub import Hub

_NS = 1e9
_FIRST_BUCKET, _LAST_BUCKET = 14, 34
"""From 8 microseconds to 8.6 seconds; what is below or above is in the buckets at the ends."""

_RESULTS = {
    EventKind.ORDER_CREATED: "created",
    EventKind.ORDER_APPROVED: "approved",
    EventKind.ORDER_REJECTED: "rejected",
    EventKind.ORDER_FILLED: "filled",
    EventKind.ORDER_PARTIALLY_FILLED: "partially_filled",
    EventKind.ORDER_CANCELED: "canceled",
    EventKind.ORDER_EXPIRED: "expired",
    EventKind.ORDER_REPLACED: "replaced",
    EventKind.CANCEL_REJECTED: "cancel_rejected",
    EventKind.REPLACE_REJECTED: "replace_rejected",
}

_TIMES = (
    ("workbench_ack_seconds", "From a caller's command to its durable answer.", "answer_ns"),
    ("workbench_journal_sync_seconds", "To make one batch of commands durable.", "journal_ns"),
    ("workbench_engine_step_seconds", "For the exchange to step through one batch.", "step_ns"),
    ("workbench_turn_seconds", "For one whole turn of a session's thread.", "turn_ns"),
)


def session_metrics(hubs: Iterable[Hub]) -> Iterator[Metric]:
    """Every session's numbers."""
    hubs = list(hubs)
    counters = {hub.name: hub.session.counters() for hub in hubs}
    yield _states(hubs)
    yield from _gauges(hubs, counters)
    yield from _counts(counters)
    for name, text, attribute in _TIMES:
        family = HistogramMetricFamily(name, text, labels=["session"])
        for session, counted in counters.items():
            _add_histogram(family, session, getattr(counted, attribute), _NS)
        yield family


def _states(hubs: list[Hub]) -> Metric:
    states = Counter(hub.session.state for hub in hubs)
    family = GaugeMetricFamily("workbench_sessions", "Sessions in this server, by state.", labels=["state"])
    for state in SessionState:
        family.add_metric([state.name.lower()], states[state])
    return family


def _gauges(hubs: list[Hub], counters: dict[str, SequencerCounters]) -> Iterator[Metric]:
    queued = GaugeMetricFamily(
        "workbench_queued_callers", "Callers that wait for a session.", labels=["session"]
    )
    behind = GaugeMetricFamily(
        "workbench_views_behind_events", "Events published and not yet folded.", labels=["session"]
    )
    seats = GaugeMetricFamily("workbench_seats_taken", "Seats that are taken.", labels=["session"])
    failed = GaugeMetricFamily(
        "workbench_session_failed", "1 while a session takes nothing.", labels=["session"]
    )
    orders = GaugeMetricFamily("workbench_orders_known", "Orders of people in memory.", labels=["session"])
    for hub in hubs:
        status = hub.session.status()
        queued.add_metric([hub.name], counters[hub.name].queued)
        behind.add_metric([hub.name], hub.behind)
        seats.add_metric([hub.name], status.seats_taken)
        failed.add_metric([hub.name], 1 if status.failed else 0)
        orders.add_metric([hub.name], len(hub.views.orders))
    yield from (queued, behind, seats, failed, orders)


def _counts(counters: dict[str, SequencerCounters]) -> Iterator[Metric]:
    plain = (
        ("workbench_commands", "Commands sequenced.", "commands"),
        ("workbench_events", "Events that followed.", "events"),
        ("workbench_batches", "Batches that were made durable.", "batches"),
        ("workbench_busy", "Callers refused because too many waited.", "busy"),
        ("workbench_journal_failures", "How often a journal failed.", "failures"),
    )
    for name, text, attribute in plain:
        family = CounterMetricFamily(name, text, labels=["session"])
        for session, counted in counters.items():
            family.add_metric([session], getattr(counted, attribute))
        yield family
    kinds = CounterMetricFamily(
        "workbench_commands_by_kind", "Commands, by kind.", labels=["session", "kind"]
    )
    results = CounterMetricFamily(
        "workbench_order_results", "What became of orders, by result.", labels=["session", "result"]
    )
    reasons = CounterMetricFamily(
        "workbench_refusals", "Commands and orders refused, by reason.", labels=["session", "reason"]
    )
    for session, counted in counters.items():
        for kind in CommandKind:
            count = int(counted.commands_by_kind[kind])
            if count:
                kinds.add_metric([session, kind.name.lower()], count)
        for event, result in _RESULTS.items():
            results.add_metric([session, result], int(counted.events_by_kind[event]))
        for reason in Reason:
            count = int(counted.refusals_by_reason[reason])
            if count:
                reasons.add_metric([session, reason.name.lower()], count)
    yield from (kinds, results, reasons)


def _add_histogram(family: HistogramMetricFamily, session: str, counted: Histogram, unit: float) -> None:
    counts = counted.counts.cumsum().tolist()
    bounds = upper_bounds()
    buckets = [
        (repr((bounds[bucket] + 1) / unit), counts[bucket]) for bucket in range(_FIRST_BUCKET, _LAST_BUCKET)
    ]
    buckets.append(("+Inf", counts[-1]))
    family.add_metric([session], buckets, sum_value=counted.total / unit)
