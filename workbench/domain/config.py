"""A venue: everything the exchange must know before the first command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import IntEnum
from numbers import Integral
from typing import Any

from workbench.domain.codes import ExposureMode, Mark, SelfTradePrevention, TriggerReference
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates, whole_ppm
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import Number, to_micros
from workbench.errors import ConfigError

FIRST_TRADER = 2
"""Number of the first account in `Venue.accounts`; 0 is the street and 1 the house."""

YEAR_NS = 365 * 86_400 * 1_000_000_000
"""A year of interest and borrow costs: 365 days."""

DAY_NS = 86_400 * 1_000_000_000

MOST_KEPT_TRADES = 1 << 20

RESERVED_NAMES = ("street", "house")
"""Names of accounts 0 and 1."""


class ReplayMode(IntEnum):
    """How history and our orders meet (see docs/rules.md, "History in the book")."""

    RESPONSIVE = 0
    """One book: our orders move the market."""
    FROZEN = 1
    """History happens exactly as recorded; our orders fill by their queue position and move nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """A trader's account.

    Parameters
    ----------
    name
        Its name, unique in a venue; "street" and "house" are taken.
    cash
        Cash at the start, in currency: 0 or more.
    limits
        Pre-trade limits.
    short_permitted
        Whether it may sell more than it holds.
    cash_checked
        Whether orders must be covered by buying power.
    margin
        Whether they must be covered by equity at margin rates instead, with margin calls and liquidation.
    margin_grace_ns
        Time to meet a margin call.
    """

    name: str
    cash: Number = 0
    limits: Limits = field(default_factory=Limits)
    short_permitted: bool = True
    cash_checked: bool = True
    margin: bool = False
    margin_grace_ns: int = 0

    def __post_init__(self) -> None:
        if not self.name or not isinstance(self.name, str):
            raise ConfigError(what="has no name", where=f"account {self.name!r}", remedy="name it")
        if not self.name.isprintable():
            raise ConfigError(
                what="has characters that cannot be printed",
                where=f"account {self.name!r}",
                remedy="leave out line breaks and control characters",
            )
        if self.name in RESERVED_NAMES:
            raise ConfigError(
                what="is the exchange's own", where=f"account {self.name!r}", remedy="choose another name"
            )
        if self.cash_micros < 0:
            raise ConfigError(
                what=f"{self.cash} is negative",
                where=f"account {self.name!r} cash",
                remedy="start with 0 or more",
            )
        if not isinstance(self.limits, Limits):
            raise ConfigError(
                what=f"{self.limits!r} is no Limits",
                where=f"account {self.name!r} limits",
                remedy="give Limits(...)",
            )
        grace: Any = self.margin_grace_ns
        if isinstance(grace, bool) or not isinstance(grace, Integral) or not 0 <= int(grace) <= YEAR_NS:
            raise ConfigError(
                what=f"{grace!r} is no time from 0 to a year",
                where=f"account {self.name!r} margin_grace_ns",
                remedy="give whole nanoseconds",
            )
        object.__setattr__(self, "margin_grace_ns", int(grace))

    @property
    def cash_micros(self) -> int:
        """Cash at the start in micros."""
        return to_micros(self.cash, f"account {self.name!r} cash")

    @property
    def monitored(self) -> bool:
        """Whether its equity is watched."""
        limits = self.limits
        return bool(self.margin or limits.max_daily_loss_micros or limits.max_drawdown_micros)


@dataclass(frozen=True, slots=True)
class Venue:
    """Instruments, accounts and rules of one exchange.

    Parameters
    ----------
    instruments
        Numbered from 0 in this order.
    accounts
        Traders, numbered from 2 in this order (`account_number`).
    self_trade_prevention
        Mode of orders that do not choose one.
    replay_mode
        Whether our orders move the market.
    bare
        Books only: no accounts, no account checks, no fees, no ledger. For measuring the matching engine and
        for checking it against others.
    start_time_ns
        Exchange time before the first command.
    exposure_groups
        Limits on positions in several instruments together.
    accrual_interval_ns
        How often interest and borrow costs are charged; must divide a year of 365 days.
    debit_interest_ppm_year, credit_interest_ppm_year
        Interest a year on negative and on positive cash, in parts per million.
    excursions
        Whether the lowest and highest unrealised PnL of every open position are kept.
    kept_trades
        How many of the latest trades of accounts the exchange keeps, so that they can be busted.

    Examples
    --------
    >>> venue = Venue([Instrument("AAPL", "100", "200")], [Account("ann", cash=10_000)])
    >>> venue.instrument_number("AAPL"), venue.account_number("ann")
    (0, 2)
    """

    instruments: Sequence[Instrument]
    accounts: Sequence[Account] = ()
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.CANCEL_RESTING
    replay_mode: ReplayMode = ReplayMode.RESPONSIVE
    bare: bool = False
    start_time_ns: int = 0
    exposure_groups: Sequence[ExposureGroup] = ()
    accrual_interval_ns: int = DAY_NS
    debit_interest_ppm_year: int = 0
    credit_interest_ppm_year: int = 0
    excursions: bool = False
    kept_trades: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "instruments", tuple(self.instruments))
        object.__setattr__(self, "accounts", tuple(self.accounts))
        object.__setattr__(self, "exposure_groups", tuple(self.exposure_groups))
        if not self.instruments:
            raise ConfigError(what="has no instruments", where="venue", remedy="give at least one")
        for part, kind in (
            (self.instruments, Instrument),
            (self.accounts, Account),
            (self.exposure_groups, ExposureGroup),
        ):
            other = next((item for item in part if not isinstance(item, kind)), None)
            if other is not None:
                raise ConfigError(what=f"{other!r} is no {kind.__name__}", where="venue")
        for name, choices in (
            ("self_trade_prevention", SelfTradePrevention),
            ("replay_mode", ReplayMode),
        ):
            if getattr(self, name) not in set(choices):
                raise ConfigError(
                    what=f"{getattr(self, name)!r} is no {choices.__name__}",
                    where=name,
                    remedy=f"choose one of {', '.join(choices.__members__)}",
                )
        start: Any = self.start_time_ns
        if not isinstance(start, int) or abs(start) > MAX_TIME_NS:
            raise ConfigError(
                what=f"{start!r} is no time of an exchange",
                where="start_time_ns",
                remedy="give whole nanoseconds since 1970 UTC",
            )
        for what, names in (
            ("instrument", [i.symbol for i in self.instruments]),
            ("account", [a.name for a in self.accounts]),
            ("exposure group", [g.name for g in self.exposure_groups]),
        ):
            double = next((name for name in names if names.count(name) > 1), None)
            if double is not None:
                raise ConfigError(
                    what=f"{what} {double!r} occurs twice", where="venue", remedy="rename one of them"
                )
        if self.self_trade_prevention == SelfTradePrevention.VENUE_DEFAULT:
            raise ConfigError(
                what="names itself as its default", where="self_trade_prevention", remedy="choose a mode"
            )
        limited = next((i.symbol for i in self.instruments if i.price_limit_ppm), None)
        if limited is not None and self.replay_mode == ReplayMode.FROZEN:
            raise ConfigError(
                what="a frozen venue knows no price limits: history happens as recorded",
                where=f"instrument {limited!r} price_limit_bps",
                remedy="leave it out, or make the venue responsive",
            )
        if self.bare and self.accounts:
            raise ConfigError(
                what="a bare venue keeps no accounts", where="venue", remedy="leave out accounts or bare"
            )
        for group in self.exposure_groups:
            for symbol in group.weights:
                self.instrument_number(symbol)
        for name in ("debit_interest_ppm_year", "credit_interest_ppm_year"):
            object.__setattr__(self, name, whole_ppm(getattr(self, name), name))
        interval: Any = self.accrual_interval_ns
        if isinstance(interval, bool) or not isinstance(interval, Integral) or int(interval) < 1:
            raise ConfigError(what=f"{interval!r} is no time", where="accrual_interval_ns")
        if YEAR_NS % int(interval):
            raise ConfigError(
                what=f"{interval} does not divide a year of 365 days",
                where="accrual_interval_ns",
                remedy="choose a day, an hour or a minute",
            )
        object.__setattr__(self, "accrual_interval_ns", int(interval))
        kept: Any = self.kept_trades
        if isinstance(kept, bool) or not isinstance(kept, Integral) or not 0 <= int(kept) <= MOST_KEPT_TRADES:
            raise ConfigError(
                what=f"{kept!r} is no number of trades",
                where="kept_trades",
                remedy=f"give 0 (none can be busted) to {MOST_KEPT_TRADES:,}",
            )
        object.__setattr__(self, "kept_trades", int(kept))

    @property
    def accruals_a_year(self) -> int:
        """Intervals of `accrual_interval_ns` in a year."""
        return YEAR_NS // self.accrual_interval_ns

    @property
    def accrues(self) -> bool:
        """Whether anything is charged as time passes."""
        rates = (self.debit_interest_ppm_year, self.credit_interest_ppm_year)
        return not self.bare and any((*rates, *(each.borrow_ppm_year for each in self.instruments)))

    def instrument_number(self, symbol: str) -> int:
        """Number of the instrument called `symbol`."""
        for number, instrument in enumerate(self.instruments):
            if instrument.symbol == symbol:
                return number
        known = ", ".join(i.symbol for i in self.instruments)
        raise ConfigError(what=f"no instrument {symbol!r}", where="venue", remedy=f"known are {known}")

    def account_number(self, name: str) -> int:
        """Number of the account called `name`."""
        for number, account in enumerate(self.accounts):
            if account.name == name:
                return number + FIRST_TRADER
        known = ", ".join(a.name for a in self.accounts) or "none"
        raise ConfigError(what=f"no account {name!r}", where="venue", remedy=f"known are {known}")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def venue_to_json(venue: Venue) -> dict[str, Any]:
    """A venue as plain JSON values; decimals become strings, so nothing is rounded."""
    plain: dict[str, Any] = _plain(asdict(venue))
    return plain


def venue_from_json(data: dict[str, Any]) -> Venue:
    """The venue that `venue_to_json` was given; `ConfigError` for what cannot be one.

    >>> venue = Venue([Instrument("AAPL", "100", "200")], [Account("ann", cash="10.5")])
    >>> again = venue_from_json(venue_to_json(venue))
    >>> again.accounts[0].cash_micros, again.instruments[0].price_max_ticks
    (10500000, 20000)
    """
    try:
        parts = {
            "instruments": [
                Instrument(
                    **{
                        **item,
                        "fees": FeeSchedule(**item["fees"]),
                        "trigger_reference": TriggerReference(item["trigger_reference"]),
                        "margin": MarginRates(**item.get("margin", {})),
                        "mark": Mark(item.get("mark", Mark.LAST)),
                    }
                )
                for item in data["instruments"]
            ],
            "exposure_groups": [
                ExposureGroup(**{**item, "mode": ExposureMode(item["mode"])})
                for item in data.get("exposure_groups", ())
            ],
            "accounts": [
                Account(**{**item, "limits": Limits(**item["limits"])}) for item in data["accounts"]
            ],
            "self_trade_prevention": SelfTradePrevention(data["self_trade_prevention"]),
            "replay_mode": ReplayMode(data["replay_mode"]),
        }
        return Venue(**{**data, **parts})
    except KeyError as missing:
        raise ConfigError(what=f"has no {missing}", where="venue") from None
    except (TypeError, ValueError) as reason:
        raise ConfigError(what=str(reason), where="venue") from None
