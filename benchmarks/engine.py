"""The exchange against its bare book, its plain-Python twin and three matching engines from PyPI."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environment import PeerMissingError, run_peer
from benchmarks.flows import SCENARIOS, Flow, FlowSpec, reported
from benchmarks.measure import Report, Steps, interleaved, middle, rate, split, times
from workbench.domain.codes import EventKind
from workbench.domain.config import Venue
from workbench.domain.records import EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange

BATCH = 10_000
"""Commands in one step, where nothing else is said."""

TYPICAL = "calm"

MATCHING_PEERS = {
    "cython-orderbook": ("match_cython_orderbook", 1.0),
    "lightmatchingengine": ("match_lightmatchingengine", 1.0),
    "order-matching": ("match_order_matching", 0.02),
}
"""Script of each matching engine, and the part of the flow it can do in seconds."""


class Buffered:
    """An exchange that writes its events into the same memory with each step, the fastest way it has."""

    def __init__(self, venue: Venue, resting: int) -> None:
        self._exchange = Exchange(venue)
        self._out = np.zeros(14 * BATCH + 6 * resting, dtype=EVENT)

    def step(self, commands: Records) -> Records:
        """Run the commands."""
        return self._exchange.step(commands, self._out)


def _full(flow: Flow) -> dict[str, Callable[[], Steps]]:
    return {"full": partial(Buffered, flow.venue(), flow.spec.resting)}


def _both(flow: Flow) -> dict[str, Callable[[], Steps]]:
    return {**_full(flow), "bare": partial(Buffered, flow.venue(bare=True), flow.spec.resting)}


def mix(report: Report, commands: int) -> None:
    """What the flow is made of, as the exchange reports it."""
    table = report.table(
        "The order flow, as the exchange's own events tell it",
        "scenario",
        "new",
        "of them trade",
        "cancels",
        "replaces",
        "fills",
        "events",
        "as generated",
    )
    table.notes.append(
        "Shares of all commands; fills and events per command. 200 accounts, 1,000 resting orders."
    )
    for scenario in SCENARIOS:
        flow = Flow(FlowSpec(scenario))
        exchange = Exchange(flow.venue())
        exchange.step(flow.fill_book())
        batch = flow.take(commands)
        events = exchange.step(batch)
        told, made = reported(events), flow.counts
        same = told["refused"] == 0 and all(told[key] == made[key] for key in made if key != "crossing")
        table.rows.append(
            [
                f"{scenario}: {SCENARIOS[scenario].meaning}",
                f"{told['new_orders'] / commands:.1%}",
                f"{told['crossing'] / commands:.1%}",
                f"{told['cancels'] / commands:.1%}",
                f"{told['replaces'] / commands:.1%}",
                f"{told['fills'] / commands:.2f}",
                f"{len(events) / commands:.2f}",
                "yes" if same else "NO",
            ]
        )
        if not same:
            report.judge(
                f"{scenario}: fills, lots and refusals as generated",
                f"{told} instead of {made}",
                passed=False,
            )


def speed(report: Report, commands: int, repeats: int) -> None:
    """Full exchange against bare book, in every scenario."""
    table = report.table(
        "Full exchange against bare book", "scenario", "full / bare", "full", "bare", "ns per command"
    )
    table.notes.append("1,000 resting orders, 200 accounts, one instrument; orders named by client order id.")
    rates, ratios = {}, {}
    for scenario in SCENARIOS:
        flow = Flow(FlowSpec(scenario))
        warm_up, batches = flow.fill_book(), split(flow.take(commands), BATCH)
        seconds = interleaved(_both(flow), warm_up, batches, repeats)
        rates[scenario] = commands / seconds["full"]
        ratios[scenario] = seconds["bare"] / seconds["full"]
        table.rows.append(
            [
                scenario,
                times(ratios[scenario]),
                rate(commands, seconds["full"]),
                rate(commands, seconds["bare"]),
                f"{seconds['full'] / commands * 1e9:.0f}",
            ]
        )
    report.numbers["commands_per_second"] = rates
    report.numbers["full_to_bare"] = ratios
    worst, best = min(rates.values()), max(rates.values())
    report.judge(
        "full exchange at least 0.5x its bare book",
        f"{times(min(ratios.values()))} at worst",
        min(ratios.values()) >= 0.5,
    )
    report.judge(
        "5 million commands a second on an idle core",
        f"{rates[TYPICAL] / 1e6:.2f} M/s {TYPICAL}, {worst / 1e6:.2f} M/s at worst",
        rates[TYPICAL] >= 5e6,
    )
    report.judge("worst scenario within 2x of the best", times(best / worst), best / worst <= 2)


def batching(report: Report, commands: int, repeats: int) -> None:
    """What a step costs beside its commands."""
    table = report.table(
        "Commands in one step", "batch", "speed against 10,000", "rate", "with new memory for events"
    )
    flow = Flow(FlowSpec(TYPICAL))
    venue = flow.venue()
    warm_up, stream = flow.fill_book(), flow.take(commands)
    contenders = {**_full(flow), "new": partial(Exchange, venue)}
    costs = {}
    for size in (1, 10, 100, 1_000, BATCH):
        count = min(commands, 20_000 * size)
        seconds = interleaved(contenders, warm_up, split(stream[:count], size), repeats)
        costs[size] = (seconds["full"] / count, seconds["new"] / count)
    for size, (each, fresh) in costs.items():
        table.rows.append([f"{size:,}", times(costs[BATCH][0] / each), rate(1, each), rate(1, fresh)])
    report.numbers["seconds_per_command_by_batch"] = {str(size): both[0] for size, both in costs.items()}


def scaling(report: Report, commands: int, longest: int, repeats: int) -> None:
    """Whether a command costs the same whatever the size of things."""

    def cost(spec: FlowSpec) -> float:
        flow = Flow(spec)
        warm_up, batches = flow.fill_book(), split(flow.take(commands), BATCH)
        return interleaved(_full(flow), warm_up, batches, repeats)["full"] / commands

    def show(title: str, what: str, costs: dict[str, float], claim: str) -> None:
        table = report.table(title, what, "against the cheapest", "ns per command")
        cheapest = min(costs.values())
        for label, each in costs.items():
            table.rows.append([label, times(each / cheapest), f"{each * 1e9:.0f}"])
        report.numbers[title] = costs
        spread = max(costs.values()) / cheapest
        if claim:
            report.judge(claim, times(spread), spread <= 2)

    show(
        "Cost and resting orders (static)",
        "resting orders",
        {
            f"{count:,}": cost(FlowSpec("static", resting=count))
            for count in (10, 100, 1_000, 10_000, 100_000)
        },
        "cost flat within 2x from 10 to 100,000 resting orders",
    )
    show(
        "Cost and instruments (calm, 10,000 resting orders)",
        "instruments",
        {f"{count}": cost(FlowSpec(resting=10_000, instruments=count)) for count in (1, 10, 100, 500)},
        "cost flat within 2x from 1 to 500 instruments",
    )
    show(
        "Cost and the name of the order (calm)",
        "orders are named by",
        {
            "order id": cost(FlowSpec(by_client_id=False)),
            "client order id": cost(FlowSpec(by_client_id=True)),
        },
        "",
    )
    show(
        "Cost and length of the run (calm)",
        "commands since the start",
        _along_the_run(longest, repeats),
        f"cost flat within 2x from 10,000 to {longest:,} commands",
    )


def _along_the_run(longest: int, repeats: int) -> dict[str, float]:
    """Median cost of a command in each decade of one long run."""
    from time import perf_counter

    flow = Flow(FlowSpec(TYPICAL))
    exchange = Buffered(flow.venue(), flow.spec.resting)
    warm_up = flow.fill_book()
    exchange.step(warm_up)
    first = [flow.take(BATCH)]
    costs = {f"{BATCH:,}": interleaved(_full(flow), warm_up, first, max(repeats, 5))["full"] / BATCH}
    exchange.step(first[0])
    done, edge = BATCH, BATCH * 10
    seconds = []
    while done < longest:
        batch = flow.take(BATCH)
        start = perf_counter()
        exchange.step(batch)
        seconds.append(perf_counter() - start)
        done += BATCH
        if done == edge:
            costs[f"{done:,}"] = middle(seconds) / BATCH
            seconds, edge = [], edge * 10
    return costs


def _fills(events: Records) -> Any:
    payload = events["payload"][events["kind"] == EventKind.TRADE]
    return payload[:, [3, 4, 1, 2]]


def _write_flow(folder: Path, spec: FlowSpec, commands: int) -> tuple[Flow, Records, Records]:
    flow = Flow(spec)
    warm_up = flow.fill_book()
    first_trace = flow.trace
    stream = flow.take(commands)
    np.save(folder / "commands.npy", np.concatenate([warm_up, stream]))
    np.save(folder / "trace.npy", np.concatenate([first_trace, flow.trace]))
    (folder / "flow.json").write_text(json.dumps({"first_timed": len(warm_up)}))
    return flow, warm_up, stream


def against_the_twin(report: Report, commands: int, repeats: int) -> None:
    """The same rules compiled and in plain Python."""
    table = report.table(
        "Compiled exchange against its plain-Python twin",
        "scenario",
        "times the twin",
        "full",
        "twin",
        "same events",
    )
    ratios = {}
    for scenario in SCENARIOS:
        flow = Flow(FlowSpec(scenario))
        venue = flow.venue()
        warm_up, stream = flow.fill_book(), flow.take(commands)
        contenders: dict[str, Callable[[], Steps]] = {
            **_full(flow),
            "twin": partial(ReferenceExchange, venue),
        }
        seconds = interleaved(contenders, warm_up, split(stream, BATCH), repeats)
        pair = [make() for make in contenders.values()]
        for exchange in pair:
            exchange.step(warm_up)
        same = np.array_equal(pair[0].step(stream), pair[1].step(stream))
        ratios[scenario] = seconds["twin"] / seconds["full"]
        table.rows.append(
            [
                scenario,
                times(ratios[scenario]),
                rate(commands, seconds["full"]),
                rate(commands, seconds["twin"]),
                "yes, byte for byte" if same else "NO",
            ]
        )
        if not same:
            report.judge(f"{scenario}: the twin says the same", "other events", passed=False)
    report.numbers["times_the_twin"] = ratios
    worst = min(ratios.values())
    report.judge(
        "full exchange at least 100x its plain-Python twin", f"{times(worst)} at worst", worst >= 100
    )


def against_peers(report: Report, commands: int, repeats: int) -> None:
    """The same orders through other people's matching engines."""
    table = report.table(
        "Against matching engines from PyPI",
        "peer",
        "book",
        "full, times the peer",
        "bare, times the peer",
        "peer",
        "full",
        "same fills",
    )
    table.notes.append(
        "Peers match and nothing else. They get the part of the flow that all of them know: limit orders, "
        "cancels, and replaces as cancel and new order; their order objects are made before the clock starts."
    )
    ratios: dict[str, float] = {}
    for scenario, resting in (("calm", 200), ("static", 5_000)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            flow, warm_up, stream = _write_flow(
                folder, FlowSpec(scenario, resting=resting, plain=True), commands
            )
            for peer, (script, part) in MATCHING_PEERS.items():
                if part < 1 and resting > 1_000:
                    continue
                count = int(commands * part)
                ours, theirs = {"full": float("inf"), "bare": float("inf")}, float("inf")
                try:
                    for _ in range(repeats):
                        # Whole runs on both sides: peers are not given the best time of each batch.
                        for _ in range(3):
                            seconds = interleaved(_both(flow), warm_up, split(stream[:count], BATCH), 1)
                            ours = {key: min(ours[key], seconds[key]) for key in ours}
                        theirs = min(theirs, *run_peer(script, folder, "3", str(count))["seconds"])
                except PeerMissingError as error:
                    table.rows.append([peer, f"{scenario}, {resting:,}", "-", "-", str(error), "-", "-"])
                    continue
                exchange = Exchange(flow.venue(bare=True))
                exchange.step(warm_up)
                expected = _fills(exchange.step(stream[:count]))
                got = np.load(folder / f"{script}.npy")
                same = np.array_equal(expected, got)
                ratios[f"{peer}, {scenario}"] = theirs / ours["full"]
                table.rows.append(
                    [
                        peer,
                        f"{scenario}, {resting:,}",
                        times(theirs / ours["full"]),
                        times(theirs / ours["bare"]),
                        rate(count, theirs),
                        rate(count, ours["full"]),
                        f"all {len(expected):,}" if same else f"NO: {len(got):,} of {len(expected):,}",
                    ]
                )
                if not same:
                    report.judge(
                        f"{peer} fills as we do ({scenario})",
                        f"{len(got)} fills, ours {len(expected)}",
                        passed=False,
                    )
    report.numbers["times_the_peer"] = ratios


def run(report: Report, *, quick: bool) -> None:
    """All of it."""
    scale = 1 if quick else 4
    mix(report, 50_000 * scale)
    speed(report, 200_000 * scale, 3 if quick else 5)
    against_the_twin(report, 20_000 * scale, 2 if quick else 3)
    against_peers(report, 50_000 * scale, 2 if quick else 3)
    batching(report, 100_000 * scale, 2 if quick else 3)
    scaling(report, 200_000 * scale, 1_000_000 if quick else 10_000_000, 2 if quick else 4)
