"""Tickets as commands; what cannot be one is refused in a sentence before anything is sent."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple
from uuid import uuid4

from workbench.domain import commands as make
from workbench.domain.codes import (
    OrderFlag,
    OrderType,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import decimal
from workbench.errors import OrderRefused
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.order import TRIGGER_TYPES, LiveOrder, Waits
from workbench.session.live.client_ids import client_order_number
from workbench.session.live.tickets import Changes, Ticket

ORDER_CLASSES = ("simple", "bracket", "oto", "oco")
"""What a ticket may be."""

LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
"""Types with a limit price."""

STOPPED = frozenset(TRIGGER_TYPES - {OrderType.TRAILING_STOP})
"""Types with a trigger price."""

MOST_CLIENT_ORDER_ID = 128
"""Most characters of a client order id."""

_MOST_DIGITS = 30
_MOST = 1 << 60
_GROUPED = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
_MICROS_PER_PERCENT = 10_000
_MILLION = 1_000_000

Names = dict[tuple[int, int], str]
"""Client order ids as text, by account and number."""


class Entry(NamedTuple):
    """Commands that stay together, the texts of their client order ids, and which one the others hang on."""

    commands: Records
    names: Names
    head: int


_PREVENTIONS = frozenset(SelfTradePrevention)


class Scale:
    """An instrument's units as ratios of whole numbers, which is fast and exact."""

    def __init__(self, number: int, instrument: Instrument) -> None:
        self.number = number
        self.instrument = instrument
        self.symbol = instrument.symbol
        tick, lot = decimal(instrument.tick_size), decimal(instrument.lot_size)
        self._tick, self._lot = tick.as_integer_ratio(), lot.as_integer_ratio()
        self._price_step, self._lot_step = (
            instrument.price_increment_ticks,
            instrument.quantity_increment_lots,
        )
        self.price_increment = instrument.price_from_ticks(self._price_step)
        self.quantity_increment = instrument.quantity_from_lots(self._lot_step)

    def lots(self, value: Decimal, name: str) -> int:
        """A quantity in lots; refused unless it is positive and may be ordered."""
        lots = self._count(value, self._lot, name, Reason.INVALID_QUANTITY)
        if lots is None or lots % self._lot_step:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.quantity_increment:f}",
                Reason.QUANTITY_NOT_IN_INCREMENT,
            )
        return lots

    def ticks(self, value: Decimal, name: str) -> int:
        """A price in ticks; refused unless it is positive and may be ordered at."""
        ticks = self._count(value, self._tick, name, Reason.INVALID_PRICE)
        if ticks is None or ticks % self._price_step:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.price_increment:f}",
                Reason.PRICE_NOT_IN_INCREMENT,
            )
        return ticks

    def trail_ticks(self, value: Decimal, name: str) -> int:
        """A distance in ticks."""
        ticks = self._count(value, self._tick, name, Reason.INVALID_TRIGGER_PRICE)
        if ticks is None:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.instrument.tick_size}",
                Reason.INVALID_TRIGGER_PRICE,
            )
        return ticks

    def down_to_lots(self, quantity: Fraction) -> int:
        """As many lots as may be ordered and are in a quantity; 0 when it is less than the least."""
        lots = quantity * self._lot[1] / self._lot[0]
        return int(lots) // self._lot_step * self._lot_step

    def _count(self, value: Decimal, unit: tuple[int, int], name: str, reason: Reason) -> int | None:
        if not value.is_finite() or value <= 0:
            raise invalid(f"{self.symbol}: {name} must be a number above 0, not {value}", reason)
        if abs(value.adjusted()) > _MOST_DIGITS:
            raise invalid(f"{self.symbol}: {name} {value} is too large or too small to count", reason)
        above, below = value.as_integer_ratio()
        count, rest = divmod(above * unit[1], below * unit[0])
        if count > _MOST:
            raise invalid(f"{self.symbol}: {name} {value:f} is too large to count", reason)
        return None if rest else count


def invalid(what: str, reason: Reason, order: LiveOrder | None = None) -> OrderRefused:
    """The refusal of what was not sent."""
    return OrderRefused(what, status="invalid", reason=reason, order=order)


class Tickets:
    """Turns tickets and changes of one venue into commands.

    Parameters
    ----------
    venue
        Its instruments.
    """

    def __init__(self, venue: Venue) -> None:
        self._scales = {
            instrument.symbol: Scale(number, instrument)
            for number, instrument in enumerate(venue.instruments)
        }
        self._by_number = list(self._scales.values())

    def scale(self, symbol: str) -> Scale:
        """The instrument called so; refused when there is none."""
        found = self._scales.get(symbol)
        if found is None:
            raise OrderRefused(
                f"nothing called {symbol[:80]!r} is traded here",
                status="unknown",
                reason=Reason.UNKNOWN_INSTRUMENT,
            )
        return found

    def scale_of(self, number: int) -> Scale:
        """The instrument with this number."""
        return self._by_number[number]

    def entry(self, account: int, ticket: Ticket, markets: list[LiveMarket]) -> Entry:
        """The commands of a ticket; their time is set by who sends them."""
        scale = self.scale(ticket.symbol)
        if ticket.side not in (Side.BUY, Side.SELL):
            raise invalid(f"{scale.symbol}: the side must be buy or sell", Reason.INVALID_SIDE)
        if ticket.order_class not in ORDER_CLASSES:
            raise invalid(
                f"there is no order class {ticket.order_class!r}; choose one of {', '.join(ORDER_CLASSES)}",
                Reason.INVALID_GROUP,
            )
        names: Names = {}
        client = named(account, ticket.client_order_id, names)
        if ticket.order_class == "simple":
            if any(each is not None for each in _exits(ticket)):
                raise invalid(
                    "a simple order has neither take-profit nor stop-loss; choose bracket, oto or oco",
                    Reason.INVALID_GROUP,
                )
            terms = self._terms(scale, ticket, markets[scale.number])
            return Entry(_order(account, scale, ticket, terms, client_order_id=client), names, 0)
        if ticket.order_class == "oco":
            return self._oco(account, scale, ticket, client, names)
        return self._with_exits(account, scale, ticket, client, names, markets[scale.number])

    # ------------------------------------------------------------------ one order

    def _terms(self, scale: Scale, ticket: Ticket, market: LiveMarket) -> _Terms:
        kind, symbol = ticket.order_type, scale.symbol
        if kind not in _ORDER_TYPES:
            raise invalid(f"{symbol}: there is no order type {kind!r}", Reason.INVALID_ORDER_TYPE)
        what = kind.name.lower().replace("_", " ")
        limit = self._price(scale, ticket.limit_price, "limit price", what, kind in LIMITED)
        stop = self._price(scale, ticket.stop_price, "stop price", what, kind in STOPPED)
        trail_ticks, trail_micros = self._trail(scale, ticket, what)
        lots = self._lots(scale, ticket, limit, market)
        display = 0
        if ticket.display_quantity is not None:
            display = scale.lots(ticket.display_quantity, "display quantity")
            if kind != OrderType.LIMIT or display > lots:
                raise invalid(
                    f"{symbol}: only a limit order has a display quantity, and at most its whole quantity",
                    Reason.INVALID_DISPLAY_QUANTITY,
                )
        if ticket.post_only and kind != OrderType.LIMIT:
            raise invalid(f"{symbol}: a {what} order cannot be post-only", Reason.INVALID_FLAGS)
        self._check_time(scale, ticket)
        return _Terms(kind, lots, limit, stop or trail_ticks, trail_micros, display)

    def _check_time(self, scale: Scale, ticket: Ticket) -> None:
        if ticket.time_in_force not in _TIMES_IN_FORCE:
            raise invalid(
                f"{scale.symbol}: there is no time in force {ticket.time_in_force!r}",
                Reason.INVALID_TIME_IN_FORCE,
            )
        dated = ticket.time_in_force == TimeInForce.GTD
        fits = 0 < ticket.expire_time_ns <= MAX_TIME_NS if dated else ticket.expire_time_ns == 0
        if not fits:
            raise invalid(
                f"{scale.symbol}: an order has an expire time if it is good till a date, and only then",
                Reason.INVALID_EXPIRE_TIME,
            )

    def _price(self, scale: Scale, value: Decimal | None, name: str, what: str, needed: bool) -> int:
        if needed != (value is not None):
            raise invalid(
                f"{scale.symbol}: a {what} order {'needs a' if needed else 'has no'} {name}",
                Reason.INVALID_TRIGGER_PRICE if name == "stop price" else Reason.INVALID_PRICE,
            )
        return 0 if value is None else scale.ticks(value, name)

    def _trail(self, scale: Scale, ticket: Ticket, what: str) -> tuple[int, int]:
        given = (ticket.trail_amount is not None) + (ticket.trail_percent is not None)
        if given != (ticket.order_type == OrderType.TRAILING_STOP):
            raise invalid(
                f"{scale.symbol}: a {what} order has no trail"
                if ticket.order_type != OrderType.TRAILING_STOP
                else f"{scale.symbol}: a trailing stop trails by an amount or by percent, and by one alone",
                Reason.INVALID_TRIGGER_PRICE,
            )
        if ticket.trail_amount is not None:
            return scale.trail_ticks(ticket.trail_amount, "trail"), 0
        return 0, 0 if ticket.trail_percent is None else _percent(scale, ticket.trail_percent)

    def _lots(self, scale: Scale, ticket: Ticket, limit_ticks: int, market: LiveMarket) -> int:
        if (ticket.quantity is None) == (ticket.notional is None):
            raise invalid(
                f"{scale.symbol}: give a quantity or a notional, and one alone", Reason.INVALID_QUANTITY
            )
        if ticket.quantity is not None:
            return scale.lots(ticket.quantity, "quantity")
        return self._of_notional(scale, ticket, limit_ticks, market)

    def _of_notional(self, scale: Scale, ticket: Ticket, limit_ticks: int, market: LiveMarket) -> int:
        notional = ticket.notional
        assert notional is not None
        if ticket.order_type not in (OrderType.MARKET, OrderType.LIMIT):
            raise invalid(
                f"{scale.symbol}: only market and limit orders have a notional", Reason.INVALID_QUANTITY
            )
        if not notional.is_finite() or notional <= 0 or abs(notional.adjusted()) > _MOST_DIGITS:
            raise invalid(
                f"{scale.symbol}: notional must be a number above 0, not {notional}", Reason.INVALID_QUANTITY
            )
        quote = market.quote
        best = quote.ask_price_ticks if ticket.side == Side.BUY else quote.bid_price_ticks
        ticks = limit_ticks or best or market.last_price_ticks or market.reference_price_ticks
        if not ticks:
            raise invalid(
                f"{scale.symbol}: nothing has traded and nothing is quoted, so a notional is no quantity "
                "yet; give a quantity",
                Reason.INVALID_QUANTITY,
            )
        price = scale.instrument.price_from_ticks(ticks)
        of_unit = Fraction(price) * Fraction(decimal(scale.instrument.multiplier))
        lots = scale.down_to_lots(Fraction(notional) / of_unit)
        if not 0 < lots <= _MOST:
            raise invalid(
                f"{scale.symbol}: {notional:f} buys less than {scale.quantity_increment:f} at {price:f}"
                if lots <= 0
                else f"{scale.symbol}: notional {notional:f} is too large to count",
                Reason.INVALID_QUANTITY,
            )
        return lots

    # ------------------------------------------------------------------ groups

    def _with_exits(
        self, account: int, scale: Scale, ticket: Ticket, client: int, names: Names, market: LiveMarket
    ) -> Entry:
        """A bracket or an OTO: the exits first, which wait for the entry's fill, and the entry last."""
        self._check_group(scale, ticket)
        entry = self._terms(scale, ticket, market)
        exits = self._exits(scale, ticket, entry.quantity_lots)
        wanted = 1 if ticket.order_class == "oto" else 2
        if len(exits) != wanted:
            raise invalid(
                f"{scale.symbol}: an oto has a take-profit or a stop-loss, and one alone"
                if wanted == 1
                else f"{scale.symbol}: a bracket has a take-profit and a stop-loss",
                Reason.INVALID_GROUP,
            )
        group = made_number()
        side = Side.SELL if ticket.side == Side.BUY else Side.BUY
        parts = [
            _order(
                account,
                scale,
                ticket,
                terms,
                side=side,
                flags=OrderFlag.GROUP_CHILD,
                client_order_id=group if place == 1 else made_number(),
                group=(group, place),
            )
            for place, terms in enumerate(exits, start=1)
        ]
        head = len(parts)
        flags = OrderFlag.GROUP_LAST | _flags(ticket)
        parts.append(
            _order(
                account,
                scale,
                ticket,
                entry,
                flags=flags,
                client_order_id=client or made_number(),
                group=(group, head + 1),
            )
        )
        return Entry(make.batch(parts), names, head)

    def _oco(self, account: int, scale: Scale, ticket: Ticket, client: int, names: Names) -> Entry:
        """A take-profit, and the stop-loss that it cancels."""
        self._check_group(scale, ticket)
        self._check_time(scale, ticket)
        given = (ticket.stop_price, ticket.trail_amount, ticket.trail_percent, ticket.display_quantity)
        if (
            ticket.order_type != OrderType.LIMIT
            or any(each is not None for each in given)
            or ticket.post_only
        ):
            raise invalid(
                f"{scale.symbol}: an oco is a limit order with a stop-loss, and has no other terms",
                Reason.INVALID_GROUP,
            )
        if ticket.limit_price is not None and ticket.limit_price != ticket.take_profit_limit:
            raise invalid(
                f"{scale.symbol}: the limit price of an oco is that of its take-profit", Reason.INVALID_PRICE
            )
        if ticket.quantity is None or ticket.notional is not None:
            raise invalid(f"{scale.symbol}: an oco needs a quantity", Reason.INVALID_QUANTITY)
        exits = self._exits(scale, ticket, scale.lots(ticket.quantity, "quantity"))
        if len(exits) != 2:  # noqa: PLR2004 - the two legs
            raise invalid(f"{scale.symbol}: an oco has a take-profit and a stop-loss", Reason.INVALID_GROUP)
        group = client or made_number()
        reduces = OrderFlag.REDUCE_ONLY if ticket.reduce_only else OrderFlag(0)
        legs = [
            _order(account, scale, ticket, exits[0], flags=reduces, client_order_id=group, group=(group, 1)),
            _order(
                account,
                scale,
                ticket,
                exits[1],
                flags=reduces | OrderFlag.GROUP_LAST,
                client_order_id=made_number(),
                group=(group, 2),
            ),
        ]
        return Entry(make.batch(legs), names, 0)

    def _check_group(self, scale: Scale, ticket: Ticket) -> None:
        if ticket.time_in_force not in _GROUPED:
            raise invalid(
                f"{scale.symbol}: orders of a group are good for the day, till cancelled or till a date",
                Reason.INVALID_TIME_IN_FORCE,
            )

    def _exits(self, scale: Scale, ticket: Ticket, lots: int) -> list[_Terms]:
        """Take-profit and stop-loss, as far as they are given."""
        found: list[_Terms] = []
        profit = loss = limit = 0
        if ticket.take_profit_limit is not None:
            profit = scale.ticks(ticket.take_profit_limit, "take-profit limit price")
            found.append(_Terms(OrderType.LIMIT, lots, profit, 0, 0, 0))
        if ticket.stop_loss_stop is not None:
            loss = scale.ticks(ticket.stop_loss_stop, "stop-loss stop price")
            if ticket.stop_loss_limit is not None:
                limit = scale.ticks(ticket.stop_loss_limit, "stop-loss limit price")
            found.append(_Terms(OrderType.STOP_LIMIT if limit else OrderType.STOP, lots, limit, loss, 0, 0))
        elif ticket.stop_loss_limit is not None:
            raise invalid(f"{scale.symbol}: a stop-loss needs a stop price", Reason.INVALID_TRIGGER_PRICE)
        sells = (ticket.side == Side.SELL) == (ticket.order_class == "oco")
        if profit and loss and (profit <= loss if sells else profit >= loss):
            raise invalid(
                f"{scale.symbol}: the take-profit of a {'sale' if sells else 'purchase'} at "
                f"{ticket.take_profit_limit:f} must lie {'above' if sells else 'below'} its stop-loss at "
                f"{ticket.stop_loss_stop:f}",
                Reason.INVALID_PRICE,
            )
        return found

    # ------------------------------------------------------------------ changes

    def replacement(self, order: LiveOrder, changes: Changes) -> tuple[Records, Names]:
        """The command that changes an order."""
        scale = self.scale_of(order.instrument)
        if changes.time_in_force is not None and changes.time_in_force != order.time_in_force:
            raise invalid(
                f"order {order.order_id}: the time in force of an order stays; cancel it and enter another",
                Reason.INVALID_TIME_IN_FORCE,
                order,
            )
        if changes == Changes(time_in_force=changes.time_in_force):
            raise invalid(f"order {order.order_id}: nothing is to change", Reason.INVALID_QUANTITY, order)
        names: Names = {}
        client = named(order.account, changes.client_order_id, names)
        lots = 0 if changes.quantity is None else scale.lots(changes.quantity, "quantity")
        display = 0
        if changes.display_quantity is not None:
            display = scale.lots(changes.display_quantity, "display quantity")
        limit = stop = trail_micros = 0
        if changes.limit_price is not None:
            if order.order_type not in LIMITED:
                raise invalid(f"order {order.order_id} has no limit price", Reason.INVALID_PRICE, order)
            limit = scale.ticks(changes.limit_price, "limit price")
        if changes.stop_price is not None or changes.trail is not None:
            stop, trail_micros = self._new_trigger(scale, order, changes)
        if changes.expire_time_ns and order.time_in_force != TimeInForce.GTD:
            raise invalid(
                f"order {order.order_id} is not good till a date", Reason.INVALID_EXPIRE_TIME, order
            )
        if not 0 <= changes.expire_time_ns <= MAX_TIME_NS:
            raise invalid(
                f"order {order.order_id}: the expire time is none that can be counted",
                Reason.INVALID_EXPIRE_TIME,
                order,
            )
        command = make.replace_order(
            0,
            order.account,
            order_id=order.order_id,
            instrument=order.instrument,
            quantity_lots=lots,
            price_ticks=limit,
            new_client_order_id=client,
            trigger_price_ticks=stop,
            trail_micros=trail_micros,
            display_lots=display,
            expire_time_ns=changes.expire_time_ns,
        )
        return command, names

    def _new_trigger(self, scale: Scale, order: LiveOrder, changes: Changes) -> tuple[int, int]:
        trailing = order.order_type == OrderType.TRAILING_STOP
        asked = "trail" if changes.trail is not None else "stop price"
        if (changes.trail is not None) != trailing or (changes.stop_price is not None) == trailing:
            raise invalid(
                f"order {order.order_id} trails the market: give a trail"
                if trailing
                else f"order {order.order_id} has no {asked}",
                Reason.INVALID_TRIGGER_PRICE,
                order,
            )
        if order.order_type not in TRIGGER_TYPES:
            raise invalid(f"order {order.order_id} has no stop price", Reason.INVALID_TRIGGER_PRICE, order)
        if order.waits == Waits.NOTHING:
            raise invalid(
                f"order {order.order_id} has been triggered, so its stop price stays",
                Reason.INVALID_TRIGGER_PRICE,
                order,
            )
        if changes.stop_price is not None:
            return scale.ticks(changes.stop_price, "stop price"), 0
        assert changes.trail is not None
        if order.trail_micros:
            return 0, _percent(scale, changes.trail)
        return scale.trail_ticks(changes.trail, "trail"), 0


class _Terms(NamedTuple):
    order_type: OrderType
    quantity_lots: int
    price_ticks: int
    trigger_price_ticks: int
    trail_micros: int
    display_lots: int


_ORDER_TYPES = frozenset(OrderType)
_TIMES_IN_FORCE = frozenset(TimeInForce)


def _exits(ticket: Ticket) -> tuple[Decimal | None, ...]:
    return ticket.take_profit_limit, ticket.stop_loss_stop, ticket.stop_loss_limit


def _percent(scale: Scale, value: Decimal) -> int:
    """Percent as millionths."""
    name = "trail percent"
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise invalid(f"{scale.symbol}: {name} {value} is no number", Reason.INVALID_TRIGGER_PRICE)
    with localcontext(prec=2 * _MOST_DIGITS):
        micros = value * _MICROS_PER_PERCENT
        whole = micros.to_integral_value(ROUND_FLOOR)
    if whole != micros or not 0 < micros < _MILLION:
        raise invalid(
            f"{scale.symbol}: {name} must be from 0.0001 to 99.9999 in steps of 0.0001, not {value:f}",
            Reason.INVALID_TRIGGER_PRICE,
        )
    return int(whole)


def _flags(ticket: Ticket) -> OrderFlag:
    flags = OrderFlag(0)
    if ticket.post_only:
        flags |= OrderFlag.POST_ONLY
    if ticket.reduce_only:
        flags |= OrderFlag.REDUCE_ONLY
    return flags


def _order(
    account: int,
    scale: Scale,
    ticket: Ticket,
    terms: _Terms,
    *,
    client_order_id: int,
    side: Side | None = None,
    flags: OrderFlag | None = None,
    group: tuple[int, int] = (0, 0),
) -> Records:
    mode = ticket.self_trade_prevention
    if mode not in _PREVENTIONS:
        raise invalid(
            f"there is no mode {mode!r} of self-trade prevention", Reason.INVALID_SELF_TRADE_PREVENTION
        )
    return make.new_order(
        0,
        account,
        scale.number,
        ticket.side if side is None else side,
        terms.quantity_lots,
        terms.price_ticks,
        order_type=terms.order_type,
        time_in_force=ticket.time_in_force,
        client_order_id=client_order_id,
        flags=_flags(ticket) if flags is None else flags,
        self_trade_prevention=mode,
        trigger_price_ticks=terms.trigger_price_ticks,
        trail_micros=terms.trail_micros,
        display_lots=terms.display_lots,
        expire_time_ns=ticket.expire_time_ns,
        group_id=group[0],
        group_place=group[1],
    )


def named(account: int, text: str, names: Names) -> int:
    """The number of a client order id, whose text is added to `names`; 0 for none."""
    if not text:
        return 0
    if len(text) > MOST_CLIENT_ORDER_ID or not text.isprintable():
        raise invalid(
            f"a client order id has up to {MOST_CLIENT_ORDER_ID} characters, all of which can be printed",
            Reason.INVALID_CLIENT_ORDER_ID,
        )
    number = client_order_number(text)
    names[account, number] = text
    return number


def made_number() -> int:
    """A client order id for an order that needs one and has no name."""
    return client_order_number(uuid4().hex)
