"""What the journal of a session says, and whether money and lots are conserved in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.faults.server.record import TrueOrder, Truth
from workbench.api.native.stream_own import own_events, own_rows
from workbench.api.native.stream_words import Words
from workbench.domain.codes import HOUSE_ACCOUNT, EventKind
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import EVENT, ORDER_EVENT
from workbench.domain.states import OPEN_STATES, OrderState
from workbench.engine.exchange import Exchange
from workbench.session.live.client_ids import client_order_number
from workbench.session.stored import open_session

_ORDERS = [int(kind) for kind in EventKind if kind.name.startswith("ORDER_")]


class Journaled:
    """A session run once more from its journal, by itself and not by any part of the server.

    Parameters
    ----------
    name, data
        The session, and the data root.
    sent
        All client order ids that anybody used: the journal's records have numbers that are made of them.
    """

    def __init__(self, name: str, data: Path, sent: Iterable[str]) -> None:
        stored = open_session(name, data)
        self.venue = stored.venue
        self.exchange = Exchange(stored.venue)
        parts = [self.exchange.step(batch).copy() for batch in stored.batches()]
        self.events = np.concatenate([np.zeros(0, dtype=EVENT), *parts])
        self.commands = stored.manifest.commands
        self.names = {client_order_number(text): text for text in sent}

    def truth(self, topics: Iterable[str]) -> Truth:
        """Orders and own rows."""
        truth = Truth()
        words = Words(self.venue, lambda _account, number: self.names.get(number))
        own = own_events(self.events)
        for each in own_rows(own[own["seq"] > truth.first_seq], words):
            if each.topic in topics:
                row = msgspec.json.decode(msgspec.json.encode(each.row))
                truth.rows.setdefault((each.account, each.topic), []).append(row)
        self._orders(truth)
        return truth

    def _orders(self, truth: Truth) -> None:
        events = self.events.view(ORDER_EVENT)
        about = events[np.isin(events["kind"], _ORDERS) & (events["account"] >= FIRST_TRADER)]
        lasts = self._last_events()
        seqs: dict[int, list[int]] = {}
        states: dict[int, int] = {}
        approved: set[int] = set()
        for order_id, seq, kind, state in zip(
            *(about[field].tolist() for field in ("order_id", "seq", "kind", "order_state")), strict=True
        ):
            seqs.setdefault(order_id, []).append(seq)
            states[order_id] = state if kind != EventKind.ORDER_TERMS else states[order_id]
            if kind == EventKind.ORDER_APPROVED:
                approved.add(order_id)
        for event in about[about["kind"] == EventKind.ORDER_CREATED]:
            order_id = int(event["order_id"])
            number = int(event["client_order_id"])
            state = OrderState(states[order_id])
            truth.orders.setdefault(self.names.get(number, str(number)), []).append(
                TrueOrder(
                    order_id,
                    int(event["account"]),
                    int(event["seq"]),
                    lasts[int(event["command_seq"])],
                    frozenset(seqs[order_id]),
                    state not in OPEN_STATES,
                    state != OrderState.REJECTED or order_id in approved,
                )
            )

    def _last_events(self) -> dict[int, int]:
        """The last event of each command."""
        return dict(zip(self.events["command_seq"].tolist(), self.events["seq"].tolist(), strict=True))

    def unsound(self) -> list[str]:
        """Where money or lots were made or lost, in sentences."""
        wrong = []
        seqs = self.events["seq"]
        if not np.array_equal(seqs, np.arange(1, len(seqs) + 1)):
            wrong.append("the events of the journal are not numbered one by one")
        accounts: Any = self.exchange.accounts()
        start = sum(account.cash_micros for account in self.venue.accounts)
        cash = int(accounts["cash_micros"].sum())
        if cash != start:
            wrong.append(f"cash: there were {start} millionths, there are {cash}")
        fees, house = int(accounts["fees_micros"].sum()), int(accounts["cash_micros"][HOUSE_ACCOUNT])
        if fees != house:
            wrong.append(f"fees: {fees} millionths were paid, and the house has {house}")
        positions: Any = self.exchange.positions()
        for number, instrument in enumerate(self.venue.instruments):
            lots = int(positions["position_lots"][positions["instrument"] == number].sum())
            if lots:
                wrong.append(f"{instrument.symbol}: positions add up to {lots} lots")
        return wrong
