import numpy as np
import pytest

from tests.twins.ledger_streams import every_venue, stream
from workbench.domain import commands as make
from workbench.domain.codes import Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange
from workbench.engine.reference.marks import (
    equity,
    held,
    initial_margin,
    maintenance_margin,
    unrealised,
    value,
)
from workbench.engine.reference.means import free_micros

pytestmark = pytest.mark.kernel

ANN, BOB = 2, 3


def test_what_two_traders_are_worth() -> None:
    # Ann buys 100 at 1.00 of Bob, then 10 trade at 1.10: 90 short and 110 long are worth 99.00 and 121.00.
    instrument = Instrument("ONE", "0.50", "2.00")
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000, margin=True)]
    exchange = Exchange(Venue([instrument], accounts))
    exchange.step(
        make.batch(
            [
                make.new_order(1, BOB, 0, Side.SELL, 100, 100),
                make.new_order(2, ANN, 0, Side.BUY, 100, 100),
                make.new_order(3, BOB, 0, Side.SELL, 10, 110),
                make.new_order(4, ANN, 0, Side.BUY, 10, 110),
            ]
        )
    )
    ann, bob = exchange.position_values()
    # 110 lots at 1.10 are 121.00 and cost 111.00.
    assert (ann["position_lots"], ann["mark_ticks"]) == (110, 110)
    assert (ann["value_micros"], ann["unrealised_micros"]) == (121_000_000, 10_000_000)
    assert (bob["value_micros"], bob["unrealised_micros"]) == (-121_000_000, -10_000_000)
    values = exchange.account_values()
    assert values["equity_micros"][[ANN, BOB]].tolist() == [1_010_000_000, 990_000_000]
    # Cash 889.00 is free to Ann; Bob's equity less half of 121.00.
    assert values["available_micros"][[ANN, BOB]].tolist() == [889_000_000, 929_500_000]
    assert values["maintenance_margin_micros"][[ANN, BOB]].tolist() == [30_250_000, 36_300_000]
    assert len(exchange.position_values(ANN)) == 1


def test_nobody_is_worth_anything_in_a_bare_venue() -> None:
    exchange = Exchange(Venue([Instrument("ONE", "0.50", "2.00")], bare=True))
    exchange.step(
        make.batch([make.new_order(1, 5, 0, Side.SELL, 1, 100), make.new_order(1, 6, 0, Side.BUY, 1, 100)])
    )
    assert len(exchange.account_values()) == len(exchange.position_values()) == 0


@pytest.mark.parametrize("venue", ["money", "exposure", "money frozen"])
def test_values_are_the_twins(venue: str) -> None:
    settings = every_venue()[venue]
    twin, kernel = ReferenceExchange(settings), Exchange(settings)
    for commands, _ in stream(twin, "calm", 5, 1_500):
        kernel.step(commands)
    expected = [
        (a, equity(twin, a), free_micros(twin, a), initial_margin(twin, a), maintenance_margin(twin, a))
        for a in range(2 + len(settings.accounts))
    ]
    # The street and the house are not standing in any check.
    assert kernel.account_values().tolist()[2:] == expected[2:]
    positions = [
        (
            account,
            number,
            position.position_lots,
            value(twin, number, position),
            unrealised(twin, number, position),
        )
        for account in range(len(expected))
        for number, position in held(twin, account)
        if position.position_lots
    ]
    told = kernel.position_values()
    names = ["account", "instrument", "position_lots", "value_micros", "unrealised_micros"]
    assert np.array(told[names]).tolist() == sorted(positions)
    assert positions
