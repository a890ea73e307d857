"""The yardstick: a FastAPI application that only echoes, with the same server settings. `... PORT`."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Request, WebSocket
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

app = FastAPI(openapi_url=None)


@app.post("/orders", status_code=201)
async def orders(request: Request) -> Response:
    """Echo a body."""
    return Response(await request.body(), 201, media_type="application/json")


@app.websocket("/stream")
async def stream(websocket: WebSocket) -> None:
    """Echo messages."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        ws_per_message_deflate=False,
    )
