"""Whose account a read is about: one's own, or another's for who may read the class."""

from __future__ import annotations

from starlette.requests import Request

from workbench.api.auth import address_of, principal_of
from workbench.api.hub import Hub
from workbench.api.server import server_of
from workbench.api.words import account_of
from workbench.errors import ApiError
from workbench.identity.roles import Permission


async def seen_account(request: Request, name: str, account: str) -> tuple[Hub, int]:
    """The session's hub and the number of the account that a request may read.

    A look at another's account is written into the audit log.

    Raises
    ------
    ApiError
        409 for one's own without a seat, 403 for another's account without the permission to read the class,
        404 for one that is not there.
    """
    if not account:
        trader = server_of(request).seated(principal_of(request), name)
        return trader.hub, trader.account
    server = server_of(request)
    principal = principal_of(request)
    hub = server.hub(server.session_name(principal, name))
    number = account_of(hub.session.venue, account)
    seat = hub.session.seat_of(principal.user_id)
    if seat is not None and seat.account == number:
        return hub, number
    if Permission.READ_CLASS not in principal.permissions:
        raise ApiError(403, "forbidden", "this needs the permission read_class: it is another's account")
    await server.readings.of_account(principal, hub, number, address_of(request))
    return hub, number
