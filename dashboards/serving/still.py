"""Pages that stand still: one document, made once, for all who ask for the same.

A page whose program runs in the browser alone tells Python nothing and is told nothing: what Bokeh would keep
for each browser is the same some hundred objects again, and takes longer to make than all else that opening
such a page costs. So one document is made, written down and thrown away. Each browser gets the page with a
token of its own, and over Bokeh's socket what was written down.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bokeh.core.types import ID
from bokeh.protocol import Protocol
from bokeh.protocol.messages.pull_doc_reply import pull_doc_reply
from bokeh.util.token import check_token_signature, generate_jwt_token, generate_session_id, get_token_payload

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from bokeh.document import Document
    from starlette.types import Receive, Send

STILL_MAX = 128
"""Different pages that are kept; whoever asks for one more gets a document of their own."""
QUERY_BYTES_MAX = 512
"""A page that is asked for with a longer query is not kept."""
TOKEN_S = 300
"""For so long a page may open its socket, and come back to it when it was lost."""
_NAME = "still"
_HEADER_BYTES_MAX = 1024
_PROTOCOL_ERROR = 1002


@dataclass(slots=True)
class Still:
    """One page, as everybody gets it.

    Attributes
    ----------
    name
        By which tokens know it.
    before, after
        The page around its token.
    document
        The content of Bokeh's answer to who asks for the document.
    payload
        What the token says beside for whom it is.
    shown
        When somebody last got it, in seconds of `time.monotonic`.
    """

    name: str
    before: str
    after: str
    document: str
    payload: dict[str, Any]
    shown: float = 0.0


class StillPages:
    """Keeps pages that stand still.

    Parameters
    ----------
    key
        With what tokens are signed.

    Attributes
    ----------
    connected
        How many browsers show one of them.
    """

    def __init__(self, key: bytes) -> None:
        self.connected = 0
        self._key = key
        self._pages: dict[Hashable, Still] = {}
        self._named: dict[str, Still] = {}
        self._made = 0

    def find(self, asked: Hashable) -> Still | None:
        """The page that was kept for what somebody asks for."""
        return self._pages.get(asked)

    def has_room(self) -> bool:
        """Whether one more can be kept; those go that nobody can come back to any more."""
        if len(self._pages) >= STILL_MAX:
            old = time.monotonic() - TOKEN_S
            for asked, page in list(self._pages.items()):
                if page.shown < old:
                    del self._pages[asked], self._named[page.name]
        return len(self._pages) < STILL_MAX

    def keep(self, asked: Hashable, page: str, token: str, document: Document) -> Still | None:
        """Write a page down; nothing when it cannot be given to everybody.

        Parameters
        ----------
        asked
            For what it is the answer.
        page
            It, as Bokeh made it.
        token
            The one that stands in it.
        document
            What the browser will ask for.
        """
        reply = pull_doc_reply.create(ID(""), document)
        if page.count(token) != 1 or reply.buffers:
            return None
        before, _, after = page.partition(token)
        payload = dict(get_token_payload(token))
        # When it ends is each token's own.
        payload.pop("session_expiry", None)
        self._made += 1
        made = Still(str(self._made), before, after, reply.content_json, payload)
        made.shown = time.monotonic()
        self._pages[asked] = self._named[made.name] = made
        return made

    def page(self, still: Still, headers: Mapping[str, str]) -> str:
        """A page for one browser.

        Parameters
        ----------
        still
            Which.
        headers
            What its token says of whom it is for.
        """
        still.shown = time.monotonic()
        token = generate_jwt_token(
            generate_session_id(secret_key=self._key, signed=True),
            secret_key=self._key,
            signed=True,
            expiration=TOKEN_S,
            extra_payload={**still.payload, "headers": dict(headers), _NAME: still.name},
        )
        return f"{still.before}{token}{still.after}"

    def of(self, token: str) -> Still | None:
        """The page that a token was made for; nothing when it is no valid one of such a page."""
        if not check_token_signature(token, secret_key=self._key, signed=True):
            return None
        payload = get_token_payload(token)
        if payload.get("session_expiry", 0) <= time.time():
            return None
        return self._named.get(payload.get(_NAME, ""))

    async def serve(self, still: Still, receive: Receive, send: Send) -> None:
        """Speak Bokeh's protocol with a browser until it goes."""
        protocol = Protocol()
        await receive()
        self.connected += 1
        try:
            await send({"type": "websocket.accept", "subprotocol": "bokeh"})
            ack = protocol.create("ACK")
            await _tell(send, ack.header_json, ack.content_json)
            header, pieces = "", 0
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return
                pieces -= 1
                if pieces < 0:
                    header = message.get("text") or ""
                    pieces = _pieces_of(header)
                    if pieces < 0:
                        await send({"type": "websocket.close", "code": _PROTOCOL_ERROR, "reason": ""})
                        return
                if pieces == 0:
                    await self._answer(still, json.loads(header), protocol, send)
        finally:
            self.connected -= 1

    async def _answer(self, still: Still, header: dict[str, Any], protocol: Protocol, send: Send) -> None:
        """Give the document; whatever else a browser says of it changes nothing."""
        asked = ID(str(header.get("msgid", "")))
        if header.get("msgtype") == "PULL-DOC-REQ":
            told = json.dumps(pull_doc_reply.create_header(request_id=asked))
            await _tell(send, told, still.document)
        else:
            good = protocol.create("OK", asked)
            await _tell(send, good.header_json, good.content_json)


def _pieces_of(header: str) -> int:
    """How many pieces of a message follow its header; less than none when it is no header."""
    try:
        told = json.loads(header) if len(header) <= _HEADER_BYTES_MAX else None
        buffers = told.get("num_buffers", 0) if isinstance(told, dict) else -1
        return 2 + 2 * int(buffers) if buffers >= 0 else -1
    except (ValueError, TypeError, OverflowError, RecursionError):
        return -1


async def _tell(send: Send, header: str, content: str) -> None:
    for piece in (header, "{}", content):
        await send({"type": "websocket.send", "text": piece})
