"""Where one ITCH message ends and the next begins: files of messages behind their lengths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from workbench.errors import SourceError
from workbench.feed.files import Ints, read_chunks
from workbench.jit import array_of, entry, int64

Bytes = npt.NDArray[np.uint8]

BYTES_TYPE = array_of(np.uint8)
INTS_TYPE = array_of(np.int64)

CHUNK_BYTES = 1 << 24
"""Bytes of a file that are decoded at once; results do not depend on it."""

_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Some messages of a file.

    Attributes
    ----------
    data
        Bytes that hold them.
    start, length
        Where each message's first byte, its type, is in `data`, and how many bytes it has. Without any, the
        type is not there.
    order
        For messages from packets a number by which they are in the order of their sequence numbers; None
        where they are in order as they stand.
    """

    data: Bytes
    start: Ints
    length: Ints
    order: Ints | None = None


@entry(BYTES_TYPE, INTS_TYPE)
def find_messages(data: Any, starts: Any) -> int:
    """Starts of all whole messages, each behind its length; returns how many there are."""
    at = int64(0)
    count = 0
    while at + 2 <= data.size:
        end = at + 2 + int64(data[at]) * 256 + int64(data[at + 1])
        if end > data.size:
            break
        starts[count] = at + 2
        count += 1
        at = end
    return count


@entry(BYTES_TYPE, INTS_TYPE, INTS_TYPE, INTS_TYPE, INTS_TYPE, numba.types.Array(numba.types.bool_, 1, "C"))
def find_in_packets(data: Any, first: Any, end: Any, count: Any, starts: Any, whole: Any) -> int:
    """Starts of the messages of packets, and which packets are filled by as many messages as they say."""
    found = 0
    for packet in range(first.size):
        at = first[packet]
        fits = True
        for i in range(count[packet]):
            if at + 2 > end[packet]:
                fits = False
                break
            starts[found + i] = at + 2
            at += 2 + int64(data[at]) * 256 + int64(data[at + 1])
        whole[packet] = fits and at == end[packet]
        if whole[packet]:
            found += count[packet]
    return found


def big_endian(data: Bytes, at: Ints) -> Ints:
    """Numbers of two bytes that begin at `at`."""
    return np.asarray((data[at].astype(np.int64) << 8) | data[at + 1])


def gathered(data: Bytes, at: Ints, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Records that begin at `at`, wherever that is, copied into an array."""
    size = dtype.itemsize
    if not len(at):
        return np.zeros(0, dtype)
    # Every place of the bytes is seen as the begin of a record; those at `at` are then copied whole.
    everywhere = np.ndarray((len(data) - size + 1,), f"V{size}", data, 0, (1,))
    return everywhere[at].view(dtype)


class LengthPrefixed:
    """Messages of a file in which each stands behind its length, two bytes, as in Nasdaq's daily files.

    A length of zero at the very end is the mark of the end; elsewhere it is a message without a type.

    Attributes
    ----------
    days
        Days of the messages as far as the file tells: none.
    """

    days: tuple[Any, ...] = ()
    packets = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Block]:
        rest = b""
        number = 0
        for piece in read_chunks(self._path, CHUNK_BYTES):
            data = np.frombuffer(bytearray(rest + piece), np.uint8)
            starts = np.empty(len(data) // _PREFIX + 1, np.int64)
            start = starts[: find_messages(data, starts)].copy()
            length = big_endian(data, start - _PREFIX)
            end = int(start[-1] + length[-1]) if len(start) else 0
            rest = data[end:].tobytes()
            # Only the next piece tells whether a length of zero is the end's mark.
            if not rest and len(length) and not length[-1]:
                start, length, rest = start[:-1], length[:-1], bytes(_PREFIX)
            number += len(start)
            if len(start):
                yield Block(data, start, length)
        if rest and rest != bytes(_PREFIX):
            raise SourceError(self._path, number + 1, _torn(rest), "fetch it again")


def _torn(rest: bytes) -> str:
    if len(rest) < _PREFIX:
        return "the file is truncated: it ends within the message's length"
    length = int.from_bytes(rest[:_PREFIX], "big")
    return f"the file is truncated: it ends after {len(rest) - _PREFIX} of the message's {length} bytes"
