"""The state seen from outside: price levels, and everything in canonical form."""

from __future__ import annotations

from dataclasses import astuple
from operator import itemgetter

import numpy as np

from workbench.domain.codes import FeeKind, LimitKind, Place, Side
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import (
    ACCOUNT_VIEW,
    BOOK_ORDER,
    COUNTERS_VIEW,
    FEE_VIEW,
    GROUP_VIEW,
    INSTRUMENT_VIEW,
    LEVEL_VIEW,
    LIMIT_VIEW,
    LOT_VIEW,
    POSITION_VIEW,
    ROLLING_VIEW,
    SESSION_VIEW,
    TRADE_VIEW,
    Records,
)
from workbench.domain.views import ExchangeState
from workbench.engine.reference.emit import limits_of
from workbench.engine.reference.state import SIDES, Group, TwinState

Row = tuple[int, ...]


def depth(twin: TwinState, instrument: int, side: Side, levels: int, book: int) -> Records:
    """Price levels of one side as `LEVEL_VIEW`, best first."""
    queue = twin.markets[instrument].books[book][side]
    prices = [queue.sign * rank for rank in queue.ranks[:levels]]
    rows = [(price, queue.levels[price].lots, len(queue.levels[price].orders)) for price in prices]
    return np.array(rows, dtype=LEVEL_VIEW)


def whole_state(twin: TwinState) -> ExchangeState:
    """The whole state in canonical form."""
    return ExchangeState(
        counters=np.array([_counters(twin)], dtype=COUNTERS_VIEW),
        instruments=np.array(_instrument_rows(twin), dtype=INSTRUMENT_VIEW),
        accounts=np.array(_account_rows(twin), dtype=ACCOUNT_VIEW),
        positions=np.array(_position_rows(twin), dtype=POSITION_VIEW),
        lots=np.array(_lot_rows(twin), dtype=LOT_VIEW),
        orders=np.array(_order_rows(twin), dtype=BOOK_ORDER),
        groups=np.array(_group_rows(twin), dtype=GROUP_VIEW),
        rolling=np.array(_rolling_rows(twin), dtype=ROLLING_VIEW),
        limits=np.array(_limit_rows(twin), dtype=LIMIT_VIEW),
        fees=np.array(_fee_rows(twin), dtype=FEE_VIEW),
        trades=np.array([astuple(trade) for trade in twin.kept], dtype=TRADE_VIEW),
        session=np.array([(twin.session_state,)] if twin.session_state else [], dtype=SESSION_VIEW),
    )


def _counters(twin: TwinState) -> Row:
    return (
        twin.time_ns,
        twin.command_count,
        twin.event_count,
        twin.order_count,
        twin.trade_count,
        twin.priority_count,
        twin.funding_micros,
        twin.accruing,
        twin.accrued_to_ns,
    )


def _instrument_rows(twin: TwinState) -> list[Row]:
    return [
        (
            number,
            rules.phase,
            rules.band_low_ticks,
            rules.band_high_ticks,
            tape.last_price_ticks,
            tape.volume_lots,
            tape.trades,
            *tape.quote,
            tape.divergence_lots,
            tape.divergence_orders,
            rules.window_low_ticks,
            rules.window_high_ticks,
            calendar.collecting,
            *tape.indicative,
            *((calendar.schedule[1], calendar.schedule[0]) if calendar.schedule else (0, 0)),
            calendar.reopening_ns or 0,
            *limits_of(twin, number),
            limits.part if limits else 0,
            int(rules.short_sales_restricted),
            *(calendar.collar or (0, 0)),
            tape.close_price_ticks,
            tape.reference_price_ticks,
        )
        for number, (rules, tape, calendar, limits) in enumerate(
            zip(twin.rules, twin.tapes, twin.calendars, twin.price_limits, strict=True)
        )
    ]


def _account_rows(twin: TwinState) -> list[Row]:
    return [
        (
            account,
            standing.state,
            standing.flags,
            0,
            twin.ledger.purses[account].cash_micros,
            standing.reserved_micros,
            twin.ledger.purses[account].short_cost_micros,
            twin.ledger.purses[account].fees_micros,
            standing.open_orders,
            standing.rate_time_ns,
            standing.peak_equity_micros,
            standing.day_start_equity_micros,
            standing.margin_call,
            standing.call_deadline_ns,
        )
        for account, standing in enumerate(twin.standings)
    ]


def _fee_rows(twin: TwinState) -> list[Row]:
    """Fees that SET_FEE has changed from what the venue began with."""
    return [
        (account, instrument, kind, terms.fees.value(kind))
        for (account, instrument), terms in sorted(twin.ledger.own_terms.items(), key=itemgetter(0))
        for kind in FeeKind
        if terms.fees.value(kind) != twin.venue.instruments[instrument].fees.value(kind)
    ]


def _position_rows(twin: TwinState) -> list[Row]:
    rows: list[Row] = []
    for account, standing in enumerate(twin.standings):
        for instrument in range(len(twin.rules)):
            position = twin.ledger.positions.get((account, instrument))
            booked, excursions = (0,) * 6, (0, 0)
            if position:
                excursions = (position.adverse_micros, position.favourable_micros)
                booked = (
                    position.position_lots,
                    position.cost_micros,
                    position.realised_average_micros,
                    position.realised_fifo_micros,
                    position.fees_micros,
                    position.traded_lots,
                )
            open_lots = [standing.open_lots_of(instrument, side) for side in SIDES]
            if any(booked) or any(open_lots):
                rows.append((account, instrument, *booked, *open_lots, *excursions))
    return rows


def _lot_rows(twin: TwinState) -> list[Row]:
    rows: list[Row] = []
    for (account, instrument), position in sorted(twin.ledger.positions.items(), key=lambda item: item[0]):
        sign = -1 if position.position_lots < 0 else 1
        rows += [
            (account, instrument, lot.price_ticks, sign * lot.quantity_lots, sign * lot.cost_micros)
            for lot in position.lots
        ]
    return rows


def _order_rows(twin: TwinState) -> list[Row]:
    in_books = [
        order for market in twin.markets for book in market.books for side in SIDES for order in book[side]
    ]
    elsewhere = [order for order in twin.open_orders.values() if order.book > Place.LIVE]
    elsewhere.sort(key=lambda order: (order.instrument, order.book, order.priority))
    return [
        (
            order.order_id,
            order.client_order_id,
            order.account,
            order.instrument,
            order.side,
            order.order_type,
            order.time_in_force,
            twin.state_of(order),
            order.self_trade_prevention,
            order.book,
            order.flags,
            order.price_ticks,
            order.quantity_lots,
            order.leaves_lots,
            order.taken_lots,
            order.opening_lots,
            order.reserved_micros,
            order.priority,
            order.time_ns,
            order.display_lots,
            order.shown_lots,
            order.trigger_price_ticks or order.valued_ticks,
            order.trail_ticks,
            order.trail_micros,
            order.watermark_ticks,
            order.expire_time_ns,
            order.group_id,
            order.group_place,
            order.raw_fee_micros,
            order.fee_notional_micros,
            order.charged_micros,
        )
        for order in in_books + elsewhere
    ]


def _group_rows(twin: TwinState) -> list[Row]:
    groups: dict[Group, int] = {}
    for order_id, group in twin.groups.items():
        groups[group] = min(order_id, groups.get(group, order_id))
    rows: list[Row] = []
    for group in sorted(groups, key=lambda group: groups[group]):
        ids = {place: order.order_id for place, order in group.members.items()}
        parent = ids.pop(group.parent, 0)
        row = (group.account, group.instrument, group.stage, ids.get(1, 0), ids.get(2, 0), parent)
        rows.append(row)
    return rows


def _rolling_rows(twin: TwinState) -> list[Row]:
    return [
        (instrument, part, *limits.parts[part])
        for instrument, limits in enumerate(twin.price_limits)
        if limits
        for part in sorted(limits.parts)
    ]


def _limit_rows(twin: TwinState) -> list[Row]:
    return [
        (number, kind, now)
        for number, account in enumerate(twin.venue.accounts, start=FIRST_TRADER)
        for kind in LimitKind
        if (now := twin.standings[number].limits.value(kind)) != account.limits.value(kind)
    ]
