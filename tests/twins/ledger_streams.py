"""Venues whose accounts are watched, charged and called; streams that move money and split instruments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.twins import streams
from tests.twins.streams import CHUNK, MILLISECOND, Generator
from workbench.domain.codes import (
    CommandKind,
    ExposureMode,
    Mark,
    SelfTradePrevention,
    SplitFlag,
    TriggerReference,
)
from workbench.domain.commands import ALL
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates
from workbench.domain.records import COMMAND, Records
from workbench.engine.reference import ReferenceExchange
from workbench.engine.reference.marks import value

TENTH = 100 * MILLISECOND
MOST_MONEY_MICROS = 1 << 57
"""A chunk of splits and trades seldom makes more than eight times as much of an amount."""
_LEVERED = MarginRates(100_000, 120_000, 90_000, 120_000)
_EVEN = MarginRates(500_000, 500_000, 250_000, 300_000)
_PER_ORDER = FeeSchedule(per_order="0.02", minimum_per_order="0.05", cap_bps=200, taker_bps=10)
_REBATES = FeeSchedule(minimum_per_order="0.001", maker_per_lot="-0.004", taker_per_lot="0.003")
_CAPPED = FeeSchedule(cap_bps=5, taker_bps=30, maker_bps="-0.5")
_THIN = MarginRates(60_000, 80_000, 50_000, 70_000)
"""Rates at which a few ticks make a margin call."""
_RATIOS = [(2, 1), (3, 2), (10, 1), (7, 3), (5, 4), (1, 1), (101, 100)]


def _stock(symbol: str, **settings: object) -> Instrument:
    given = {"max_order_quantity": 100_000, **settings}
    return Instrument(symbol, "0.50", "1.50", **given)  # type: ignore[arg-type]


def _stocks() -> list[Instrument]:
    """One of each mark, with and without fees per order, collars and borrow costs."""
    return [
        _stock("LST", fees=_PER_ORDER, margin=_LEVERED, collar_ppm=20_000, borrow_ppm_year=400_000),
        _stock("MID", mark=Mark.MID, margin=_EVEN, trigger_reference=TriggerReference.BID_ASK),
        _stock(
            "CLS",
            mark=Mark.CLOSE,
            fees=_REBATES,
            margin=_LEVERED,
            reference_price="1.00",
            quantity_increment=2,
            collar_ppm=60_000,
            borrow_ppm_year=10_000_000,
        ),
    ]


def _watched() -> list[Account]:
    return [
        Account("levered", cash=30, margin=True),
        Account(
            "patient", cash=60, margin=True, margin_grace_ns=30 * MILLISECOND, limits=Limits(max_drawdown=40)
        ),
        Account("careful", cash=2_000, limits=Limits(max_daily_loss=3, max_drawdown=5)),
        Account("rich", cash=10**6, margin=True, margin_grace_ns=MILLISECOND),
        Account("cash", cash=200),
        Account("long only", cash=90, margin=True, short_permitted=False),
        Account("free", cash_checked=False, limits=Limits(max_daily_loss=60)),
    ]


def _groups(symbols: list[str]) -> list[ExposureGroup]:
    first, *others = symbols
    return [
        ExposureGroup(
            "log", {first: 1, others[-1]: 3}, gross_limit=300, net_limit=150, mode=ExposureMode.LOG
        ),
        ExposureGroup("fine", dict.fromkeys(symbols, 2), net_limit=260, mode=ExposureMode.FINE, fine="0.35"),
        ExposureGroup("reject", dict.fromkeys(symbols, 1), gross_limit=500, net_limit=400),
        ExposureGroup("gross fine", {first: 1}, gross_limit=200, mode=ExposureMode.FINE, fine=0),
        ExposureGroup("free of charge", {first: 1}, gross_limit=170, mode=ExposureMode.FINE),
    ]


def ledger_venues() -> dict[str, Venue]:
    """The venues of money and risk; that they keep excursions tells them from the others."""
    traders = [Account("ann", cash=10**6), Account("bob", cash=400), *_watched()[:3]]
    limited = {"price_limit_bps": 400, "price_limit_window_ns": TENTH, "price_limit_pause_ns": TENTH // 2}
    odd = Instrument(
        "ODD", "300", "900", tick_size=3, lot_size="0.0007", fees=_CAPPED, margin=_LEVERED, collar_ppm=5_000
    )
    tiny = _stock("SIX", mark=Mark.CLOSE, margin=_THIN, lot_size="0.00003", max_order_quantity=3)
    thin = [
        _stock("ONE", fees=_CAPPED, margin=_THIN, reference_price="1.00", borrow_ppm_year=9_000_000),
        _stock("TWO", mark=Mark.MID, margin=_THIN, price_increment="0.02", quantity_increment=2),
        tiny,
    ]
    made = {
        "thin money": Venue(thin, _watched(), excursions=True, accrual_interval_ns=10 * TENTH),
        "money": Venue(
            _stocks(),
            _watched(),
            accrual_interval_ns=TENTH,
            debit_interest_ppm_year=1_000_000,
            credit_interest_ppm_year=30_000,
            excursions=True,
        ),
        "exposure": Venue(
            _stocks(),
            [*traders, Account("cid", cash_checked=False)],
            exposure_groups=_groups(["LST", "MID", "CLS"]),
            self_trade_prevention=SelfTradePrevention.DECREMENT,
            start_time_ns=17 * TENTH + 1,
            accrual_interval_ns=10 * TENTH,
            credit_interest_ppm_year=1_000_000,
            excursions=True,
        ),
        "money frozen": Venue(
            [*_stocks()[:2], odd],
            _watched()[:5],
            exposure_groups=_groups(["LST", "MID"])[:3],
            replay_mode=ReplayMode.FROZEN,
            accrual_interval_ns=TENTH,
            debit_interest_ppm_year=5_000,
            excursions=True,
        ),
        "money limits": Venue(
            [
                _stock("LST", reference_price="1.00", collar_ppm=25_000, margin=_LEVERED, **limited),
                _stock("BBO", trigger_reference=TriggerReference.BID_ASK, fees=_CAPPED, **limited),
                odd,
            ],
            traders,
            excursions=True,
        ),
    }
    return {name: replace(venue, kept_trades=2_000) for name, venue in made.items()}


def every_venue() -> dict[str, Venue]:
    """The venues of all rules."""
    return {**streams.venues(), **ledger_venues()}


class LedgerGenerator(Generator):
    """Draws a stream in which money moves besides."""

    def _mixed(self, size: int) -> Records:
        rows = super()._mixed(size)
        for place in np.flatnonzero(self._hits(0.05, size)):
            rows[place] = self._money()
        clocks = self._hits(0.04, size)
        rows[clocks] = np.zeros(1, dtype=COMMAND)[0]
        rows["kind"][clocks] = CommandKind.CLOCK
        return rows

    def _money(self) -> Records:
        """One command of the ledger."""
        random = self.random
        row = np.zeros(1, dtype=COMMAND)[0]
        kinds = [
            CommandKind.TRANSFER_CASH,
            CommandKind.FINE,
            CommandKind.DIVIDEND,
            CommandKind.SPLIT,
            CommandKind.START_DAY,
        ]
        row["kind"] = random.choice(kinds, p=[0.45, 0.15, 0.15, 0.15, 0.1])
        row["account"] = random.choice([*self.accounts[:-1]] * 3 + [-1, 0, 1, self.accounts.max() + 1])
        row["instrument"] = random.integers(0, len(self.middles))
        if random.random() < 0.04:
            row["instrument"] = random.choice([-1, len(self.middles)])
        if row["kind"] == CommandKind.TRANSFER_CASH:
            row["amount_micros"] = int(random.integers(-40, 41)) * 250_000 + int(random.integers(-3, 4))
        if row["kind"] == CommandKind.FINE:
            row["amount_micros"] = random.integers(1, 3_000_000)
        if row["kind"] == CommandKind.DIVIDEND:
            row["amount_micros"] = random.integers(1, 40_000)
        if row["kind"] == CommandKind.SPLIT:
            self._split(row)
        if random.random() < 0.05:
            row["amount_micros"] = random.choice([0, -1, 2**56 + 1, -(2**56) - 1, 2**63 - 1, -(2**63)])
        return row

    def _split(self, row: Records) -> None:
        """A ratio that leads prices back to where they began; some that are refused."""
        random = self.random
        instrument = int(row["instrument"]) % len(self.middles)
        rules, settings = self.exchange.rules[instrument], self.exchange.venue.instruments[instrument]
        more, fewer = _RATIOS[int(random.integers(0, len(_RATIOS)))]
        if rules.band_high_ticks < settings.price_max_ticks or (
            rules.band_high_ticks < 2 * settings.price_max_ticks and random.random() < 0.5
        ):
            more, fewer = fewer, more
        if random.random() < 0.12:
            choices = [(0, 1), (1, 0), (10_001, 1), (1, 10_000), (10_000, 1), (1, -1)]
            more, fewer = choices[int(random.integers(0, len(choices)))]
            if (more, fewer) == (10_000, 1) and random.random() < 0.9:
                more = 3
        row["quantity_lots"], row["display_lots"] = more, fewer
        row["flags"] = random.choice([0, SplitFlag.CANCEL_ORDERS, 2], p=[0.85, 0.12, 0.03])

    def _recover(self, rows: Records) -> None:
        """Let accounts that have lost everything begin again."""
        super()._recover(rows)
        for account in self.accounts[:-1].tolist():
            cash = self.exchange.ledger.purses[account].cash_micros
            if cash < -20_000_000 and self.random.random() < 0.1:
                place = int(self.random.integers(0, len(rows)))
                time_ns = rows["time_ns"][place]
                rows[place] = np.zeros(1, dtype=COMMAND)[0]
                rows["kind"][place], rows["time_ns"][place] = CommandKind.TRANSFER_CASH, time_ns
                rows["account"][place], rows["amount_micros"][place] = account, 50_000_000 - cash
                rows["instrument"][place] = ALL


def stream(
    exchange: ReferenceExchange, profile: str, seed: int, count: int
) -> Iterator[tuple[Records, Records]]:
    """`streams.stream` with the generator that goes with the exchange's venue.

    It ends early when money nears the limits of numbers that docs/rules.md states: what is beyond is no
    market that the exchanges must agree about.
    """
    if not exchange.venue.excursions:
        yield from streams.stream(exchange, profile, seed, count)
        return
    generator = LedgerGenerator(exchange, profile, seed)
    done = 0
    while done < count:
        commands = generator.chunk(min(CHUNK, count - done))
        yield commands, exchange.step(commands)
        done += len(commands)
        if _most_money(exchange) > MOST_MONEY_MICROS:
            return


def _most_money(exchange: ReferenceExchange) -> int:
    """The largest amount that the exchange counts with, whatever its sign."""
    amounts = [abs(purse.cash_micros) for purse in exchange.ledger.purses]
    for (_, instrument), position in exchange.ledger.positions.items():
        amounts += [abs(position.cost_micros), abs(value(exchange, instrument, position))]
    return max(amounts)
