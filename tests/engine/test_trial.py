"""A trial is what really happens, and leaves no trace: held against random streams of all rules."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twins.ledger_streams import every_venue, stream
from tests.twins.streams import PROFILES
from workbench.domain.codes import CommandKind, EventKind, OrderFlag, Place, Reason, Side
from workbench.domain.commands import batch, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, ORDER_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange

ANN, BOB = 2, 3
COMMANDS = 400
PART = 7
"""Commands between two trials; the next one is tried first."""
REFUSALS = {
    "full": {
        Reason.ACCOUNT_SUSPENDED,
        Reason.INSTRUMENT_HALTED,
        Reason.INVALID_TIME_IN_FORCE,
        Reason.QUANTITY_TOO_LARGE,
        Reason.PRICE_OUT_OF_BAND,
        Reason.NOTIONAL_TOO_LARGE,
        Reason.ORDER_RATE,
        Reason.SHORT_SALE_NOT_PERMITTED,
        Reason.POSITION_LIMIT,
        Reason.INSUFFICIENT_BUYING_POWER,
        Reason.REDUCE_ONLY_WOULD_OPEN,
        Reason.INVALID_GROUP,
    },
    "cancel incoming": {
        Reason.MARKET_CLOSED,
        Reason.TOO_MANY_OPEN_ORDERS,
        Reason.DUPLICATE_CLIENT_ORDER_ID,
    },
    "cancel resting": {Reason.POST_ONLY_WOULD_CROSS},
}
"""For what orders that were tried at a venue must have been refused: each rule at one of them."""


def hides(exchange: Exchange, instrument: int, account: int) -> bool:
    """Whether others' icebergs hide something there."""
    orders = exchange.orders()
    mask = (orders["instrument"] == instrument) & (orders["account"] != account)
    mask &= (orders["shown_lots"] > 0) & (orders["leaves_lots"] > orders["shown_lots"])
    return bool((mask & (orders["book"] <= Place.LIVE)).any())


def tried(exchange: Exchange, command: Records, spare: Exchange | None) -> tuple[Exchange, Records]:
    before = exchange.state_hash()
    trial = exchange.trial(int(command["account"][0]), int(command["instrument"][0]), spare)
    events = trial.step(command)
    assert exchange.state_hash() == before, "a trial changed the exchange"
    return trial, events


def reasons_of(events: Records) -> set[Reason]:
    rejected = events[events["kind"] == EventKind.ORDER_REJECTED]
    return {Reason(int(code)) for code in np.unique(rejected["reason"])}


@pytest.mark.parametrize("name", sorted(every_venue()))
def test_a_trial_is_what_happens(name: str) -> None:
    venue = every_venue()[name]
    spare: Exchange | None = None
    compared = 0
    refused: set[Reason] = set()
    for seed, profile in enumerate(PROFILES):
        exchange = Exchange(venue)
        for commands, _ in stream(ReferenceExchange(venue), profile, seed, COMMANDS):
            at = 0
            while at < len(commands):
                command = commands[at : at + 1]
                known = 0 <= command["instrument"][0] < len(venue.instruments)
                if command["kind"][0] == CommandKind.NEW_ORDER and known:
                    hidden = hides(exchange, int(command["instrument"][0]), int(command["account"][0]))
                    spare, events = tried(exchange, command, spare)
                    happened = exchange.step(command)
                    if not hidden:
                        assert events.tobytes() == happened.tobytes()
                        compared += 1
                        refused |= reasons_of(events)
                    at += 1
                exchange.step(commands[at : at + PART])
                at += PART
    # Elsewhere others hide something nearly all the time.
    assert compared > (2_500 if name == "deep" else 90)
    assert REFUSALS.get(name, set()) <= refused


def venue() -> Venue:
    accounts = [Account(name, cash=1_000_000) for name in ("ann", "bob", "carl")]
    return Venue([Instrument("ACME", "1", "100"), Instrument("BOLT", "1", "100")], accounts)


def test_what_others_hide_is_not_found_by_trying() -> None:
    exchange = Exchange(venue())
    iceberg = new_order(1, ANN, 0, Side.SELL, 1_000, 5_000, display_lots=100)
    exchange.step(batch([iceberg, new_order(2, ANN, 0, Side.SELL, 50, 5_000)]))
    sweep = new_order(3, BOB, 0, Side.BUY, 600, 5_000)
    trial, events = tried(exchange, sweep, None)
    assert trial.positions(BOB)["position_lots"].tolist() == [150]
    last = events[events["kind"] == EventKind.ORDER_RESTED].view(ORDER_EVENT)[-1]
    assert (last["account"], last["leaves_lots"]) == (BOB, 450)
    exchange.step(sweep)
    assert exchange.positions(BOB)["position_lots"].tolist() == [600]


def test_ones_own_iceberg_is_whole() -> None:
    exchange = Exchange(venue())
    exchange.step(new_order(1, ANN, 0, Side.SELL, 1_000, 5_000, display_lots=100))
    trial = exchange.trial(ANN, 0)
    assert trial.state_hash() == exchange.state_hash()
    other = exchange.trial(BOB, 1)
    assert other.state_hash() == exchange.state_hash(), "another instrument's are left alone"


def test_fill_or_kill_does_not_find_it_either() -> None:
    exchange = Exchange(venue())
    exchange.step(new_order(1, ANN, 0, Side.SELL, 1_000, 5_000, display_lots=100))
    kill = np.zeros(1, dtype=COMMAND)
    kill[:] = new_order(2, BOB, 0, Side.BUY, 101, 5_000)
    kill["time_in_force"] = 4
    trial, events = tried(exchange, kill, None)
    canceled = events[events["kind"] == EventKind.ORDER_CANCELED]
    assert canceled["reason"].tolist() == [Reason.FILL_OR_KILL]
    assert not trial.positions(BOB)["position_lots"].any()


def test_a_spare_that_is_too_small_is_made_again() -> None:
    exchange = Exchange(venue())
    spare = exchange.trial(ANN, 0)
    many = [new_order(n, ANN, 0, Side.BUY, 1, 1_000 + n % 50, flags=OrderFlag(0)) for n in range(1, 3_000)]
    exchange.step(batch(many))
    trial = exchange.trial(ANN, 0, spare)
    assert trial is spare
    assert trial.state_hash() == exchange.state_hash()
