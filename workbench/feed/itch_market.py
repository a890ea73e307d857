"""What ITCH messages say about the market of a stock, and the commands that tell our exchange the same.

Crosses, halts, the short sale restriction and the collars of auctions are few: what has a history of its own
is followed message by message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from workbench.domain.codes import Phase
from workbench.domain.instruments import MAX_QUANTITY_LOTS
from workbench.domain.records import Records
from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints
from workbench.feed.scale import PriceScale, inward
from workbench.feed.street import auction_collars, crosses, phases, short_sale_restrictions

E4_NANOS = 100_000
"""A price of 1, a ten-thousandth of a dollar, in 1e-9 dollars."""

Selected = Mapping[str, tuple[Records, Ints]]
"""Messages by the letter of their type, and their places in the file."""

Blocks = list[tuple[Ints, int, Records]]
"""Rows, rank within the row, and commands of one sort."""

_OTHER_MARKETS = re.compile(r"(?P<market>BX|PSX)_ITCH")
_CODES = {"BX": "B", "PSX": "X"}
_PHASES = {
    "H": Phase.HALTED,
    "P": Phase.HALTED,
    "Q": Phase.REOPENING_AUCTION,
    "T": Phase.CONTINUOUS,
}
_MARKET_MESSAGES = "QHhYJ"


def market_code(name: str) -> str:
    """The market whose file it is, as messages call it: Nasdaq unless its name tells another.

    >>> market_code("20191230.BX_ITCH_50"), market_code("01302019.NASDAQ_ITCH50")
    ('B', 'Q')
    """
    found = _OTHER_MARKETS.search(Path(name).name)
    return _CODES[found["market"]] if found else "Q"


def cross_price_nanos(selected: Selected) -> Ints:
    """Prices at which something crossed."""
    records, _ = selected["Q"]
    return records["cross_price_e4"][_crossed(records)].astype(np.int64) * E4_NANOS


def _crossed(records: Records) -> Flags:
    return np.asarray((records["shares"] > 0) & (records["cross_price_e4"] > 0))


def market_commands(
    blocks: Blocks,
    selected: Selected,
    rows: Ints,
    time_ns: Ints,
    scale: PriceScale,
    max_lots: int,
    name: str,
) -> dict[str, int]:
    """Add the commands of all messages about the market to `blocks`; returns counted quirks."""
    outside = _add_crosses(blocks, selected, rows, time_ns, scale, max_lots, name)
    elsewhere = _add_phases(blocks, selected, rows, time_ns, name)
    _add_restrictions(blocks, selected, rows, time_ns, name)
    _add_collars(blocks, selected, rows, time_ns, scale, name)
    return {
        "cross_trade": len(selected["Q"][0]),
        "trading_halt": len(selected["H"][0]) + len(selected["h"][0]) - elsewhere,
        "halt_elsewhere": elsewhere,
        "price_outside_window": outside,
    }


def _error(letter: str, number: int, name: str, reason: str) -> SourceError:
    return SourceError(name, int(number), f"is a message {letter} that {reason}")


def _letters(selected: Selected, letter: str, field: str) -> Iterator[tuple[int, str]]:
    """Places in the file and the codes that messages of a type have in a field."""
    records, numbers = selected[letter]
    return zip(numbers.tolist(), map(chr, records[field].tolist()), strict=True)


def _add_crosses(
    blocks: Blocks,
    selected: Selected,
    rows: Ints,
    time_ns: Ints,
    scale: PriceScale,
    max_lots: int,
    name: str,
) -> int:
    """Auctions of history, each before the executions that it does the printing for; how many are outside."""
    records, numbers = selected["Q"]
    crossed = _crossed(records)
    records, numbers = records[crossed], numbers[crossed]
    too_many = records["shares"] > MAX_QUANTITY_LOTS
    if too_many.any():
        at = int(np.argmax(too_many))
        wanted = int(records["shares"][at])
        raise _error("Q", numbers[at], name, f"crosses {wanted} shares, more than the exchange can hold")
    price_nanos = records["cross_price_e4"].astype(np.int64) * E4_NANOS
    inside = ~scale.outside(price_nanos)
    shares: Ints = records["shares"].astype(np.int64)[inside]
    row = _before_executions(np.searchsorted(rows, numbers[inside]), selected, rows, time_ns)
    # The exchange takes no more than so many lots at once.
    parts = -(-shares // max_lots)
    part = np.arange(int(parts.sum())) - np.repeat(np.cumsum(parts) - parts, parts)
    row, ticks = np.repeat(row, parts), np.repeat(scale.ticks(price_nanos[inside]), parts)
    lots = np.minimum(np.repeat(shares, parts) - part * max_lots, max_lots)
    blocks.append((row, -1, crosses(time_ns[row], lots, ticks)))
    return int((~inside).sum())


def _before_executions(row: Ints, selected: Selected, rows: Ints, time_ns: Ints) -> Ints:
    """For each cross the first row of its time stamp with an execution that it prints, if that is earlier.

    It does not pass another message about the market, nor another print.
    """
    records, numbers = selected["C"]
    printable = records["printable"] != ord("N")
    executed = np.searchsorted(rows, numbers[~printable])
    passed_by_none = [selected[letter][1] for letter in (*_MARKET_MESSAGES, "E", "P")]
    markers = np.sort(np.searchsorted(rows, np.concatenate([*passed_by_none, numbers[printable]])))
    since = np.searchsorted(time_ns, time_ns[row], side="left")
    last = np.searchsorted(markers, row, side="left") - 1
    behind = np.where(last >= 0, markers[last] + 1, 0) if len(markers) else np.zeros_like(row)
    place = np.searchsorted(executed, np.maximum(since, behind), side="left")
    first = np.append(executed, len(rows))[place]
    return np.asarray(np.minimum(row, first))


def _add_phases(blocks: Blocks, selected: Selected, rows: Ints, time_ns: Ints, name: str) -> int:
    """Phases of the stock, where they change; how many halts were those of another market.

    It trades when neither all markets nor this one have stopped it.
    """
    own = market_code(name)
    markets = [market for _, market in _letters(selected, "h", "market_code")]
    said = [(number, "H", code) for number, code in _letters(selected, "H", "trading_state")]
    said += [
        (number, "h", code)
        for (number, code), market in zip(
            _letters(selected, "h", "operational_halt_action"), markets, strict=True
        )
        if market == own
    ]
    everywhere = now = Phase.CONTINUOUS
    here = False
    at: list[int] = []
    changed: list[Phase] = []
    for number, letter, code in sorted(said):
        if code not in (_PHASES if letter == "H" else "HT"):
            raise _error(letter, number, name, f"has an unknown state, {code!r}")
        if letter == "H":
            everywhere = _PHASES[code]
        else:
            here = code == "H"
        phase = Phase.HALTED if here else everywhere
        if phase != now:
            now = phase
            at.append(number)
            changed.append(phase)
    row = np.searchsorted(rows, np.array(at, np.int64))
    blocks.append((row, 0, phases(time_ns[row], np.array(changed, np.int64))))
    return sum(market != own for market in markets)


def _add_restrictions(blocks: Blocks, selected: Selected, rows: Ints, time_ns: Ints, name: str) -> None:
    """The short sale restriction, where it changes."""
    records, numbers = selected["Y"]
    unknown = ~np.isin(records["reg_sho_action"], [ord(code) for code in "012"])
    if unknown.any():
        at = int(np.argmax(unknown))
        code = chr(records["reg_sho_action"][at])
        raise _error("Y", numbers[at], name, f"has an unknown action, {code!r}")
    restricted = (records["reg_sho_action"] != ord("0")).astype(np.int64)
    changes = np.diff(restricted, prepend=0) != 0
    row = np.searchsorted(rows, numbers[changes])
    blocks.append((row, 0, short_sale_restrictions(time_ns[row], restricted[changes])))


def _add_collars(
    blocks: Blocks, selected: Selected, rows: Ints, time_ns: Ints, scale: PriceScale, name: str
) -> None:
    """Collars of auctions, rounded inwards to ticks; zeros lift one."""
    records, numbers = selected["J"]
    low = records["lower_auction_collar_price_e4"].astype(np.int64) * E4_NANOS
    high = records["upper_auction_collar_price_e4"].astype(np.int64) * E4_NANOS
    if (high < low).any():
        raise _error("J", numbers[int(np.argmax(high < low))], name, "has an upper price below the lower one")
    row = np.searchsorted(rows, numbers)
    blocks.append((row, 0, auction_collars(time_ns[row], *inward(low, high, scale.tick_nanos))))
