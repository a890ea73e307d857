"""What the events of an answer say of the orders that were sent."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import EventKind
from workbench.domain.records import ORDER_EVENT, Records
from workbench.session.live.answer import Answer


def own_orders(answer: Answer) -> list[int]:
    """The order of each command, which creates its own order first; what it sets off may create others."""
    events = answer.events
    if answer.first_command_seq == answer.last_command_seq:
        kinds = events["kind"].tolist()
        if EventKind.ORDER_CREATED not in kinds:
            return []
        at = kinds.index(EventKind.ORDER_CREATED)
        return events[at : at + 1].view(ORDER_EVENT)["order_id"].tolist()  # type: ignore[no-any-return]
    created = of_kind(events, EventKind.ORDER_CREATED)
    _, first = np.unique(created["command_seq"], return_index=True)
    return created["order_id"][first].tolist()  # type: ignore[no-any-return]


def of_kind(events: Records, kind: EventKind) -> Records:
    """The events of one kind, as those of orders."""
    found: Records = events[events["kind"] == kind].view(ORDER_EVENT)
    return found
