"""What positions are worth: marks, values, equity, margins and excursions."""

from __future__ import annotations

from workbench.domain.codes import Mark, Side
from workbench.domain.config import FIRST_TRADER
from workbench.engine.reference.state import TwinState
from workbench.ledger.reference import Position, part_of
from workbench.matching.reference import Order


def mark(twin: TwinState, instrument: int) -> int:
    """The price at which positions in an instrument are valued; 0 for none."""
    tape = twin.tapes[instrument]
    method = twin.venue.instruments[instrument].mark
    price = tape.last_price_ticks
    bid, ask = tape.quote[0], tape.quote[3]
    if method == Mark.MID and bid and ask:
        price = (bid + ask) // 2
    if method == Mark.CLOSE and tape.close_price_ticks:
        price = tape.close_price_ticks
    return price or tape.reference_price_ticks


def keep_close(twin: TwinState, instrument: int) -> None:
    """Remember the last price of an instrument that closes, where it is marked at it."""
    if twin.venue.instruments[instrument].mark == Mark.CLOSE:
        tape = twin.tapes[instrument]
        tape.close_price_ticks = tape.last_price_ticks


def held(twin: TwinState, account: int) -> list[tuple[int, Position]]:
    """Instruments and positions of an account that are not flat, by instrument."""
    found = ((each, twin.ledger.positions.get((account, each))) for each in range(len(twin.rules)))
    return [(instrument, position) for instrument, position in found if position and position.position_lots]


def value(twin: TwinState, instrument: int, position: Position) -> int:
    """A position at its mark; what it cost when there is no mark."""
    price = mark(twin, instrument)
    if not price:
        return position.cost_micros
    return twin.ledger.terms[instrument].value(price, position.position_lots)


def unrealised(twin: TwinState, instrument: int, position: Position) -> int:
    """What a position would gain if it were closed at its mark."""
    return value(twin, instrument, position) - position.cost_micros


def equity(twin: TwinState, account: int) -> int:
    """Cash and the value of all positions."""
    values = (value(twin, instrument, position) for instrument, position in held(twin, account))
    return twin.ledger.purses[account].cash_micros + sum(values)


def initial_margin(twin: TwinState, account: int) -> int:
    """Equity that new positions of this size would need."""
    total = 0
    for instrument, position in held(twin, account):
        rates = twin.ledger.terms[instrument].margin
        rate = rates.initial_long_ppm if position.position_lots > 0 else rates.initial_short_ppm
        total += part_of(abs(value(twin, instrument, position)), rate)
    return total


def maintenance_margin(twin: TwinState, account: int) -> int:
    """Equity below which a margin account is called."""
    total = 0
    for instrument, position in held(twin, account):
        rates = twin.ledger.terms[instrument].margin
        rate = rates.maintenance_long_ppm if position.position_lots > 0 else rates.maintenance_short_ppm
        total += part_of(abs(value(twin, instrument, position)), rate)
    return total


def sample_fill(twin: TwinState, order: Order, position: Position, lots: int) -> None:
    """Excursions after a fill of `order` has been booked in `position`."""
    if not twin.venue.excursions or order.is_street:
        return
    after = position.position_lots
    before = after - lots if order.side == Side.BUY else after + lots
    if before * after <= 0:
        position.forget_excursions()
    if after:
        position.sample(unrealised(twin, order.instrument, position))


def sample_all(twin: TwinState) -> None:
    """Excursions of every trader's positions."""
    if twin.venue.excursions:
        for account in range(FIRST_TRADER, len(twin.standings)):
            for instrument, position in held(twin, account):
                position.sample(unrealised(twin, instrument, position))
