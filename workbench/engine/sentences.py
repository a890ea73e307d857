"""Each kind of event as a sentence in the field's words.

`SENTENCES` has one line for each kind: the names of its payload words, and the sentence. In a sentence
`{name}` is a payload word in its unit (`{price}` is the word `price_ticks` as a price, `{fee}` the word
`fee_micros` as money), a field of the header, or one of `PHRASES`. A kind without a line is told by the
names of its words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from workbench.domain import records
from workbench.domain.codes import (
    EventKind,
    OrderFlag,
    OrderType,
    Reason,
    Side,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.records import (
    ACCOUNT_EVENT,
    AUCTION,
    AUCTION_EVENT,
    BUST_EVENT,
    CASH_EVENT,
    EVENT,
    FEE_EVENT,
    FILL_EVENT,
    LIMIT_EVENT,
    LIQUIDATION,
    LIQUIDITY_MAKER,
    MARKET_EVENT,
    ORDER_EVENT,
    POSITION_EVENT,
    PRIORITY_KEPT,
    QUOTE_EVENT,
    SESSION_EVENT,
    SHADOW,
    SPLIT_EVENT,
    TERMS_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.engine import happenings
from workbench.engine.reasons import reason_text
from workbench.engine.words import UNITS, Told, Words, code_word, flag_words, in_words

Layout = np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """How a kind of event is said.

    Parameters
    ----------
    layout
        Names of its payload words: one of the event layouts of `workbench.domain.records`.
    text
        The sentence.
    """

    layout: Layout
    text: str


SENTENCES: dict[EventKind, Sentence] = {
    EventKind.ORDER_CREATED: Sentence(ORDER_EVENT, "{order}{terms}"),
    EventKind.ORDER_APPROVED: Sentence(ORDER_EVENT, "{order}accepted{required}"),
    EventKind.ORDER_REJECTED: Sentence(ORDER_EVENT, "{order}refused: {why}"),
    EventKind.ORDER_HELD: Sentence(ORDER_EVENT, "{order}{terms}, held {until}"),
    EventKind.ORDER_RESTED: Sentence(ORDER_EVENT, "{order}{terms}, {rested}{open}"),
    EventKind.ORDER_PARTIALLY_FILLED: Sentence(FILL_EVENT, "{order}{filled}, {leaves} left"),
    EventKind.ORDER_FILLED: Sentence(FILL_EVENT, "{order}{filled}, which completes it"),
    EventKind.ORDER_CANCELED: Sentence(ORDER_EVENT, "{order}{value_lots} of {quantity} cancelled: {why}"),
    EventKind.ORDER_EXPIRED: Sentence(ORDER_EVENT, "{order}{value_lots} of {quantity} expired: {why}"),
    EventKind.ORDER_REPLACED: Sentence(ORDER_EVENT, "{order}replaced by {successor}: {terms}, {place}"),
    EventKind.ORDER_REDUCED: Sentence(ORDER_EVENT, "{order}{value_lots} cancelled, {leaves} left: {why}"),
    EventKind.CANCEL_REJECTED: Sentence(ORDER_EVENT, "{account}'s cancel{of_order} refused: {why}"),
    EventKind.REPLACE_REJECTED: Sentence(ORDER_EVENT, "{account}'s replace{of_order} refused: {why}"),
    EventKind.COMMAND_REJECTED: Sentence(ORDER_EVENT, "{account}'s command{of_order} refused: {why}"),
    EventKind.TRADE: Sentence(TRADE_EVENT, "trade {trade_id}: {quantity} at {price}, {parties}{shadow}"),
    EventKind.TRADE_BUSTED: Sentence(
        BUST_EVENT, "trade {trade_id} is busted: {quantity} at {price}, {parties}{shadow}"
    ),
    EventKind.QUOTE: Sentence(QUOTE_EVENT, "{bid}, {ask}"),
    EventKind.POSITION_CHANGED: Sentence(
        POSITION_EVENT,
        "{account}'s position {position}, cost {cost}, realised {realised_average} (FIFO {realised_fifo}), "
        "fees {fees}, cash {cash}",
    ),
    EventKind.ORDER_TERMS: Sentence(TERMS_EVENT, "{order}{conditions}"),
    EventKind.ORDER_TRIGGERED: Sentence(
        ORDER_EVENT, "{order}triggered: {reference_name} {value_price} reached {limit_price}"
    ),
    EventKind.ORDER_TRAILED: Sentence(
        ORDER_EVENT,
        "{order}follows the market: triggers at {value_price} now, {reference_name} {limit_price}",
    ),
    EventKind.ORDER_REFRESHED: Sentence(
        ORDER_EVENT, "{order}shows its next {limit_lots}, queued {behind}, {leaves} left"
    ),
    EventKind.ORDER_ADJUSTED: Sentence(ORDER_EVENT, "{order}adjusted by the split: {terms}{open}{before}"),
    EventKind.ACCOUNT_SUSPENDED: Sentence(ACCOUNT_EVENT, "{account} is suspended{suspended}: no new orders"),
    EventKind.ACCOUNT_REINSTATED: Sentence(ACCOUNT_EVENT, "{account} may send orders again"),
    EventKind.PHASE_CHANGED: Sentence(MARKET_EVENT, "{symbol} {changed_phase}"),
    EventKind.PHASE_SCHEDULED: Sentence(MARKET_EVENT, "{symbol}: {scheduled}"),
    EventKind.PRICE_BAND_CHANGED: Sentence(
        MARKET_EVENT, "{symbol} takes prices from {band_low} to {band_high}"
    ),
    EventKind.PRICE_LIMITS_CHANGED: Sentence(MARKET_EVENT, "{symbol}: {limits}"),
    EventKind.SHORT_SALE_RESTRICTION_CHANGED: Sentence(MARKET_EVENT, "{symbol} may be sold short {shorts}"),
    EventKind.AUCTION_COLLAR_CHANGED: Sentence(
        MARKET_EVENT, "{symbol}: the next auction may uncross {collar}"
    ),
    EventKind.AUCTION_INDICATIVE: Sentence(AUCTION_EVENT, "{symbol}: {auction} would uncross {crossed}"),
    EventKind.AUCTION_UNCROSSED: Sentence(AUCTION_EVENT, "{symbol}: {auction} uncrossed {crossed}"),
    EventKind.CASH_CHANGED: Sentence(CASH_EVENT, "{account} {cash_change}"),
    EventKind.LIMIT_BREACHED: Sentence(
        ACCOUNT_EVENT, "{account}'s order {order_id} is let through: {breached}"
    ),
    EventKind.MARGIN_CALL: Sentence(
        ACCOUNT_EVENT,
        "MARGIN CALL: {account}'s equity {equity} is below {requirement} required; until {deadline}",
    ),
    EventKind.MARGIN_CALL_MET: Sentence(
        ACCOUNT_EVENT, "margin call met: {account}'s equity {equity} reaches {requirement} required"
    ),
    EventKind.LIQUIDATION: Sentence(
        ACCOUNT_EVENT,
        "LIQUIDATION: {account}'s position in {symbol} (unrealised {unrealised}) is closed by order "
        "{order_id}: equity {equity} is below {requirement} required, the margin call ended at {deadline}",
    ),
    EventKind.DAY_STARTED: Sentence(ACCOUNT_EVENT, "{account}'s day begins with equity {equity}"),
    EventKind.LIMIT_CHANGED: Sentence(LIMIT_EVENT, "{account}'s {limit_name} is {limit_now}{watched}"),
    EventKind.FEE_CHANGED: Sentence(FEE_EVENT, "{account}'s {fee_name} in {symbol} is {fee_now}"),
    EventKind.SESSION_STATE_CHANGED: Sentence(
        SESSION_EVENT, "the session goes from {session_before} to {session_now}"
    ),
    EventKind.ANNOUNCED: Sentence(SESSION_EVENT, "announcement {number}{about}"),
    EventKind.INSTRUMENT_SPLIT: Sentence(
        SPLIT_EVENT,
        "{symbol} split {numerator} for {denominator}: last price {last_price} now, prices from {band}",
    ),
}
"""A sentence for each kind; a test fails for a kind without one."""


def _order(told: Told) -> str:
    if told.brief:
        return ""
    event, words = told.event, told.words
    # The client order id of a replaced order is its successor's already.
    client = 0 if event["kind"] == EventKind.ORDER_REPLACED else event["client_order_id"]
    named = words.order(event["order_id"], event["account"], client)
    return f"{words.account(event['account'])}'s {named}: "


_OF_TRADES = (Reason.UNKNOWN_TRADE, Reason.ALREADY_BUSTED, Reason.TRADE_TOO_OLD)


def _of_order(told: Told) -> str:
    event = told.event
    if event["reason"] in _OF_TRADES:
        return ""
    if event["order_id"]:
        return f" of order {event['order_id']}"
    named = told.words.names.get((event["account"], event["client_order_id"]), "")
    if named:
        return f" of {named}"
    return f" of client order {event['client_order_id']}" if event["client_order_id"] else ""


def _terms(told: Told) -> str:
    event = told.event
    parts = [f"{code_word(event['side'], Side)} {told['quantity']} {told['symbol']}"]
    parts[0] += f" at {told['price']}" if event["price_ticks"] else ""
    if event["order_type"] not in (OrderType.LIMIT, 0):
        parts[0] += f" {code_word(event['order_type'], OrderType)}"
    parts.append(code_word(event["time_in_force"], TimeInForce))
    parts += flag_words(event["flags"] & ~OrderFlag.HISTORICAL, OrderFlag)
    if event["flags"] & LIQUIDATION:
        parts.append("entered by the exchange")
    return ", ".join(parts)


def _conditions(told: Told) -> str:
    """Terms beyond price and quantity."""
    event, words = told.event, told.words
    trailing = event["order_type"] == OrderType.TRAILING_STOP
    name = words.names.get((event["account"], event["group_id"]), f"{event['group_id']}")
    said = {
        "trigger_price_ticks": f"trails by {told['trigger_price']}"
        if trailing
        else f"triggers at {told['trigger_price']}",
        "trail_micros": f"trails by {words.share(event['trail_micros'])}",
        "display_lots": f"shows {told['display']} at a time",
        "expire_time_ns": f"good until {told['expire_time']}",
        "group_id": f"number {event['group_place']} of group {name}",
    }
    return ", ".join(text for field, text in said.items() if event[field])


RISING_BUYS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
"""Types whose buys are triggered by a rise, and whose sells by a fall; of the others it is the other way."""


def rises(event: Any) -> bool:
    """Whether a rise triggers this order."""
    return bool((event["order_type"] in RISING_BUYS) == (event["side"] == Side.BUY))


def _reference_name(told: Told) -> str:
    event = told.event
    instrument = told.words.instrument(event["instrument"])
    kind = TriggerReference.LAST_TRADE if instrument is None else instrument.trigger_reference
    if kind == TriggerReference.BID_ASK:
        return "best ask" if event["side"] == Side.BUY else "best bid"
    return "midpoint" if kind == TriggerReference.MIDPOINT else "last price"


def _until(told: Told) -> str:
    """What a held order waits for, as far as its own terms say so."""
    event = told.event
    if event["value"]:
        way = "rises" if rises(event) else "falls"
        return f"until the {_reference_name(told)} {way} to {told.number('value', 'ticks')}"
    if event["time_in_force"] == TimeInForce.CLS:
        return "until the closing auction begins"
    if event["flags"] & OrderFlag.GROUP_CHILD:
        return "until its group's parent is filled"
    if event["flags"] & OrderFlag.GROUP_LAST:
        return "until trading is continuous"
    return "until its group is complete"


def _rested(told: Told) -> str:
    event = told.event
    if not event["price_ticks"]:
        ahead = f" behind {told.number('value', 'lots')}" if event["value"] else ""
        return f"waits for the auction{ahead}"
    showing = f", shows {told.number('limit', 'lots')}" if event["limit"] else ""
    return f"rested {_behind(told)}{showing}"


def _behind(told: Told) -> str:
    ahead = told.event["value"]
    return f"behind {told.number('value', 'lots')}" if ahead else "first at its price"


def _before(told: Told) -> str:
    event = told.event
    price = f" at {told.number('limit', 'ticks')}" if event["limit"] else ""
    return f" (before it {told.number('value', 'lots')} open{price})"


def _open(told: Told) -> str:
    event = told.event
    return "" if event["leaves_lots"] == event["quantity_lots"] else f" with {told['leaves']} open"


def _required(told: Told) -> str:
    return f", requires {told.number('value', 'micros')}" if told.event["value"] else ""


def _why(told: Told) -> str:
    event = told.event
    if "value" not in event:
        return code_word(event["reason"], Reason)
    # In events that end or reduce an order `value` is what was cancelled, which the sentence has said.
    return reason_text(event["reason"], event["value"], event["limit"], event["instrument"], told.words)


def _filled(told: Told) -> str:
    event = told.event
    did = {Side.BUY: "bought", Side.SELL: "sold"}.get(Side(event["side"]), "traded")
    named = event["contra_order_id"] and told.words.reader is None
    against = f" against order {event['contra_order_id']}" if named else ""
    fee = f", fee {told['fee']}" if event["fee_micros"] else ""
    return f"{did} {told['last_quantity']} at {told['last_price']} {role_of(event['flags'])}{against}{fee}"


def role_of(flags: int) -> str:
    """How an order came to a fill with these flags."""
    if flags & AUCTION:
        return "in the auction"
    return "as maker" if flags & LIQUIDITY_MAKER else "as taker"


def _place(told: Told) -> str:
    kept = told.event["flags"] & PRIORITY_KEPT
    return "which keeps its place" if kept else "which queues anew"


def _successor(told: Told) -> str:
    event = told.event
    return told.words.order(event["successor_order_id"], event["account"], event["client_order_id"])


def _parties(told: Told) -> str:
    event, words = told.event, told.words
    did = "bought from" if event["side"] == Side.BUY else "sold to"
    maker = words.account(event["maker_account"])
    auction = bool(event["flags"] & AUCTION)
    if not event["maker_order_id"] and not auction:
        maker = "liquidity that the book never showed"
    if event["side"] == Side.NONE:
        return "in an auction of history"
    return f"{words.account(event['account'])} {did} {maker}{' in the auction' if auction else ''}"


def _shadow(told: Told) -> str:
    return " (beside history)" if told.event["flags"] & SHADOW else ""


def _quoted(side: str) -> Callable[[Told], str]:
    def phrase(told: Told) -> str:
        if not told.event[f"{side}_lots"]:
            return f"no {side}"
        orders = told.event[f"{side}_orders"]
        many = "order" if orders == 1 else "orders"
        return f"{side} {told.number(f'{side}_lots', 'lots')} at {told[f'{side}_price']} ({orders:,} {many})"

    return phrase


PHRASES: dict[str, Callable[[Told], str]] = {
    **happenings.PHRASES,
    "account": lambda told: told.words.account(told.event["account"]),
    "symbol": lambda told: told.words.symbol(told.event["instrument"]),
    "order": _order,
    "of_order": _of_order,
    "terms": _terms,
    "conditions": _conditions,
    "until": _until,
    "rested": _rested,
    "behind": _behind,
    "before": _before,
    "open": _open,
    "required": _required,
    "reference_name": _reference_name,
    "why": _why,
    "value_lots": lambda told: told.number("value", "lots"),
    "limit_lots": lambda told: told.number("limit", "lots"),
    "value_price": lambda told: told.number("value", "ticks"),
    "limit_price": lambda told: told.number("limit", "ticks"),
    "filled": _filled,
    "place": _place,
    "successor": _successor,
    "parties": _parties,
    "shadow": _shadow,
    "bid": _quoted("bid"),
    "ask": _quoted("ask"),
}
"""Parts of sentences that are more than one word of the event."""


@cache
def layout_of(kind: int) -> Layout:
    """Names of the payload words of a kind.

    A kind without a line has the layout that its name ends or begins with (`ORDER_TERMS` has a `TERMS_EVENT`
    where there is one, `ORDER_TRIGGERED` has `ORDER_EVENT`), or else plain words.
    """
    if kind not in set(EventKind):
        return EVENT
    line = SENTENCES.get(EventKind(kind))
    if line is not None:
        return line.layout
    parts = EventKind(kind).name.split("_")
    ends = [parts[place:] for place in range(len(parts))]
    begins = [parts[:length] for length in range(len(parts) - 1, 0, -1)]
    for some in (*ends, *begins):
        layout: Any = getattr(records, f"{'_'.join(some)}_EVENT", None)
        if isinstance(layout, np.dtype):
            return layout
    return EVENT


def fields_of(event: Any) -> dict[str, int]:
    """One `EVENT` record by its own names; unnamed words are `word_0` and so on."""
    layout = layout_of(int(event["kind"]))
    if layout == EVENT:
        *header, words = event.item()
        named = dict(zip(EVENT.names or (), header, strict=False))
        return {**named, **{f"word_{i}": int(word) for i, word in enumerate(words)}}
    return dict(zip(layout.names or (), event.view(layout).item(), strict=True))


def payload_of(fields: dict[str, int]) -> dict[str, int]:
    """The payload words alone, without unused ones."""
    header = set(EVENT.names or ())
    return {
        name: value for name, value in fields.items() if name not in header and not name.startswith("unused")
    }


def kind_name(kind: int) -> str:
    """Name of an event kind; the number of one that this version does not know."""
    return EventKind(kind).name if kind in set(EventKind) else f"KIND_{kind}"


def sentence(event: Any, words: Words, *, brief: bool = False) -> str:
    """One `EVENT` record as a sentence.

    Parameters
    ----------
    event
        The event.
    words
        How numbers are printed.
    brief
        Leave out whose order it is.
    """
    fields = fields_of(event)
    told = Told(fields, words, PHRASES, brief=brief)
    line = SENTENCES.get(EventKind(fields["kind"])) if fields["kind"] in set(EventKind) else None
    return _by_names(told) if line is None else line.text.format_map(told)


def waits_for(held: Any, words: Words) -> str:
    """What an order is held for, by its ORDER_HELD as an `ORDER_EVENT`."""
    return _until(Told(dict(zip(held.dtype.names, held.item(), strict=True)), words, PHRASES))


def _by_names(told: Told) -> str:
    """An event of a kind that no line tells of: its words that are not 0, by name."""
    fields = told.event
    of_order = "order_id" in fields and "client_order_id" in fields
    whose = _order(told) if of_order else ""
    parts = []
    for name, value in payload_of(fields).items():
        stem, _, unit = name.rpartition("_")
        if value and not (of_order and name in ("order_id", "client_order_id")):
            known = unit in UNITS and bool(stem)
            parts.append(
                f"{in_words(stem)} {told.number(name, unit)}" if known else f"{in_words(name)} {value}"
            )
    if fields["reason"]:
        parts.append(code_word(fields["reason"], Reason))
    said = in_words(kind_name(fields["kind"]))
    return f"{whose}{said}: {', '.join(parts)}" if parts else f"{whose}{said}"


def sentences(events: Records, words: Words) -> list[str]:
    """Each event as a sentence."""
    return [sentence(event, words) for event in events]
