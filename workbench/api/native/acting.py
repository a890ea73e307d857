"""Acts of those who run a session: commands to the exchange, refusals as sentences, everything audited."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from workbench.api.auth import address_of, principal_of
from workbench.api.hub import Hub
from workbench.api.server import server_of
from workbench.domain.codes import EventKind, Reason
from workbench.domain.commands import ALL, batch
from workbench.domain.records import ORDER_EVENT, Records
from workbench.engine.reasons import reason_text
from workbench.engine.words import Words
from workbench.errors import ApiError
from workbench.session.live.answer import Answer


async def act(hub: Hub, commands: list[Records]) -> Answer:
    """Send commands that are not orders; what they did is durable and seen by reads when this returns.

    Raises
    ------
    ApiError
        422 when the exchange refused one of them.
    """
    return await settled(hub, await hub.session.send(batch(commands)))


async def settled(hub: Hub, answer: Answer) -> Answer:
    """An answer whose events are seen by reads, unless the exchange refused something.

    Raises
    ------
    ApiError
        422 when it did.
    """
    if answer.last_event_seq:
        await hub.gateway.reached(answer.last_event_seq)
    refused = answer.events[answer.events["kind"] == EventKind.COMMAND_REJECTED]
    if len(refused):
        event = refused.view(ORDER_EVENT)[0]
        words = Words(hub.session.venue, zone=hub.session.zone)
        why = reason_text(
            int(event["reason"]), int(event["value"]), int(event["limit"]), int(event["instrument"]), words
        )
        raise ApiError(
            422,
            "refused",
            f"the exchange refused it: {why}",
            details={"reason": Reason(int(event["reason"])).name},
        )
    return answer


def instruments_of(hub: Hub, symbols: list[str]) -> list[int]:
    """Numbers of the named instruments; all at once (-1) when none is named."""
    return [hub.scales.of(symbol).number for symbol in symbols] if symbols else [ALL]


async def audit(request: Request, action: str, target: str, **details: Any) -> None:
    """Write down who did what to what, which has happened whether the users' database answers or not."""
    await server_of(request).identity.note(
        principal_of(request), action, target, details, client=address_of(request)
    )
