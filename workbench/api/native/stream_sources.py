"""What topics of the market are made of: rows of the views as they are now, and those that changed since."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from msgspec import UNSET

from workbench.api.native.stream_sizes import CANDLES, TRADES
from workbench.api.native.stream_words import Words
from workbench.api.standings import shown_at, worth_then
from workbench.api.words import SIDES, money
from workbench.domain.codes import Side
from workbench.domain.frames import (
    CandleRow,
    LeaderRow,
    LevelRow,
    MarketRow,
    NewsRow,
    SessionRow,
    TradeRow,
)
from workbench.domain.records import AUCTION, BUSTED, Records
from workbench.projections.live.bars import Bar, Timeframe, Unit

if TYPE_CHECKING:
    from workbench.projections.live.views import LiveViews
    from workbench.session.live.session import LiveSession

LEVELS = 20
"""Price levels of each side that `depth` shows."""

_FRAME = re.compile(r"([1-9]\d{0,3})(m|h|d)")
_UNITS = {"m": Unit.MINUTE, "h": Unit.HOUR, "d": Unit.DAY}


class Source(Protocol):
    """A topic's rows."""

    def rows(self) -> Sequence[msgspec.Struct]:
        """All rows as they are now; what changes from here on is told by `changes`."""

    def changes(self) -> Sequence[msgspec.Struct]:
        """Rows that changed since the last call of either."""

    def count(self) -> int:
        """How many events of the topic there were so far; 0 where they are not counted."""


def difference(before: msgspec.Struct, now: msgspec.Struct, key: tuple[str, ...]) -> msgspec.Struct | None:
    """A row with only what changed, and its key; None when nothing did."""
    changed = {}
    for name in now.__struct_fields__:
        value = getattr(now, name)
        if value != getattr(before, name):
            changed[name] = value
    if not changed:
        return None
    return type(now)(**{name: getattr(now, name) for name in key} | changed)


class _OneRow:
    """A topic of one row."""

    def __init__(self, make: Callable[[], msgspec.Struct], key: str) -> None:
        self._make = make
        self._key = (key,)
        self._before: msgspec.Struct | None = None

    def rows(self) -> Sequence[msgspec.Struct]:
        """The row."""
        self._before = self._make()
        return [self._before]

    def changes(self) -> Sequence[msgspec.Struct]:
        """What changed of it."""
        now = self._make()
        before, self._before = self._before, now
        if before is None:
            return [now]
        found = difference(before, now, self._key)
        return [] if found is None else [found]

    def count(self) -> int:
        """Changes are not counted."""
        return 0


class MarketSource(_OneRow):
    """`market:SYMBOL`."""

    def __init__(self, views: LiveViews, words: Words, number: int) -> None:
        super().__init__(lambda: market_row(views, words, number), "symbol")


def market_row(views: LiveViews, words: Words, number: int) -> MarketRow:
    """An instrument as it stands."""
    market = views.markets[number]
    quote, last, day, indication = market.quote, market.last, market.day, market.indication
    price, quantity = words.price_or_none, words.quantity
    return MarketRow(
        symbol=market.symbol,
        time=words.iso(max(quote.time_ns, last.time_ns if last else 0, market.phase_ns)),
        bid=price(number, quote.bid_price_ticks),
        bid_quantity=quantity(number, quote.bid_lots),
        bid_orders=quote.bid_orders,
        ask=price(number, quote.ask_price_ticks),
        ask_quantity=quantity(number, quote.ask_lots),
        ask_orders=quote.ask_orders,
        last=price(number, market.last_price_ticks),
        last_quantity=quantity(number, last.quantity_lots) if last else 0.0,
        last_time=words.iso(last.time_ns) if last else UNSET,
        open=price(number, day.open_ticks) if day else None,
        high=price(number, day.high_ticks) if day else None,
        low=price(number, day.low_ticks) if day else None,
        volume=quantity(number, market.volume_lots),
        trades=market.trades,
        phase=market.phase.name.lower(),
        halted=market.halted,
        limit_down=price(number, market.limit_down_ticks),
        limit_up=price(number, market.limit_up_ticks),
        indicative_price=price(number, indication.price_ticks),
        indicative_quantity=quantity(number, indication.paired_lots),
        imbalance=quantity(number, indication.imbalance_lots),
        tick_size=words.price(number, 1),
        lot_size=words.quantity(number, 1),
    )


class DepthSource:
    """`depth:SYMBOL`: the best levels of both sides."""

    def __init__(self, views: LiveViews, words: Words, number: int) -> None:
        self._views = views
        self._words = words
        self._number = number
        self._shown: dict[tuple[str, int], tuple[int, int]] = {}

    def _now(self) -> dict[tuple[str, int], tuple[int, int]]:
        found = {}
        for name, side in (("bid", Side.BUY), ("ask", Side.SELL)):
            for ticks, lots, orders in self._views.depth.depth(self._number, side, LEVELS).tolist():
                found[name, ticks] = (lots, orders)
        return found

    def _row(self, level: tuple[str, int], lots: int, orders: int) -> LevelRow:
        price = self._words.price(self._number, level[1])
        return LevelRow(level[0], price, self._words.quantity(self._number, lots), orders)

    def rows(self) -> Sequence[msgspec.Struct]:
        """All levels that are shown."""
        self._shown = self._now()
        return [self._row(level, *stands) for level, stands in self._shown.items()]

    def changes(self) -> Sequence[msgspec.Struct]:
        """Levels that changed, and those that are no longer shown with quantity 0."""
        before, now = self._shown, self._now()
        self._shown = now
        changed = [self._row(level, 0, 0) for level in before.keys() - now.keys()]
        changed += [self._row(level, *stands) for level, stands in now.items() if before.get(level) != stands]
        return changed

    def count(self) -> int:
        """Levels are not counted."""
        return 0


class TradesSource:
    """`trades:SYMBOL`: the tape."""

    def __init__(self, views: LiveViews, words: Words, number: int) -> None:
        self._views = views
        self._words = words
        self._number = number
        self._told = 0
        self._busts = views.markets[number].busts

    def _rows(self, trades: Records) -> list[TradeRow]:
        words, number = self._words, self._number
        return [
            TradeRow(
                seq=seq,
                id=trade_id,
                time=words.iso(time_ns),
                price=words.price(number, ticks),
                quantity=words.quantity(number, lots),
                side=SIDES[side],
                auction=bool(flags & AUCTION) or UNSET,
                busted=bool(flags & BUSTED) or UNSET,
            )
            for seq, time_ns, ticks, lots, trade_id, side, flags in trades[_TRADE_FIELDS].tolist()
        ]

    def rows(self) -> Sequence[msgspec.Struct]:
        """The latest trades."""
        trades = self._views.trades(self._number).rows
        self._told = len(trades)
        self._busts = self._views.markets[self._number].busts
        return self._rows(trades[-TRADES:])

    def changes(self) -> Sequence[msgspec.Struct]:
        """Trades since the last call, behind those before it that were busted since."""
        trades = self._views.trades(self._number).rows
        fresh, earlier = trades[self._told :], trades[: self._told]
        self._told = len(trades)
        busts = self._views.markets[self._number].busts
        if busts == self._busts:
            return self._rows(fresh)
        self._busts = busts
        # Those that were told before are few, and told again they change nothing.
        return self._rows(np.concatenate([earlier[earlier["flags"] & BUSTED != 0], fresh]))

    def count(self) -> int:
        """All trades so far."""
        return self._told


_TRADE_FIELDS = ["seq", "time_ns", "price_ticks", "quantity_lots", "trade_id", "side", "flags"]


class CandlesSource:
    """`candles:SYMBOL:1m` and other intervals."""

    def __init__(self, views: LiveViews, words: Words, number: int, frame: Timeframe) -> None:
        self._market = views.markets[number]
        self._words = words
        self._number = number
        self._frame = frame
        self._last_ns = 0
        self._last: CandleRow | None = None
        self._busts = self._market.busts

    def _row(self, bar: Bar) -> CandleRow:
        words, number = self._words, self._number
        return CandleRow(
            time=words.iso(bar.start_ns),
            open=words.price(number, bar.open_ticks),
            high=words.price(number, bar.high_ticks),
            low=words.price(number, bar.low_ticks),
            close=words.price(number, bar.close_ticks),
            volume=words.quantity(number, bar.volume_lots),
            trades=bar.trades,
            vwap=words.average(number, bar.vwap_ticks),
        )

    def rows(self) -> Sequence[msgspec.Struct]:
        """The latest candles."""
        self._busts = self._market.busts
        return self._since(0)[-CANDLES:]

    def changes(self) -> Sequence[msgspec.Struct]:
        """The candle that was last, if it grew, and those after it; all of them after a bust."""
        if self._busts != self._market.busts:
            return self.rows()
        before = self._last
        found = self._since(self._last_ns)
        return found[1:] if found and found[0] == before else found

    def _since(self, start_ns: int) -> list[CandleRow]:
        bars = self._market.bars(self._frame, start_ns)
        found = [self._row(bar) for bar in bars]
        if found:
            self._last_ns, self._last = bars[-1].start_ns, found[-1]
        return found

    def count(self) -> int:
        """Candles are not counted."""
        return 0


class NewsSource:
    """`news`: what was announced, in order."""

    def __init__(self, session: LiveSession, words: Words) -> None:
        self._session = session
        self._words = words
        self._told = 0

    def _rows(self, start: int) -> list[NewsRow]:
        found = self._session.announcements
        self._told = len(found)
        return [
            NewsRow(
                number=each.number,
                time=self._words.iso(each.time_ns),
                headline=each.headline,
                body=each.body,
                symbols=list(each.symbols),
                author=each.author,
            )
            for each in found[start:]
        ]

    def rows(self) -> Sequence[msgspec.Struct]:
        """All of them."""
        return self._rows(0)

    def changes(self) -> Sequence[msgspec.Struct]:
        """New ones."""
        return self._rows(self._told)

    def count(self) -> int:
        """How many there are."""
        return self._told


class SessionSource(_OneRow):
    """`session`."""

    def __init__(self, session: LiveSession, words: Words) -> None:
        super().__init__(lambda: session_row(session, words), "name")


def session_row(session: LiveSession, words: Words) -> SessionRow:
    """A session as it stands; of its time only what its last change of state or speed says."""
    status = session.status()
    return SessionRow(
        name=status.name,
        title=status.title,
        state=status.state.name.lower(),
        speed=status.speed,
        zone=status.zone,
        opens=words.iso(status.open_ns),
        closes=words.iso(status.close_ns),
        symbols=words.symbols,
        seats=status.seats,
        seats_taken=status.seats_taken,
        failed=status.failed,
    )


class LeaderboardSource:
    """`leaderboard`: what each seat is worth; `late` where it may be shown with a delay."""

    def __init__(self, session: LiveSession, views: LiveViews, *, late: bool = False) -> None:
        self._session = session
        self._views = views
        self._late = late
        self._told: dict[int, LeaderRow] = {}

    def _now(self) -> dict[int, LeaderRow]:
        found = {}
        as_of = shown_at(self._session, self._views.time_ns) if self._late else None
        for seat in self._session.seats():
            if as_of is not None:
                equity, pnl = worth_then(self._views, seat.account, as_of)
                found[seat.account] = LeaderRow(
                    account=seat.account, name=seat.name, equity=money(equity), pnl=money(pnl)
                )
                continue
            account = self._views.accounts[seat.account]
            equity = self._views.worth(seat.account).equity_micros
            paid_in = account.start_cash_micros + account.deposits_micros - account.withdrawals_micros
            found[seat.account] = LeaderRow(
                account=seat.account, name=seat.name, equity=money(equity), pnl=money(equity - paid_in)
            )
        return found

    def rows(self) -> Sequence[msgspec.Struct]:
        """All seats."""
        self._told = self._now()
        return list(self._told.values())

    def changes(self) -> Sequence[msgspec.Struct]:
        """Seats whose worth changed."""
        before, self._told = self._told, self._now()
        return [row for account, row in self._told.items() if before.get(account) != row]

    def count(self) -> int:
        """Not counted."""
        return 0


def timeframe(text: str) -> Timeframe | None:
    """The timeframe that `1m`, `15m`, `1h` or `1d` names; None for what names none."""
    match = _FRAME.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match[1]), _UNITS[match[2]]
    most = {Unit.MINUTE: 1440, Unit.HOUR: 24, Unit.DAY: 1}[unit]
    return Timeframe(count, unit) if count <= most else None
