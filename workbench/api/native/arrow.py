"""The Arrow tail, `/api/sessions/{name}/arrow/{table}`: what SQL needs to see what happened a moment ago."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from workbench.api.auth import address_of, permit, principal_of
from workbench.api.native.arrow_tail import OWN, SEQ, Tail, seen_by
from workbench.api.native.model import MAX_SEQ, failures
from workbench.api.server import server_of
from workbench.errors import ApiError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.api.server import Server

ARROW = "application/vnd.apache.arrow.stream"
WAIT_S = 10.0
"""How long a request waits for the tail to come as far as the session has."""
_ROWS = 1 << 16


def arrow_routes(server: Server) -> list[APIRouter]:
    """The route of the tail."""
    router = APIRouter(prefix="/api/sessions/{name}", tags=["market"])
    tails: dict[str, Tail] = {}

    def tail_of(hub: Hub) -> Tail:
        # Nothing is folded for a session that nobody asks about.
        if hub.name not in tails:
            tails[hub.name] = Tail(hub.session, server.sessions.bus)
        return tails[hub.name]

    @router.get(
        "/arrow/{table}",
        summary="Rows behind the manifest, as an Arrow stream",
        response_class=Response,
        responses={
            200: {"content": {ARROW: {"example": "Arrow IPC stream"}}},
            **failures(401, 403, 404, 422, 503),
        },
    )
    @permit(Permission.READ_MARKET)
    async def tail(
        request: Request,
        name: str,
        table: str,
        after_seq: Annotated[
            int, Query(ge=0, le=MAX_SEQ, description="Rows of later events alone: `seq` of the manifest")
        ] = 0,
        until_seq: Annotated[
            int, Query(ge=0, le=MAX_SEQ, description="And of none after this one; now unless given")
        ] = 0,
    ) -> Response:
        """Rows of events that no manifest lists yet; header `X-Seq` says up to which event.

        Ask the first table without `until_seq` and the others with what it said, and all are of one moment.
        """
        asked, principal = server_of(request), principal_of(request)
        hub = asked.hub(asked.session_name(principal, name))
        if table not in SEQ:
            raise ApiError(404, "unknown_table", f"no table {table[:40]!r}; there are {', '.join(SEQ)}")
        everything = Permission.READ_CLASS in principal.permissions
        if table == "events" and not everything:
            raise ApiError(
                403, "forbidden", "the events are everybody's: they need the permission read_class"
            )
        seat = hub.session.seat_of(principal.user_id)
        if table in OWN and not everything and seat is None:
            raise ApiError(404, "no_seat", "there is no seat of yours in this session")
        until = until_seq or hub.views.seq
        if until > hub.views.seq:
            raise ApiError(
                422, "invalid", f"until_seq is {until}, and the session is at event {hub.views.seq}"
            )
        found = await asyncio.to_thread(tail_of(hub).rows, table, after_seq, until, WAIT_S)
        if found is None:
            sentence = "the tail is behind the session; ask again in a moment"
            raise ApiError(503, "busy", sentence, headers={"Retry-After": "1"})
        account = None
        if everything and (table in OWN or table == "events"):
            await asked.readings.of_class(principal, hub, table, address_of(request))
        if not everything:
            account = hub.views.accounts[seat.account].name if seat is not None else ""
        headers = {"X-Seq": str(until), "Cache-Control": "no-store"}
        return StreamingResponse(_stream(seen_by(found, table, account)), headers=headers, media_type=ARROW)

    return [router]


def _stream(rows: pa.Table) -> Iterator[bytes]:
    """The rows in Arrow's stream format, a piece at a time; Starlette draws them in a thread."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        for batch in rows.unify_dictionaries().to_batches(max_chunksize=_ROWS):
            writer.write_batch(batch)
    whole = sink.getvalue()
    for start in range(0, whole.size, 1 << 20):
        yield whole.slice(start, min(1 << 20, whole.size - start)).to_pybytes()
