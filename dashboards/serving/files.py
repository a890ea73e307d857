"""Files that pages are made of: scripts, styles, pictures; small, named by their content, kept in memory."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

ASSETS = Path(__file__).parent.parent / "assets"
"""Where the pages' own files are."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""Kinds of files that are given out; a file of another kind is not there."""
_PACKED = frozenset({".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".wasm"})
_PACKED_BYTES_MIN = 1024
_HASH = 16
_YEAR = b"public, max-age=31536000, immutable"
_ASK_AGAIN = b"no-cache"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent.

    Attributes
    ----------
    content, packed
        As it is, and compressed by gzip; the second is empty where that does not pay.
    type
        Its media type.
    version
        The beginning of its SHA-256.
    changed_ns
        When the file was written that this was read from.
    """

    content: bytes
    packed: bytes
    type: str
    version: str
    changed_ns: int


class Files:
    """Folders of files below addresses, as a plain ASGI application.

    Parameters
    ----------
    folders
        By the beginning of the address, such as `/assets/`; the longest that fits counts.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = sorted(folders.items(), key=lambda item: -len(item[0]))
        self._kept: dict[Path, File] = {}

    def address_of(self, address: str) -> str:
        """The address of a file with its version, under which browsers keep it for good.

        Raises
        ------
        FileNotFoundError
            When there is no such file.
        """
        path = self._path_of(address)
        if path is None:
            raise FileNotFoundError(address)
        return f"{address}?v={self._read(path).version}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Answer with the file."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"", [(b"allow", b"GET, HEAD")])
            return
        path = self._path_of(scope["path"])
        if path is None:
            await _answer(send, 404, b"there is no such file", [(b"cache-control", _ASK_AGAIN)])
            return
        # Reading and compressing a script of a megabyte takes tens of milliseconds, once.
        file = self._fresh(path)
        if file is None:
            file = await asyncio.to_thread(self._read, path)
        headers = dict(scope["headers"])
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        answer = [
            (b"content-type", file.type.encode()),
            (b"cache-control", _YEAR if _names(asked, file) else _ASK_AGAIN),
            (b"etag", f'"{file.version}"'.encode()),
            (b"vary", b"accept-encoding"),
        ]
        if headers.get(b"if-none-match") == f'"{file.version}"'.encode():
            await _answer(send, 304, b"", answer)
            return
        body = file.content
        if file.packed and b"gzip" in headers.get(b"accept-encoding", b""):
            body = file.packed
            answer.append((b"content-encoding", b"gzip"))
        await _answer(send, 200, body, answer, head=scope["method"] == "HEAD")

    def _path_of(self, address: str) -> Path | None:
        for beginning, folder in self._folders:
            if address.startswith(beginning) and "\0" not in address:
                root = folder.resolve()
                path = (root / address.removeprefix(beginning)).resolve()
                inside = path.is_relative_to(root) and path.is_file()
                return path if inside and path.suffix in _TYPES else None
        return None

    def _fresh(self, path: Path) -> File | None:
        file = self._kept.get(path)
        return file if file is not None and file.changed_ns == path.stat().st_mtime_ns else None

    def _read(self, path: Path) -> File:
        file = self._fresh(path)
        if file is None:
            changed_ns = path.stat().st_mtime_ns
            content = path.read_bytes()
            pays = path.suffix in _PACKED and len(content) >= _PACKED_BYTES_MIN
            file = self._kept[path] = File(
                content,
                gzip.compress(content, mtime=0) if pays else b"",
                _TYPES[path.suffix],
                sha256(content).hexdigest()[:_HASH],
                changed_ns,
            )
        return file


def _names(asked: str, file: File) -> bool:
    """Whether a version is this file's: ours, or the whole SHA-512 or so that Bokeh puts there."""
    return bool(asked) and (asked == file.version or len(asked) > _HASH)


async def _answer(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]], *, head: bool = False
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})
