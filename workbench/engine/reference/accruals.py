"""What time costs: borrowing what was sold short, and interest."""

from __future__ import annotations

from workbench.domain.codes import Reason
from workbench.domain.config import FIRST_TRADER
from workbench.domain.costs import PPM
from workbench.engine.reference.cash import pay_house
from workbench.engine.reference.marks import held, mark, value
from workbench.engine.reference.state import TwinState
from workbench.ledger.reference import part_of


def accrue(twin: TwinState) -> None:
    """Charge every interval that has ended since the last CLOCK."""
    venue = twin.venue
    if not venue.accrues:
        return
    interval = venue.accrual_interval_ns
    boundary = twin.time_ns // interval * interval
    periods = (boundary - twin.accrued_to_ns) // interval if twin.accruing else 0
    twin.accruing, twin.accrued_to_ns = True, boundary
    if periods:
        for account in range(FIRST_TRADER, len(twin.standings)):
            _charge_shorts(twin, account, periods)
            _charge_interest(twin, account, periods)


def _charge_shorts(twin: TwinState, account: int, periods: int) -> None:
    for instrument, position in held(twin, account):
        rate = twin.ledger.terms[instrument].borrow_ppm_year
        lots = position.position_lots
        if lots < 0:
            a_year = part_of(-value(twin, instrument, position), rate)
            amount = periods * -(-a_year // twin.venue.accruals_a_year)
            about = (lots, mark(twin, instrument), rate, periods)
            pay_house(twin, account, amount, Reason.BORROW_COST, instrument=instrument, about=about)


def _charge_interest(twin: TwinState, account: int, periods: int) -> None:
    cash, number = twin.ledger.purses[account].cash_micros, twin.venue.accruals_a_year
    if cash < 0:
        rate = twin.venue.debit_interest_ppm_year
        amount = periods * -(-part_of(-cash, rate) // number)
    else:
        rate = twin.venue.credit_interest_ppm_year
        amount = -periods * (cash * rate // PPM // number)
    pay_house(twin, account, amount, Reason.INTEREST, about=(0, 0, rate, periods))
