"""Bytes of plain or compressed files, and strict tables of text in them."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl
import zstandard

from workbench.errors import SourceError

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_GZIP, _ZSTD, _XZ, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"PK\x03\x04"
_SHOWN_LENGTH_MAX = 60
_DAMAGES = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    RuntimeError,
    NotImplementedError,
)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Content of a file, decompressed if it begins as gzip, Zstandard, xz or a zip with one member does.

    The content decides, never the file's name. Missing, empty, truncated or damaged files are refused with
    `SourceError`.
    """
    name = os.fspath(path)
    check_regular(path)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise SourceError(name, None, "there is no such file") from None
    except OSError as error:
        raise SourceError(name, None, f"cannot be read: {error.strerror}") from None
    try:
        data = _decompressed(data, name)
    except _DAMAGES as error:
        raise SourceError(name, None, f"is truncated or damaged: {error}", "fetch it again") from None
    if not data:
        raise SourceError(name, None, "is empty")
    return data


def read_chunks(path: str | os.PathLike[str], size: int = 1 << 24) -> Iterator[bytes]:
    """Content of a file, decompressed as by `read_bytes`, piece by piece.

    For files larger than memory: what is damaged or truncated is refused where it is met, after the pieces
    before it. Pieces have about `size` bytes; the last one may be shorter.
    """
    name = os.fspath(path)
    check_regular(path)
    empty = True
    try:
        with Path(path).open("rb") as file:
            for piece in _pieces(file, name, size):
                empty = empty and not piece
                if piece:
                    yield piece
    except FileNotFoundError:
        raise SourceError(name, None, "there is no such file") from None
    except _DAMAGES as error:
        raise SourceError(name, None, f"is truncated or damaged: {error}", "fetch it again") from None
    if empty:
        raise SourceError(name, None, "is empty")


def _pieces(file: BinaryIO, name: str, size: int) -> Iterator[bytes]:
    start = file.read(len(_XZ))
    file.seek(0)
    if start.startswith(_ZSTD):
        yield from _stream_pieces(file, size, lambda: zstandard.ZstdDecompressor().decompressobj())
    elif start.startswith(_XZ):
        yield from _stream_pieces(file, size, lzma.LZMADecompressor, fill=b"\0")
    else:
        with _unpacked(file, start, name) as plain:
            while piece := plain.read(size):
                yield piece


def _unpacked(file: BinaryIO, start: bytes, name: str) -> Any:
    """The content of a plain, gzip or zip file as a file."""
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(_ZIP):
        archive = zipfile.ZipFile(file)
        return archive.open(_only_member(archive, name))
    return file


def _stream_pieces(file: BinaryIO, size: int, begin: Callable[[], Any], fill: bytes = b"") -> Iterator[bytes]:
    """All Zstandard frames or xz streams, `fill` between them; anything else behind them is refused."""
    stream = begin()
    begun = False
    while packed := file.read(max(size // 8, 1)):
        parts = []
        while packed:
            packed = packed if begun else packed.lstrip(fill)
            if not packed:
                break
            parts.append(stream.decompress(packed))
            begun, packed = not stream.eof, stream.unused_data if stream.eof else b""
            if stream.eof:
                stream = begin()
        yield b"".join(parts)
    if begun:
        raise EOFError("the last stream has no end")


def check_regular(path: str | os.PathLike[str]) -> None:
    """Refuse folders, devices and pipes: they have no end, or can be read only once."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return  # Reading it will say why.
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        remedy = "name a file in it" if stat.S_ISDIR(mode) else "write it to a file first"
        raise SourceError(path, None, f"is {what}, expected a file", remedy)


def _decompressed(data: bytes, name: str) -> bytes:
    if data.startswith(_GZIP):
        return gzip.decompress(data)
    if data.startswith(_ZSTD):
        return _zstd(data)
    if data.startswith(_XZ):
        return _xz(data)
    if data.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(_only_member(archive, name))
    return data


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise SourceError(
            name, None, f"is a zip of {len(members)} files, expected one", "unpack it and name the file"
        )
    return members[0]


def read_head(path: str | os.PathLike[str], size: int = 4096) -> bytes:
    """The first bytes of a file's decompressed content, for telling what it is."""
    name = os.fspath(path)
    check_regular(path)
    try:
        with Path(path).open("rb") as file:
            start = file.read(size * 64)
    except OSError:
        return read_bytes(path)[:size]
    try:
        head = start[:size]
        if start.startswith(_ZSTD):
            head = zstandard.ZstdDecompressor().stream_reader(start).read(size)
        if start.startswith(_GZIP):
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, size)
        if start.startswith(_XZ):
            head = lzma.LZMADecompressor().decompress(start, size)
    except _DAMAGES as error:
        raise SourceError(name, None, f"is truncated or damaged: {error}", "fetch it again") from None
    # A zip is read whole, and so is what begins with nothing, to be refused as empty or damaged.
    return read_bytes(path)[:size] if start.startswith(_ZIP) or not head else head


def _zstd(data: bytes) -> bytes:
    """All frames of a Zstandard file; its library returns what it has of a truncated one without a word."""
    parts = []
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        parts.append(frame.decompress(data))
        if not frame.eof:
            raise EOFError("the last Zstandard frame has no end")
        data = frame.unused_data
    return b"".join(parts)


def _xz(data: bytes) -> bytes:
    stream = lzma.LZMADecompressor()
    content = stream.decompress(data)
    if not stream.eof:
        raise EOFError("the xz stream has no end")
    rest = stream.unused_data.lstrip(b"\0")
    return content + (_xz(rest) if rest else b"")


_SHOWN_COLUMNS = 8


class Cells:
    """A table of text, every row with the same number of cells and none of them quoted.

    Parameters
    ----------
    data
        UTF-8 text; lines end with LF or CRLF and the last line end may be missing.
    file
        Its path, for messages.
    names
        Names of the columns of a file without a header; None when the first line has them.
    required
        Columns that the header must have.

    Attributes
    ----------
    count
        Number of data rows.
    """

    def __init__(
        self, data: bytes, file: str, names: Sequence[str] | None = None, required: Sequence[str] = ()
    ) -> None:
        data = data.removeprefix(b"\xef\xbb\xbf")
        self.file = file
        self.first_row = 1 if names is not None else 2
        first = data.split(b"\n", 1)[0].rstrip(b"\r").decode(errors="replace").split(",")
        self.names = list(names) if names is not None else first
        missing = [name for name in required if name not in self.names]
        if missing:
            begins = ", ".join(first[:_SHOWN_COLUMNS])
            raise SourceError(
                file,
                1,
                f"the header has no column {missing[0]!r}",
                f"it begins {begins}; is this the right file?",
            )
        # Only now: in a file without a header the first row's numbers may be alike.
        twice = [name for at, name in enumerate(self.names) if name and name in self.names[:at]]
        if names is None and twice:
            raise SourceError(file, 1, f"column {twice[0]!r} occurs twice", "rename one of them")
        self._check_shape(data)
        if names is None and len(data.splitlines()) < self.first_row:
            raise SourceError(file, None, "has a header and no row below it")
        try:
            self.frame = pl.read_csv(
                io.BytesIO(data),
                has_header=False,
                skip_lines=self.first_row - 1,
                schema={str(i): pl.String for i in range(len(self.names))},
                quote_char=None,
            ).fill_null("")
        except pl.exceptions.PolarsError as error:
            self._refuse_bytes(data)
            raise SourceError(file, None, f"is no table of text: {error}") from None
        self.count = len(self.frame)

    def _check_shape(self, data: bytes) -> None:
        """Refuse blank lines and lines with too many or too few cells."""
        raw = np.frombuffer(data.rstrip(b"\r\n") + b"\n", np.uint8)
        ends = np.flatnonzero(raw == ord("\n"))
        commas = np.flatnonzero(raw == ord(","))
        cells = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        lengths = np.diff(ends, prepend=-1) - 1
        blank = (lengths == 0) | ((lengths == 1) & (raw[ends - 1] == ord("\r")))
        wrong = np.flatnonzero(blank | (cells != len(self.names)))
        if len(wrong):
            at = int(wrong[0])
            found = "is blank" if blank[at] else f"has {cells[at]} cells"
            raise SourceError(self.file, at + 1, f"{found}, expected {len(self.names)} cells")

    def _refuse_bytes(self, data: bytes) -> None:
        for row, line in enumerate(data.split(b"\n"), 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                raise SourceError(self.file, row, "is no UTF-8 text") from None

    def text(self, name: str) -> pl.Series:
        """Cells of a column as they stand."""
        return self.frame[str(self.names.index(name))]

    def refuse(self, index: int, reason: str, remedy: str = "") -> SourceError:
        """The error for data row `index`, ready to be raised."""
        return SourceError(self.file, index + self.first_row, reason, remedy)

    def expect(self, good: Flags | pl.Series, name: str, expected: str) -> None:
        """Raise for the first row that is not `good`, quoting its cell in column `name`."""
        good = np.asarray(good)
        if not good.all():
            index = int(np.argmin(good))
            cell = self.text(name)[index]
            shown = cell if len(cell) <= _SHOWN_LENGTH_MAX else f"{cell[:_SHOWN_LENGTH_MAX]}…"
            raise self.refuse(index, f"{name} is {shown!r}, expected {expected}")

    def integers(self, name: str, low: int = 0, high: int = (1 << 63) - 1) -> Ints:
        """Whole numbers from `low` to `high`."""
        cells = self.text(name)
        values = cells.cast(pl.Int64, strict=False)
        good = cells.str.contains(r"^-?[0-9]+$") & values.is_between(low, high).fill_null(value=False)
        span = f" from {low} to {high}" if high < (1 << 62) else f" of at least {low}"
        self.expect(good, name, f"a whole number{span}")
        return values.to_numpy().astype(np.int64)

    def decimals(self, name: str, places: int = 9, empty: int | None = None) -> Ints:
        """Decimals as integers of 10^-`places`, exact; empty cells are `empty`, or refused."""
        cells = self.text(name)
        blank = cells == ""
        plain = cells.str.contains(rf"^-?[0-9]{{1,{18 - places}}}(\.[0-9]{{1,{places}}})?$")
        self.expect(
            plain | blank if empty is not None else plain,
            name,
            f"a decimal number with at most {places} decimals",
        )
        whole = cells.set(blank, "0").cast(pl.Decimal(38, places)).to_physical().cast(pl.Int64)
        values: Ints = whole.to_numpy().astype(np.int64)
        return values if empty is None else np.where(blank.to_numpy(), empty, values)

    def codes(self, name: str, meanings: Mapping[str, int]) -> Ints:
        """Cells that each stand for a number."""
        cells = self.text(name)
        self.expect(cells.is_in(list(meanings)), name, f"one of {', '.join(meanings)}")
        values: Ints = cells.replace_strict(dict(meanings), return_dtype=pl.Int64).to_numpy().astype(np.int64)
        return values

    def in_order(self, values: Ints, name: str) -> None:
        """Raise where `values`, made from column `name`, fall."""
        back = np.flatnonzero(np.diff(values) < 0)
        if len(back):
            at = int(back[0]) + 1
            cells = self.text(name)
            raise self.refuse(
                at, f"{name} {cells[at]} is before {cells[at - 1]} in the row above", "sort the file by time"
            )
