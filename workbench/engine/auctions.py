"""Which auction an event belongs to, which the event itself does not say."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Phase
from workbench.domain.records import MARKET_EVENT, Records

COLLECTING = {
    Phase.PRE_OPEN: "opening auction",
    Phase.OPENING_AUCTION: "opening auction",
    Phase.CLOSING_AUCTION: "closing auction",
    Phase.REOPENING_AUCTION: "reopening auction",
}
"""Phases in which orders are collected, and what they are collected for."""

_TOLD = (EventKind.AUCTION_INDICATIVE, EventKind.AUCTION_UNCROSSED)


def auction_names(events: Records) -> dict[int, str]:
    """The auction that each indicative event and each uncross is about, by sequence number.

    It is that of the instrument's latest collecting phase; events that begin late may not show it.
    """
    wanted = (events["kind"] == EventKind.PHASE_CHANGED) | (events["kind"] == EventKind.AUCTION_INDICATIVE)
    wanted |= events["kind"] == EventKind.AUCTION_UNCROSSED
    latest: dict[int, str] = {}
    named: dict[int, str] = {}
    for event in events[wanted].view(MARKET_EVENT):
        instrument = int(event["instrument"])
        if event["kind"] in _TOLD:
            if instrument in latest:
                named[int(event["seq"])] = latest[instrument]
        elif int(event["phase"]) in COLLECTING:
            latest[instrument] = COLLECTING[Phase(int(event["phase"]))]
    return named
