"""Whose account a read is about: one's own, or another's for who may read the class."""

from __future__ import annotations

from starlette.requests import Request

from workbench.api.auth import address_of, principal_of
from workbench.api.hub import Hub
from workbench.api.server import server_of
from workbench.api.words import readable_account
from workbench.identity.roles import Permission


async def seen_account(request: Request, name: str, account: str) -> tuple[Hub, int]:
    """The session's hub and the number of the account that a request may read.

    A look at another's account is written into the audit log.

    Raises
    ------
    ApiError
        409 for one's own without a seat, 403 for what is not one's own without the permission to read the
        class, 404 for one that is not there.
    """
    if not account:
        trader = server_of(request).seated(principal_of(request), name)
        return trader.hub, trader.account
    server = server_of(request)
    principal = principal_of(request)
    hub = server.hub(server.session_name(principal, name))
    seat = hub.session.seat_of(principal.user_id)
    own = None if seat is None else seat.account
    everybody = Permission.READ_CLASS in principal.permissions
    number = readable_account(hub.session.venue, account, own, everybody=everybody)
    if number == own:
        return hub, number
    await server.readings.of_account(principal, hub, number, address_of(request))
    return hub, number
