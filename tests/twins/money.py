"""Streams for venues with every rule of money and risk: orders as `streams` draws them, and money."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.twins.streams import CHUNK, Generator
from workbench.domain.codes import CommandKind, ExposureMode, Mark, SplitFlag
from workbench.domain.config import FIRST_TRADER, Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates
from workbench.domain.records import COMMAND, Records
from workbench.engine.reference import ReferenceExchange

SECOND_NS = 1_000_000_000
RATIOS = ((2, 1), (3, 1), (3, 2), (7, 5), (10, 3))
THIN = MarginRates(60_000, 80_000, 50_000, 70_000)
"""Rates at which a few ticks make a margin call."""


def _stock(symbol: str, **settings: object) -> Instrument:
    return Instrument(
        symbol,
        "0.90",
        "1.10",
        margin=THIN,
        borrow_ppm_year=9_000_000,
        **{"max_order_quantity": 100_000, **settings},  # type: ignore[arg-type]
    )


def _traders() -> list[Account]:
    watched = Limits(max_daily_loss=3, max_drawdown=5)
    return [
        Account("ann", cash=10**6),
        Account("bob", cash=90, limits=watched),
        Account("cid", cash_checked=False),
        Account("dan", cash=40, margin=True, margin_grace_ns=20_000_000),
        Account("eve", cash=25, margin=True, limits=Limits(max_drawdown=8)),
        Account("fay", cash=15, margin=True, short_permitted=False),
    ]


def _groups() -> list[ExposureGroup]:
    return [
        ExposureGroup("all", {"ONE": 1, "TWO": 2, "SIX": 1}, gross_limit=900, net_limit=600),
        ExposureGroup("said", {"ONE": 1}, gross_limit=120, net_limit=80, mode=ExposureMode.LOG),
        ExposureGroup("fined", {"TWO": 3, "SIX": 1}, net_limit=200, mode=ExposureMode.FINE, fine="0.01"),
    ]


def money_venues() -> dict[str, Venue]:
    """Venues that have all of it, with one book and with two."""
    fees = FeeSchedule(maker_per_lot="-0.002", taker_bps="3", per_order="0.01", minimum_per_order="0.015")
    capped = FeeSchedule(maker_bps="-0.2", taker_per_lot="0.003", per_order="0.02", cap_bps=40)
    instruments = [
        _stock("ONE", fees=fees, reference_price="1.00", collar_ppm=25_000),
        _stock("TWO", fees=capped, mark=Mark.MID, price_increment="0.02", quantity_increment=2),
        _stock("SIX", mark=Mark.CLOSE, collar_ppm=10_000, lot_size="0.00003", max_order_quantity=3),
    ]
    return {
        f"money {mode.name.lower()}": Venue(
            instruments,
            _traders(),
            replay_mode=mode,
            exposure_groups=_groups(),
            accrual_interval_ns=SECOND_NS,
            debit_interest_ppm_year=900_000,
            credit_interest_ppm_year=400_000,
            excursions=True,
        )
        for mode in ReplayMode
    }


class MoneyGenerator(Generator):
    """Draws orders as its parent does, and here and there a command of money."""

    share = 0.06

    def _mixed(self, size: int) -> Records:
        rows = super()._mixed(size)
        for place in np.flatnonzero(self._hits(self.share, size)):
            rows[place] = self._money()
        return rows

    def _money(self) -> Records:
        random = self.random
        row = np.zeros(1, dtype=COMMAND)[0]
        kinds = [
            CommandKind.CLOCK,
            CommandKind.TRANSFER_CASH,
            CommandKind.FINE,
            CommandKind.DIVIDEND,
            CommandKind.SPLIT,
            CommandKind.START_DAY,
            CommandKind.REINSTATE_ACCOUNT,
        ]
        kind = random.choice(kinds, p=[0.5, 0.2, 0.05, 0.05, 0.04, 0.06, 0.1])
        row["kind"] = kind
        row["account"] = random.choice([*self.accounts[:-1]] * 3 + [-1, 0, 1, self.accounts.max() + 1])
        if kind != CommandKind.START_DAY:
            row["account"] = max(row["account"], FIRST_TRADER) if random.random() < 0.9 else row["account"]
        row["instrument"] = random.integers(0, len(self.middles)) if random.random() < 0.95 else -1
        if kind in (CommandKind.TRANSFER_CASH, CommandKind.FINE, CommandKind.DIVIDEND):
            most = 30_000 if kind == CommandKind.DIVIDEND else 12_000_000
            low = -most if kind == CommandKind.TRANSFER_CASH else -most // 20
            row["amount_micros"] = random.integers(low, most)
        if kind == CommandKind.SPLIT:
            # Towards the price at the start, so that a stream does not run away.
            new, old = RATIOS[int(random.integers(0, len(RATIOS)))]
            rules = self.exchange.rules[int(row["instrument"])]
            if rules.band_low_ticks + rules.band_high_ticks < 200:
                new, old = old, new
            row["quantity_lots"], row["display_lots"] = (new, old) if random.random() < 0.95 else (0, old)
            row["flags"] = random.choice([0, 0, 0, SplitFlag.CANCEL_ORDERS, 2])
        return row


def money_stream(
    exchange: ReferenceExchange, profile: str, seed: int, count: int
) -> Iterator[tuple[Records, Records]]:
    """Chunks of a stream of at least `count` commands, each with the events that `exchange` gave for it."""
    generator = MoneyGenerator(exchange, profile, seed)
    done = 0
    while done < count:
        commands = generator.chunk(min(CHUNK, count - done))
        yield commands, exchange.step(commands)
        done += len(commands)
