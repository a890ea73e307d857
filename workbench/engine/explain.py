"""Why did my order not fill? What became of one order, and why, from the events alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind, OrderType, Reason, Side
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.records import (
    ACCOUNT_EVENT,
    AUCTION,
    BUST_EVENT,
    FILL_EVENT,
    LIQUIDITY_MAKER,
    ORDER_EVENT,
    SPLIT_EVENT,
    TERMS_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.domain.states import OPEN_STATES, OrderState
from workbench.engine.around import (
    Liquidated,
    around,
    closest_reference,
    group_of,
    liquidation_of,
    terms_of,
)
from workbench.engine.auctions import auction_names
from workbench.engine.market import Missed, Through, best_before, missed_by, quote_before, reachable_lots
from workbench.engine.queue import CLAIMS, FILLS, WAYS, Departure, Stay, order_mask, stays_of
from workbench.engine.reasons import reason_text
from workbench.engine.sentences import layout_of, role_of, sentence, waits_for
from workbench.engine.words import Names, Words
from workbench.errors import ConfigError

_ENDS = (EventKind.ORDER_CANCELED, EventKind.ORDER_EXPIRED)
_MOST_TRADES = 3
_MOST_STAYS = 4
LIQUIDATION_NAME = "liquidation"
"""What the order of the first liquidation is called; that of the n-th is called liquidation-n."""
_MOST_LINES = 24
"""Lines of an order's life that are printed; `Explanation.fills` and `stays` have them all."""


@dataclass(frozen=True, slots=True)
class FillStory:
    """One fill of the order.

    Attributes
    ----------
    seq, time_ns
        The fill's event.
    order_id
        The order's id at that time.
    price_ticks, quantity_lots, fee_micros, trade_id
        What traded; a negative fee is a rebate.
    maker
        Whether the order rested; in an auction, whether it is the older one.
    auction
        Whether it was in an auction.
    contra_order_id, contra_account
        The other side; order id 0 for an aggressor of history that has none.
    ahead_lots
        Lots that still stood ahead of it, which others passed over; None for a taker.
    """

    seq: int
    time_ns: int
    order_id: int
    price_ticks: int
    quantity_lots: int
    fee_micros: int
    trade_id: int
    maker: bool
    auction: bool
    contra_order_id: int
    contra_account: int
    ahead_lots: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one order, and why; `print` it, or ask for its parts.

    Attributes
    ----------
    order_id
        The id that was asked for.
    ids
        All ids the order has had by replaces, the first one first.
    account, instrument, side, price_ticks, quantity_lots
        The order as it was sent.
    state
        What it is now.
    reason, value, limit
        Why it was refused or ended, with the numbers of that rule.
    filled_lots, open_lots, ended_lots
        What traded and stands, what is still open, and what was cancelled or expired.
    busted_lots
        What had traded and was busted.
    fees_micros
        What its fills that stand cost.
    fills
        Every fill.
    busted
        Trades of its fills that were busted.
    stays
        Every stay in a queue: lots ahead at the start, and how and when they left.
    missed
        What happened around it while it waited; None for an order that never rested.
    opposite_ticks, opposite_lots
        Best price quoted on the other side when it came, and lots there; 0 when there was none.
    reachable_lots
        Lots of others within its limit at that time.
    active_ns
        When it was triggered or released, the time that the three above are of; None for an order that was
        never held, or still is.
    waits
        What it is held for, or was when it ended; "" for other orders.
    closest_ticks, closest_ns
        The reference price that came closest to its trigger while it was held, and when; 0 when it was
        triggered or there was none.
    group
        Ids of the other orders of its group.
    liquidation
        Why the exchange entered it for the account; None for an order that somebody sent.
    lines
        Its life, event by event: sequence number, time, and sentence.
    """

    order_id: int
    ids: tuple[int, ...]
    account: int
    instrument: int
    side: Side
    price_ticks: int
    quantity_lots: int
    state: OrderState
    reason: Reason
    value: int
    limit: int
    filled_lots: int
    open_lots: int
    ended_lots: int
    busted_lots: int
    fees_micros: int
    fills: tuple[FillStory, ...]
    busted: frozenset[int]
    stays: tuple[Stay, ...]
    missed: Missed | None
    opposite_ticks: int
    opposite_lots: int
    reachable_lots: int
    active_ns: int | None
    waits: str
    closest_ticks: int
    closest_ns: int
    group: tuple[int, ...]
    liquidation: Liquidated | None
    lines: tuple[tuple[int, int, str], ...]
    words: Words = field(repr=False)

    @property
    def accepted(self) -> bool:
        """Whether it passed every check."""
        return self.state != OrderState.REJECTED

    @property
    def ahead_lots(self) -> int | None:
        """Lots ahead when it first joined a queue; None if it never did."""
        return self.stays[0].ahead_lots if self.stays else None

    def __str__(self) -> str:
        first, *life = self.lines
        stories = [*((seq, time_ns, text) for seq, time_ns, text in life), *self._queue_lines()]
        shown = [f"  {self.words.clock(time_ns):<18} {text}" for _, time_ns, text in sorted(stories)]
        if len(shown) > _MOST_LINES:
            half = _MOST_LINES // 2
            shown = [*shown[:half], f"  ... {len(shown) - _MOST_LINES} lines more", *shown[-half:]]
        return "\n".join([first[2], *shown, *self._conclusions()])

    # What the text is made of

    def _lots(self, lots: int) -> str:
        return self.words.quantity(lots, self.instrument)

    def _price(self, ticks: int) -> str:
        return self.words.price(ticks, self.instrument)

    def _queue_lines(self) -> Iterable[tuple[int, int, str]]:
        """A line for each run of departures between two events of the order."""
        own = sorted(seq for seq, _, _ in self.lines)
        for stay in self.stays:
            runs: dict[int, list[Departure]] = {}
            for departure in stay.departures:
                runs.setdefault(int(np.searchsorted(own, departure.seq)), []).append(departure)
            for run in runs.values():
                last = run[-1]
                since = f" since {self.words.clock(run[0].time_ns)}" if len(run) > 1 else ""
                gone = f"{_ways(run, self._lots)} ahead of it{since}"
                yield last.seq, last.time_ns, f"{gone}: {self._lots(last.ahead_lots)} still ahead"

    def _conclusions(self) -> Iterable[str]:
        if self.liquidation is not None:
            yield self._entered_for(self.liquidation)
        if not self.accepted:
            when = f" when it became active at {self.words.clock(self.active_ns)}" if self.active_ns else ""
            yield f"Refused by the rule {self.reason.name}{when}; nothing {'more' if when else 'changed'}."
            return
        stays = self.stays
        if len(stays) > _MOST_STAYS:
            stays = (*stays[: _MOST_STAYS - 1], stays[-1])
        for number, stay in enumerate(stays, start=1):
            if number == _MOST_STAYS and len(self.stays) > _MOST_STAYS:
                yield f"... {len(self.stays) - _MOST_STAYS} stays more in a queue"
            yield f"{self._queue_name(stay)}: {self._queue(stay)}."
        yield f"Filled: {self._filled()}."
        if self.ended_lots or self.open_lots:
            yield f"The rest: {self._rest()}."
            yield "Why not more:"
            yield from (f"  {line}" for line in self._why_not_more())

    def _entered_for(self, why: Liquidated) -> str:
        money, clock = self.words.money, self.words.clock
        account = self.words.account(self.account)
        called = "the margin call"
        if why.call_ns is not None:
            called += (
                f" of {clock(why.call_ns)} (equity {money(why.called_equity_micros)}, "
                f"{money(why.called_requirement_micros)} required)"
            )
        return (
            f"Entered by the exchange to close {account}'s position: {called} was not met by "
            f"{clock(why.deadline_ns)}, and equity {money(why.equity_micros)} was below "
            f"{money(why.requirement_micros)} required."
        )

    def _queue_name(self, stay: Stay) -> str:
        where = f"Queue at {self._price(stay.price_ticks)}" if stay.price_ticks else "Queue of market orders"
        how = {EventKind.ORDER_REFRESHED: " (next slice)", EventKind.ORDER_ADJUSTED: " (after the split)"}
        return f"{where}{how.get(stay.joined_by, '')}"

    def _queue(self, stay: Stay) -> str:
        unseen = stay.said_lots - stay.ahead_lots
        more = f" ({self._lots(unseen)} more were there before these events begin)" if unseen > 0 else ""
        if not stay.ahead_lots:
            return f"nothing stood ahead of it{more}"
        went = _ways(stay.departures, self._lots) or "none left"
        left = self._lots(stay.still_ahead_lots)
        return f"of {self._lots(stay.ahead_lots)} ahead of it {went}, {left} stayed ahead to the end{more}"

    def _filled(self) -> str:
        if not self.fills:
            return "nothing"
        fills = [fill for fill in self.fills if fill.trade_id not in self.busted]
        gone = f"; {self._lots(self.busted_lots)} that had traded busted" if self.busted_lots else ""
        total = self.filled_lots + self.busted_lots + self.open_lots + self.ended_lots
        if not fills:
            return f"nothing of {self._lots(total)}{gone}"
        # Price times quantity stays what it was when a split changes both.
        traded = sum(fill.price_ticks * fill.quantity_lots for fill in fills)
        lots = self.filled_lots
        instrument = self.words.instrument(self.instrument)
        tick = Decimal(1) if instrument is None else instrument.price_from_ticks(1)
        average = (tick * traded / lots).quantize(tick / 100)
        average = average.quantize(tick) if average == average.quantize(tick) else average.normalize()
        auction = sum(fill.quantity_lots for fill in fills if fill.auction)
        makers = sum(fill.quantity_lots for fill in fills if fill.maker and not fill.auction)
        before = sum(fill.quantity_lots for fill in fills)
        parts = {"in auctions": auction, "as maker": makers, "as taker": before - auction - makers}
        if auction:
            parts = {how: count for how, count in parts.items() if count}
        else:
            del parts["in auctions"]
        roles = ", ".join(f"{self._lots(count)} {how}" for how, count in parts.items())
        split = f" ({self._lots(before)} before the split)" if before != lots else ""
        fees = f", fees {self.words.money(self.fees_micros)}" if self.fees_micros else ""
        share = f"{self._lots(lots)} of {self._lots(total)}{split}"
        return f"{share} at {average:f} on average, {roles}{fees}{gone}"

    def _rest(self) -> str:
        if self.open_lots and self.waits:
            return f"{self._lots(self.open_lots)} still held {self.waits}"
        if self.open_lots:
            ahead = f", {self._lots(self.stays[-1].still_ahead_lots)} ahead of it" if self.stays else ""
            return f"{self._lots(self.open_lots)} still open{ahead}"
        how = "expired" if self.state == OrderState.EXPIRED else "cancelled"
        why = reason_text(self.reason, self.value, self.limit, self.instrument, self.words)
        return f"{self._lots(self.ended_lots)} {how}, {why} ({self.reason.name})"

    def _why_not_more(self) -> Iterable[str]:
        if self.waits:
            yield from self._why_held()
            return
        if self.missed is None:
            yield from self._why_not_at_once()
            return
        missed, lots, side = self.missed, self._lots, self._other_side
        if missed.at_price_lots:
            rest = missed.at_price_lots - missed.ahead_lots - missed.hidden_lots
            parts = {
                "with orders ahead of it": missed.ahead_lots,
                "never shown in the book": missed.hidden_lots,
                "with other orders": rest,
            }
            of = ", ".join(f"{lots(count)} {whose}" for whose, count in parts.items() if count)
            yield f"while it waited {lots(missed.at_price_lots)} traded at its price without it ({of})"
        else:
            yield "while it waited nothing else traded at its price"
        if missed.through:
            more = ", ..." if len(missed.through) > _MOST_TRADES else ""
            told = ", ".join(self._trade(trade) for trade in missed.through[:_MOST_TRADES])
            yield f"{lots(missed.through_lots)} traded through its price: {told}{more}"
        else:
            yield "nothing traded through it"
        if missed.opposite_ticks:
            when = self.words.clock(missed.opposite_ns)
            yield f"the best {side} it saw was {self._price(missed.opposite_ticks)} at {when}"
        else:
            yield f"there was no {side}"

    def _why_held(self) -> Iterable[str]:
        yield f"it was held {self.waits}"
        if self.closest_ticks:
            closest = f"{self._price(self.closest_ticks)} at {self.words.clock(self.closest_ns)}"
            yield f"the closest that it came was {closest}"

    def _why_not_at_once(self) -> Iterable[str]:
        side = self._other_side
        came = "came" if self.active_ns is None else "became active"
        if not self.opposite_ticks:
            yield f"there was no {side} when it {came}"
            return
        met = f"{self._lots(self.opposite_lots)} at {self._price(self.opposite_ticks)}"
        yield f"the best {side} when it {came} was {met}"
        within = "within its limit" if self.price_ticks else "on that side"
        yield f"others offered {self._lots(self.reachable_lots)} {within}"

    @property
    def _other_side(self) -> str:
        return "ask" if self.side == Side.BUY else "bid"

    def _trade(self, trade: Through) -> str:
        clock, account = self.words.clock(trade.time_ns), self.words.account
        what = (
            f"trade {trade.trade_id} of {self._lots(trade.quantity_lots)} at {self._price(trade.price_ticks)}"
        )
        if self.words.reader is not None:
            return f"{what} at {clock}"
        return f"{what} at {clock} ({account(trade.taker)} and {account(trade.maker)})"


def _ways(departures: Iterable[Departure], lots: Any) -> str:
    left = dict.fromkeys(WAYS, 0)
    for departure in departures:
        left[departure.way] += departure.lots
    return ", ".join(f"{lots(count)} {way}" for way, count in left.items() if count)


def explain(
    events: Records,
    order_id: int,
    venue: Venue,
    *,
    zone: str = "UTC",
    names: Names | None = None,
    anonymous: bool = False,
) -> Explanation:
    """What became of an order, and why.

    Parameters
    ----------
    events
        `EVENT` records in order, best from the exchange's first on: what stood in a queue before they begin
        is not seen.
    order_id
        Any id that the order has had.
    venue
        The exchange's venue.
    zone
        IANA time zone of clock times in the text.
    names
        What people call orders.
    anonymous
        Leave out of the text who the others are and which orders are theirs, as the market's prints do.

    Raises
    ------
    ConfigError
        When no event tells of such an order.
    """
    words = Words(venue, zone, names or {}, auction_names(events))
    ids = chain(events, order_id)
    own = events[order_mask(events) & np.isin(_ids(events), ids)]
    if not len(own) or layout_of(int(own["kind"][0])) != ORDER_EVENT:
        raise ConfigError(
            f"no event tells how an order {order_id} began", "explain", "ids are in the events' order_id"
        )
    orders = own.view(ORDER_EVENT)
    sent, last = orders[0], orders[-1]
    if anonymous:
        words = replace(words, reader=int(sent["account"]))
    stays = stays_of(events, ids, venue)
    fills = _fills(events, own, stays)
    ended = orders[np.isin(orders["kind"], [*_ENDS, EventKind.ORDER_REJECTED])]
    state = OrderState(int(last["order_state"]))
    if state == OrderState.REPLACED:
        # The successor stands in the old place, and nothing has been said of it since.
        state = OrderState.PARTIALLY_FILLED if last["executed_lots"] else OrderState.NEW
    why = ended[-1] if len(ended) else None
    instrument, price = int(sent["instrument"]), int(sent["price_ticks"])
    # A refused order may have had a side that there is not.
    side = Side(int(sent["side"])) if sent["side"] in set(Side) else Side.NONE
    held, active = _held(orders)
    waiting = held is not None and active is None
    came = sent if active is None else active
    # History's book, which a frozen venue quotes, is not moved by what live orders set off.
    frozen = venue.replay_mode == ReplayMode.FROZEN
    opposite = (
        quote_before(events, int(came["seq"]), instrument, side)
        if frozen
        else best_before(events, came, side)
    )
    closest = (0, 0)
    if waiting and held["value"]:
        closest = closest_reference(
            events, held, int((last if why is not None else events[-1])["seq"]), venue
        )
    adjusted = bool((orders["kind"] == EventKind.ORDER_ADJUSTED).any())
    executed = int(last["executed_lots"]) if adjusted else sum(fill.quantity_lots for fill in fills)
    busted = busted_of(events, fills)
    busted_lots = sum(lots_now(events, instrument, fill) for fill in fills if fill.trade_id in busted)
    group = group_of(events, ids)
    return Explanation(
        order_id=order_id,
        ids=tuple(ids),
        account=int(sent["account"]),
        instrument=instrument,
        side=side,
        price_ticks=price,
        quantity_lots=int(sent["quantity_lots"]),
        state=state,
        reason=Reason(int(why["reason"])) if why is not None else Reason.NONE,
        value=int(why["value"]) if why is not None else 0,
        limit=int(why["limit"]) if why is not None else 0,
        filled_lots=executed - busted_lots,
        busted_lots=busted_lots,
        open_lots=int(last["leaves_lots"]) if state in OPEN_STATES else 0,
        ended_lots=int(why["value"]) if why is not None and state != OrderState.REJECTED else 0,
        fees_micros=sum(fill.fee_micros for fill in fills if fill.trade_id not in busted),
        fills=fills,
        busted=busted,
        stays=stays,
        missed=missed_by(events, ids, stays, instrument, side),
        opposite_ticks=opposite[0],
        opposite_lots=opposite[1],
        reachable_lots=reachable_lots(
            events, int(came["seq"]), instrument, side, price, int(sent["account"])
        ),
        active_ns=None if active is None else int(active["time_ns"]),
        waits=waits_for(_adjusted_trigger(events, held, ids), words) if waiting else "",
        closest_ticks=closest[0],
        closest_ns=closest[1],
        group=tuple(group),
        liquidation=liquidation_of(events, ids),
        lines=tuple(_lines(events, own, ids, fills, stays, group, words)),
        words=words,
    )


def busted_of(events: Records, fills: Sequence[FillStory]) -> frozenset[int]:
    """Trades of some fills that were busted."""
    busts = events[events["kind"] == EventKind.TRADE_BUSTED].view(BUST_EVENT)
    return frozenset(busts["trade_id"].tolist()) & {fill.trade_id for fill in fills}


def lots_now(events: Records, instrument: int, fill: FillStory) -> int:
    """The lots of a fill, in those that splits since it have made of them."""
    splits = events[(events["kind"] == EventKind.INSTRUMENT_SPLIT) & (events["instrument"] == instrument)]
    lots = fill.quantity_lots
    for split in splits[splits["seq"] > fill.seq].view(SPLIT_EVENT):
        lots = lots * int(split["numerator"]) // int(split["denominator"])
    return lots


def _held(orders: Records) -> tuple[Any, Any]:
    """The last ORDER_HELD of an order, and the event by which it became active after it, or None."""
    held = orders[orders["kind"] == EventKind.ORDER_HELD]
    if not len(held):
        return None, None
    later = orders[orders["seq"] > held[-1]["seq"]]
    kinds = (EventKind.ORDER_TRIGGERED, EventKind.ORDER_APPROVED, EventKind.ORDER_REJECTED)
    active = later[np.isin(later["kind"], kinds)]
    return held[-1], active[0] if len(active) else None


def _adjusted_trigger(events: Records, held: Any, ids: list[int]) -> Any:
    """ORDER_HELD with the trigger price as it stands now: a trailing stop's follows, a split changes it."""
    now = held.copy()
    orders = events[order_mask(events)].view(ORDER_EVENT)
    trailed = orders[(orders["kind"] == EventKind.ORDER_TRAILED) & np.isin(orders["order_id"], ids)]
    splits = orders[(orders["kind"] == EventKind.ORDER_ADJUSTED) & np.isin(orders["order_id"], ids)]
    trailed = trailed[trailed["seq"] > held["seq"]]
    if len(trailed):
        now["value"] = trailed[-1]["value"]
    later = splits[splits["seq"] > held["seq"]]
    terms = terms_of(events, ids).view(TERMS_EVENT)
    for split in later:
        told = terms[terms["seq"] == split["seq"] + 1]
        if len(told) and now["order_type"] != OrderType.TRAILING_STOP and now["value"]:
            now["value"] = told[0]["trigger_price_ticks"]
    return now


def _ids(events: Records) -> Any:
    return events.view(ORDER_EVENT)["order_id"]


def chain(events: Records, order_id: int) -> list[int]:
    """All ids that an order has had by replaces, the first one first."""
    replaced = events[events["kind"] == EventKind.ORDER_REPLACED].view(ORDER_EVENT)
    links = list(zip(replaced["order_id"].tolist(), replaced["successor_order_id"].tolist(), strict=True))
    after, before = dict(links), {new: old for old, new in links}
    ids = [int(order_id)]
    while ids[0] in before:
        ids.insert(0, before[ids[0]])
    while ids[-1] in after:
        ids.append(after[ids[-1]])
    return ids


def named_order(events: Records, names: Names, name: str) -> int:
    """The latest id of the order that is called so; `ConfigError` when none is."""
    keys = [key for key, called in names.items() if called == name]
    if not keys and (number := _liquidation(events, name)):
        return number
    if not keys:
        raise ConfigError(
            f"no order is called {name!r}",
            remedy=f"known are {', '.join(sorted(names.values()))}" if names else "",
        )
    orders = events[order_mask(events)].view(ORDER_EVENT)
    account, client = keys[0]
    own = orders[(orders["account"] == account) & (orders["client_order_id"] == client)]
    replaced = own["kind"] == EventKind.ORDER_REPLACED
    ids = np.where(replaced, own["successor_order_id"], own["order_id"])
    if not len(ids):
        raise ConfigError(f"no event tells of {name!r}")
    return int(ids[-1])


def _liquidation(events: Records, name: str) -> int:
    """The order that a liquidation entered, by `LIQUIDATION_NAME` and its number; 0 for another name."""
    closed = events[events["kind"] == EventKind.LIQUIDATION].view(ACCOUNT_EVENT)["order_id"].tolist()
    names = {f"{LIQUIDATION_NAME}-{number}": order for number, order in enumerate(closed, start=1)}
    if closed:
        names[LIQUIDATION_NAME] = closed[0]
    return int(names.get(name, 0))


def _fills(events: Records, own: Records, stays: tuple[Stay, ...]) -> tuple[FillStory, ...]:
    fills = own[np.isin(own["kind"], FILLS)].view(FILL_EVENT)
    trades = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    trades = trades[np.isin(trades["trade_id"], fills["trade_id"])]
    by_id = {int(trade["trade_id"]): trade for trade in trades}
    made = []
    for fill in fills:
        maker = bool(fill["flags"] & LIQUIDITY_MAKER)
        trade = by_id.get(int(fill["trade_id"]))
        contra = -1 if trade is None else int(trade["account"] if maker else trade["maker_account"])
        seq = int(fill["seq"])
        queued = maker and not fill["flags"] & AUCTION
        stay = next((stay for stay in reversed(stays) if stay.start_seq < seq), None)
        made.append(
            FillStory(
                seq=seq,
                time_ns=int(fill["time_ns"]),
                order_id=int(fill["order_id"]),
                price_ticks=int(fill["last_price_ticks"]),
                quantity_lots=int(fill["last_quantity_lots"]),
                fee_micros=int(fill["fee_micros"]),
                trade_id=int(fill["trade_id"]),
                maker=maker,
                auction=bool(fill["flags"] & AUCTION),
                contra_order_id=int(fill["contra_order_id"]),
                contra_account=contra,
                ahead_lots=stay.ahead_at(seq) if queued and stay is not None else None,
            )
        )
    return tuple(made)


def events_of(events: Records, ids: list[int]) -> Records:
    """The life of the order that had these ids: its own events, its terms, and what was refused to it."""
    layouts = np.zeros(256, dtype=bool)
    for kind in EventKind:
        layouts[kind] = layout_of(int(kind)) in (ORDER_EVENT, FILL_EVENT)
    told = events[layouts[events["kind"]] & np.isin(_ids(events), ids)]
    if len(told):
        told = np.concatenate([told, _asked_by_name(events, told), terms_of(events, ids)])
    return told[np.argsort(told["seq"], kind="stable")]


def _with_contra(text: str, fill: FillStory, words: Words) -> str:
    """A fill's sentence that says whose the other order was."""
    if words.reader is not None:
        return text
    owner = words.account(fill.contra_account)
    if fill.contra_order_id:
        return text.replace(
            f"against order {fill.contra_order_id}", f"against {owner}'s order {fill.contra_order_id}"
        )
    role = role_of((AUCTION if fill.auction else 0) | (LIQUIDITY_MAKER if fill.maker else 0))
    return text.replace(role, f"{role} against {owner}")


def _asked_by_name(events: Records, told: Records) -> Records:
    """What was refused to an order that was named by its client order id, while it lived."""
    orders = told.view(ORDER_EVENT)
    asked = events[np.isin(events["kind"], CLAIMS) & (events["account"] == told["account"][0])]
    claims = asked.view(ORDER_EVENT)
    named = (claims["order_id"] == 0) & np.isin(
        claims["client_order_id"], np.unique(orders["client_order_id"])
    )
    open_still = int(orders["order_state"][-1]) in {*OPEN_STATES, OrderState.REPLACED}
    lived = (claims["seq"] > orders["seq"][0]) & (open_still | (claims["seq"] < orders["seq"][-1]))
    return asked[named & (claims["client_order_id"] != 0) & lived]


def _lines(
    events: Records,
    own: Records,
    ids: list[int],
    fills: tuple[FillStory, ...],
    stays: tuple[Stay, ...],
    group: list[int],
    words: Words,
) -> Iterable[tuple[int, int, str]]:
    """The order's life in sentences, with what its own events do not say of its fills, and what led to it."""
    told = events_of(events, ids)
    # A refused change may have left the instrument out; its numbers are in the order's ticks and lots.
    told["instrument"] = told["instrument"][0]
    contra = {fill.seq: fill for fill in fills}
    for place, event in enumerate(told):
        text = sentence(event, words, brief=place > 0)
        fill = contra.get(int(event["seq"]))
        if fill is not None:
            if fill.contra_account >= 0:
                text = _with_contra(text, fill, words)
            if fill.ahead_lots:
                text += (
                    f", though {words.quantity(fill.ahead_lots, int(event['instrument']))} stood ahead of it"
                )
        yield int(event["seq"]), int(event["time_ns"]), text
    for event in around(events, own, ids, stays, group):
        yield int(event["seq"]), int(event["time_ns"]), sentence(event, words)
