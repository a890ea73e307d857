"""What rules cost that are switched on but not used, and held orders that no command touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks.engine import BATCH, Buffered
from benchmarks.flows import START_TIME_NS, Flow, FlowSpec
from benchmarks.measure import Report, Steps, interleaved, rate, split, times
from workbench.domain.codes import OrderFlag, OrderType, Side, TimeInForce
from workbench.domain.commands import batch, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.records import Records

STOPS = 10_000
BRACKETS = 1_000
SCENARIOS = ("calm", "crash")

FREE_WITHIN = 1.10
"""Held orders may cost a command that does not touch them this much."""

UNUSED_WITHIN = 1 / 0.9
"""And rules that are switched on and not used this much."""


def with_holder(venue: Venue) -> Venue:
    """The venue with one more account, which holds orders and has no limits."""
    return replace(venue, accounts=(*venue.accounts, Account("holder", cash=10**12, cash_checked=False)))


def with_rules(venue: Venue) -> Venue:
    """The venue with every rule of instruments switched on, wide enough to let the flow pass."""
    instruments = [
        replace(
            instrument,
            price_limit_bps=9_000,
            price_limit_window_ns=3_600_000_000_000,
            reference_price=instrument.price_from_ticks(
                (instrument.price_min_ticks + instrument.price_max_ticks) // 2
            ),
        )
        for instrument in venue.instruments
    ]
    return replace(venue, instruments=instruments)


def stops(venue: Venue) -> Records:
    """Stops of the holder at the ends of the window, which no price of the flow reaches."""
    account = venue.account_number("holder")
    low, high = venue.instruments[0].price_min_ticks, venue.instruments[0].price_max_ticks
    parts = []
    for number in range(STOPS):
        buys = number % 2 == 0
        side = Side.BUY if buys else Side.SELL
        price = high - number % 50 if buys else low + number % 50
        parts.append(
            new_order(
                START_TIME_NS,
                account,
                0,
                side,
                10,
                order_type=OrderType.STOP,
                time_in_force=TimeInForce.GTC,
                trigger_price_ticks=price,
            )
        )
    return batch(parts)


def brackets(venue: Venue) -> Records:
    """Brackets of the holder, whose parents rest at the low end of the window."""
    account = venue.account_number("holder")
    low, high = venue.instruments[0].price_min_ticks, venue.instruments[0].price_max_ticks
    child = {"time_in_force": TimeInForce.GTC, "flags": OrderFlag.GROUP_CHILD}
    parts = []
    for number in range(BRACKETS):
        group = 10**12 + 3 * number
        enter = partial(new_order, START_TIME_NS, account, 0, group_id=group)
        parts += [
            enter(Side.SELL, 10, high, client_order_id=group, group_place=1, **child),
            enter(
                Side.SELL,
                10,
                client_order_id=group + 1,
                group_place=2,
                order_type=OrderType.STOP,
                trigger_price_ticks=low,
                **child,
            ),
            enter(
                Side.BUY,
                10,
                low,
                client_order_id=group + 2,
                group_place=3,
                time_in_force=TimeInForce.GTC,
                flags=OrderFlag.GROUP_LAST,
            ),
        ]
    return batch(parts)


def loaded(venue: Venue, resting: int, held: Callable[[Venue], Records] | None) -> Steps:
    """An exchange that already holds orders."""
    exchange = Buffered(venue, resting + 5 * STOPS)
    if held is not None:
        for part in split(held(venue), BATCH):
            exchange.step(part)
    return exchange


def run(report: Report, *, quick: bool) -> None:
    """The same flow with and without them, in one run."""
    commands, repeats = (200_000, 2) if quick else (1_000_000, 5)
    table = report.table(
        "Rules and held orders that a command does not touch",
        "scenario",
        "with",
        "time against without",
        "rate",
    )
    table.notes.append(
        "Price limits with a rolling reference on, but wide; 10,000 stops and 1,000 brackets of "
        "another account far from the market. Same commands, exchanges taking turns."
    )
    for scenario in SCENARIOS:
        flow = Flow(FlowSpec(scenario))
        plain = with_holder(flow.venue())
        makers: dict[str, Callable[[], Steps]] = {
            "nothing": partial(loaded, plain, flow.spec.resting, None),
            "rules on": partial(loaded, with_rules(plain), flow.spec.resting, None),
            f"{STOPS:,} stops": partial(loaded, plain, flow.spec.resting, stops),
            f"{BRACKETS:,} brackets": partial(loaded, plain, flow.spec.resting, brackets),
        }
        warm_up, batches = flow.fill_book(), split(flow.take(commands), BATCH)
        seconds = interleaved(makers, warm_up, batches, repeats)
        for name, each in seconds.items():
            ratio = each / seconds["nothing"]
            table.rows.append([scenario, name, times(ratio), rate(commands, each)])
            if name != "nothing":
                bound = UNUSED_WITHIN if name == "rules on" else FREE_WITHIN
                report.judge(
                    f"{scenario}: {name} within {bound:.2f}x of without", times(ratio), ratio <= bound
                )
        report.numbers[f"held_{scenario}"] = seconds
