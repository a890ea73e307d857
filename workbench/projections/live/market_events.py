"""What each event does to a market."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.domain.codes import EventKind, Mark, Phase, Reason
from workbench.domain.records import AUCTION, SHADOW
from workbench.projections.live.equity import EquityCurves
from workbench.projections.live.market import Halt, Indication, LiveMarket, Quote, Trade
from workbench.projections.live.order_events import REASONS, Row

_KINDS = {int(kind): kind for kind in EventKind}
_PHASES = {int(phase): phase for phase in Phase}


class MarketEvents:
    """Folds what happens to instruments, whoever set it off.

    Parameters
    ----------
    markets
        What it changes, by instrument number.
    curves
        Told when a mark may have moved.
    note_halt
        Told of an instrument that is halted from now on, or no longer.
    hooks
        Whom to tell, by the name of what an observer is told.

    Attributes
    ----------
    traded
        Instruments that have traded since somebody last cleared it.
    halts
        Every halt and its end, and every pause by a price limit and its end.
    """

    def __init__(
        self,
        markets: Sequence[LiveMarket],
        curves: EquityCurves,
        note_halt: Callable[[int, bool], None],
        hooks: Mapping[str, Sequence[Callable[..., None]]],
    ) -> None:
        self._markets = markets
        self._curves = curves
        self._note_halt = note_halt
        self._hooks = hooks
        self._marked_at_middle = [one.instrument.mark == Mark.MID for one in markets]
        self.traded: set[int] = set()
        self.halts: list[Halt] = []
        kind = EventKind
        self.handlers: dict[int, Callable[[Row], None]] = {
            kind.TRADE: self._trade,
            kind.QUOTE: self._quote,
            kind.PHASE_CHANGED: self._phase,
            kind.PRICE_BAND_CHANGED: self._market,
            kind.PRICE_LIMITS_CHANGED: self._market,
            kind.PHASE_SCHEDULED: self._market,
            kind.SHORT_SALE_RESTRICTION_CHANGED: self._market,
            kind.AUCTION_COLLAR_CHANGED: self._market,
            kind.AUCTION_INDICATIVE: self._indicative,
            kind.AUCTION_UNCROSSED: self._uncrossed,
            kind.INSTRUMENT_SPLIT: self._split,
        }

    def _trade(self, row: Row) -> None:
        self._curves.note_moved()
        flags = row[9]
        if flags & SHADOW:
            return
        instrument = row[11]
        trade = Trade(row[0], row[2], row[13], row[14], row[12], row[5], flags)
        # A print of history that comes in the same command is none of the uncross, which names both orders.
        self._markets[instrument].add_trade(trade, bool(flags & AUCTION and row[15]))
        self.traded.add(instrument)
        for hook in self._hooks["trade"]:
            hook(instrument, trade)

    def _quote(self, row: Row) -> None:
        instrument = row[11]
        quote = Quote(row[0], row[2], row[12], row[13], row[14], row[15], row[16], row[17])
        market = self._markets[instrument]
        if self._marked_at_middle[instrument]:
            mark_ticks = market.mark_ticks
            market.quote = quote
            if market.mark_ticks != mark_ticks:
                self._curves.note_moved()
        else:
            market.quote = quote
        for hook in self._hooks["quote"]:
            hook(instrument, quote)

    def _phase(self, row: Row) -> None:
        instrument = row[11]
        phase, reason = _PHASES[row[12]], REASONS.get(row[4], Reason.NONE)
        market = self._markets[instrument]
        was_halted, mark_ticks = market.halted, market.mark_ticks
        market.change_phase(phase, reason, row[2], row[0])
        self._note_market(row, market)
        if market.halted != was_halted or reason == Reason.LIMIT_UP_DOWN:
            self.halts.append(Halt(row[0], row[2], instrument, phase, reason))
        if market.halted != was_halted:
            self._note_halt(instrument, market.halted)
        if market.mark_ticks != mark_ticks:
            self._curves.note_moved()
        for hook in self._hooks["phase"]:
            hook(instrument, phase, reason, row[2])

    def _market(self, row: Row) -> None:
        instrument = row[11]
        market = self._markets[instrument]
        self._note_market(row, market)
        kind = _KINDS[row[3]]
        if kind == EventKind.AUCTION_COLLAR_CHANGED:
            market.collar_low_ticks, market.collar_high_ticks = row[16], row[17]
        for hook in self._hooks["market"]:
            hook(instrument, kind, row[2])

    def _note_market(self, row: Row, market: LiveMarket) -> None:
        market.change_band(row[13], row[14])
        if row[3] != EventKind.AUCTION_COLLAR_CHANGED:
            market.reference_ticks, market.limit_down_ticks, market.limit_up_ticks = row[15:18]
        market.next_phase, market.next_phase_ns = _PHASES[row[18]], row[19]
        market.short_sales_restricted = bool(row[20])

    def _indicative(self, row: Row) -> None:
        indication = _indication(row, uncrossed=False)
        self._markets[row[11]].indication = indication
        for hook in self._hooks["auction"]:
            hook(row[11], indication)

    def _uncrossed(self, row: Row) -> None:
        market = self._markets[row[11]]
        market.uncrossed = _indication(row, uncrossed=True)
        # A collar holds until an uncross, which forgets it without an event.
        market.collar_low_ticks = market.collar_high_ticks = 0
        for hook in self._hooks["auction"]:
            hook(row[11], market.uncrossed)

    def _split(self, row: Row) -> None:
        instrument = row[11]
        market = self._markets[instrument]
        mark_ticks = market.mark_ticks
        market.split(row[12], row[13], row[14:20])
        if market.mark_ticks != mark_ticks:
            self._curves.note_moved()
        for hook in self._hooks["market"]:
            hook(instrument, EventKind.INSTRUMENT_SPLIT, row[2])


def _indication(row: Row, *, uncrossed: bool) -> Indication:
    price, paired, imbalance, wanted, offered, reference = row[12:18]
    return Indication(row[0], row[2], price, paired, imbalance, wanted, offered, reference, uncrossed)
