"""BUST_TRADE: a trade is undone, and both sides' books are built again without it."""

from __future__ import annotations

from workbench.domain.codes import STREET_ACCOUNT, EventKind, Reason, Side, TradeState
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.naming import check_late
from workbench.engine.reference.state import KeptTrade, TwinState
from workbench.ledger.reference import Position, Terms
from workbench.risk.reference import Refusal


def bust_trade(twin: TwinState, command: Command) -> None:
    """BUST_TRADE."""
    refusal = check_late(twin, command) or _check_kept(twin, command.order_id)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    busted = next(trade for trade in twin.kept if trade.trade_id == command.order_id)
    # The resting order's account comes first.
    sides = [(busted.maker_account, Side(3 - busted.side), busted.maker_fee_micros)]
    sides.append((busted.taker_account, Side(busted.side), busted.taker_fee_micros))
    traders = {account for account, _, _ in sides} - {STREET_ACCOUNT}
    histories = {account: _since_flat(twin, account, busted) for account in traders}
    if not all(histories.values()):
        refusal = Refusal(Reason.TRADE_TOO_OLD, busted.trade_id, twin.kept[0].trade_id)
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    _take_off_tape(twin, busted)
    _say_busted(twin, busted)
    for account, trades in histories.items():
        _build_again(twin, account, busted, trades)
    busted.state = TradeState.BUSTED
    for account, side, fee_micros in sides:
        terms = (busted.price_ticks, busted.quantity_lots, fee_micros)
        twin.ledger.unbook(account, busted.instrument, side, *terms)
        _say_position(twin, account, busted)


def _check_kept(twin: TwinState, trade_id: int) -> Refusal | None:
    if not twin.kept.maxlen:
        return Refusal(Reason.UNKNOWN_COMMAND)
    trade = next((each for each in twin.kept if each.trade_id == trade_id), None)
    if trade is None:
        if len(twin.kept) == twin.kept.maxlen and 1 <= trade_id < twin.kept[0].trade_id:
            return Refusal(Reason.TRADE_TOO_OLD, trade_id, twin.kept[0].trade_id)
        return Refusal(Reason.UNKNOWN_TRADE, trade_id, twin.trade_count)
    if trade.state == TradeState.BUSTED:
        return Refusal(Reason.ALREADY_BUSTED, trade_id)
    return Refusal(Reason.TRADE_TOO_OLD, trade_id) if trade.state == TradeState.FORGOTTEN else None


def _since_flat(twin: TwinState, account: int, busted: KeptTrade) -> list[KeptTrade]:
    """An account's trades in the instrument from when it last was flat before `busted`; [] if not kept."""
    since: list[KeptTrade] = []
    held = twin.ledger.position_lots(account, busted.instrument)
    for trade in reversed(twin.kept):
        if trade.instrument != busted.instrument or trade.state == TradeState.BUSTED:
            continue
        if trade.state == TradeState.FORGOTTEN:
            break
        fills = _sides_of(trade, account)
        if fills:
            since.insert(0, trade)
            held -= sum(trade.quantity_lots if side == Side.BUY else -trade.quantity_lots for side in fills)
            if held == 0 and trade.trade_id <= busted.trade_id:
                return since
    return []


def _sides_of(trade: KeptTrade, account: int) -> list[Side]:
    """Which sides of a trade an account was on, the resting one first."""
    sides = [(trade.maker_account, Side(3 - trade.side)), (trade.taker_account, Side(trade.side))]
    return [side for who, side in sides if who == account]


def _made_of(trades: list[KeptTrade], account: int, terms: Terms) -> Position:
    """The position that trades make of none."""
    position = Position()
    for trade in trades:
        for side in _sides_of(trade, account):
            position.fill(terms, side, trade.price_ticks, trade.quantity_lots, keeps_lots=True)
    return position


def _build_again(twin: TwinState, account: int, busted: KeptTrade, trades: list[KeptTrade]) -> None:
    """Position, cost, lots and realised profits without a trade; the rest of the position stays."""
    terms = twin.ledger.terms[busted.instrument]
    as_it_is = _made_of(trades, account, terms)
    without = _made_of([trade for trade in trades if trade is not busted], account, terms)
    position = twin.ledger.positions[account, busted.instrument]
    assert position.lots == as_it_is.lots
    assert position.cost_micros == as_it_is.cost_micros
    held, short_cost = position.position_lots, position.short_cost_micros
    position.position_lots, position.cost_micros = without.position_lots, without.cost_micros
    position.realised_average_micros += without.realised_average_micros - as_it_is.realised_average_micros
    position.realised_fifo_micros += without.realised_fifo_micros - as_it_is.realised_fifo_micros
    position.lots = without.lots
    if held * position.position_lots <= 0:
        position.forget_excursions()
    twin.ledger.purses[account].short_cost_micros += position.short_cost_micros - short_cost


def _take_off_tape(twin: TwinState, busted: KeptTrade) -> None:
    """Last price, volume and number of trades without a trade; those after it move up."""
    twin.touched.add(busted.instrument)
    if not busted.number:
        return
    tape = twin.tapes[busted.instrument]
    if tape.trades == busted.number:
        tape.last_price_ticks = busted.previous_price_ticks
    tape.trades -= 1
    tape.volume_lots -= busted.quantity_lots
    for trade in twin.kept:
        if trade.instrument == busted.instrument and trade.number > busted.number:
            if trade.number == busted.number + 1:
                trade.previous_price_ticks = busted.previous_price_ticks
            trade.number -= 1


def _say_busted(twin: TwinState, busted: KeptTrade) -> None:
    payload = (
        busted.trade_id,
        busted.price_ticks,
        busted.quantity_lots,
        busted.taker_order_id,
        busted.maker_order_id,
        busted.maker_account,
        twin.ledger.terms[busted.instrument].notional(busted.price_ticks, busted.quantity_lots),
        twin.tapes[busted.instrument].last_price_ticks,
    )
    emit(
        twin,
        EventKind.TRADE_BUSTED,
        payload,
        side=Side(busted.side),
        flags=busted.flags,
        account=busted.taker_account,
        instrument=busted.instrument,
    )


def _say_position(twin: TwinState, account: int, busted: KeptTrade) -> None:
    twin.moved.add(account)
    position = twin.ledger.positions[account, busted.instrument]
    payload = (
        position.position_lots,
        position.cost_micros,
        position.realised_average_micros,
        position.realised_fifo_micros,
        position.fees_micros,
        twin.ledger.purses[account].cash_micros,
        busted.trade_id,
    )
    emit(twin, EventKind.POSITION_CHANGED, payload, account=account, instrument=busted.instrument)
