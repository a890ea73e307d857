"""ITCH messages of captured packets: pcap files with Ethernet, IPv4, UDP and MoldUDP64 around them.

A MoldUDP64 packet has the session, the sequence number of its first message and how many it holds. Captures
of two lines of the same feed have every message twice, and a lost packet leaves a gap: each message is taken
once, in the order of the sequence numbers, and what was missing or there twice is counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numba
import numpy as np

from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints, read_chunks
from workbench.feed.itch_frames import (
    BYTES_TYPE,
    CHUNK_BYTES,
    INTS_TYPE,
    Block,
    Bytes,
    big_endian,
    find_in_packets,
    gathered,
)
from workbench.feed.itch_messages import CAPTURES, PCAPNG
from workbench.feed.itch_sessions import Sessions
from workbench.jit import entry, int64

ZONE = "America/New_York"

_FILE_HEADER, _RECORD_HEADER, _MOLD_HEADER = 24, 16, 20
_ETHERNET, _VLANS, _IPV4, _UDP = 1, (0x8100, 0x88A8, 0x9100), 0x0800, 17
_END_OF_SESSION = 0xFFFF
_CAPTURED_MAX = 1 << 18
"""No capture program writes more bytes of a packet."""

_MOLD = np.dtype([("session", "S10"), ("sequence_high", ">u4"), ("sequence_low", ">u4"), ("count", ">u2")])
_LARGEST_SEQUENCE = 1 << 44


@dataclass(slots=True)
class PacketCounts:
    """What a capture holds besides messages, and what its packets' sequence numbers tell.

    Attributes
    ----------
    packets
        MoldUDP64 packets, of which `heartbeats` and `session_ends` hold no message, and `unnumbered` have
        sequence number 0 as captures that went through another program may.
    other_packets
        Packets of anything else.
    gaps, missing_messages
        Runs of sequence numbers that no packet brought, and numbers in them.
    duplicate_messages
        Messages that came again and were dropped.
    late_messages
        Messages that came after one with a higher number, and were put where they belong.
    sessions
        Names of the sessions in the order in which they begin.
    """

    packets: int = 0
    heartbeats: int = 0
    session_ends: int = 0
    unnumbered: int = 0
    other_packets: int = 0
    gaps: int = 0
    missing_messages: int = 0
    duplicate_messages: int = 0
    late_messages: int = 0
    sessions: tuple[str, ...] = ()


@entry(BYTES_TYPE, numba.types.bool_, numba.types.int64, INTS_TYPE)
def find_records(data: Any, little: bool, most: int, starts: Any) -> int:
    """Starts of the packets of all whole records of a pcap file, until one of more than `most` bytes."""
    at = int64(0)
    count = 0
    while at + 16 <= data.size:
        length = int64(0)
        for i in range(4):
            place = 3 - i if little else i
            length = length * 256 + int64(data[at + 8 + place])
        if length > most or at + 16 + length > data.size:
            break
        starts[count] = at + 16
        count += 1
        at += 16 + length
    return count


class Capture:
    """Messages of a pcap file.

    Attributes
    ----------
    days
        First and last day, in New York, on which a packet with messages was captured.
    packets
        Counts; whole when all blocks have been taken.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._number = 0
        self._sessions = Sessions()
        self.days: tuple[date, ...] = ()
        self.packets = PacketCounts()

    def __iter__(self) -> Iterator[Block]:
        rest = b""
        form = ""
        for piece in read_chunks(self._path, CHUNK_BYTES):
            rest += piece
            if not form:
                if len(rest) < _FILE_HEADER:
                    continue
                form, rest = self._form(rest[:_FILE_HEADER]), rest[_FILE_HEADER:]
            data = np.frombuffer(bytearray(rest), np.uint8)
            starts = np.empty(len(data) // _RECORD_HEADER + 1, np.int64)
            start = starts[: find_records(data, form == "<u4", _CAPTURED_MAX, starts)]
            if not len(start):
                self._refuse_damaged(rest, form, 0)
                continue
            header = gathered(data, start - _RECORD_HEADER, _header_type(form))
            end = int(start[-1] + header["captured"][-1])
            rest = data[end:].tobytes()
            self._refuse_damaged(rest, form, len(start))
            block = self._block(data, start, header)
            self._number += len(start)
            if block is not None and len(block.start):
                yield block
        if not form or rest:
            raise SourceError(
                self._path,
                self._number + 1,
                "the capture is truncated: the packet has no end",
                "fetch it again",
            )
        self._sessions.tell(self.packets)

    def _form(self, header: bytes) -> str:
        if header[:4] == PCAPNG:
            raise SourceError(
                self._path,
                None,
                "is a capture in the pcapng form, expected pcap",
                "convert it: editcap -F pcap IN OUT",
            )
        if header[:4] not in CAPTURES:
            raise SourceError(self._path, None, "is no pcap file", "is this the right file?")
        form = CAPTURES[header[:4]]
        link = int(np.frombuffer(header, form)[5]) & 0x0FFFFFFF
        if link != _ETHERNET:
            raise SourceError(
                self._path, None, f"is a capture of link type {link}, expected Ethernet ({_ETHERNET})"
            )
        return form

    def _refuse_damaged(self, rest: bytes, form: str, whole: int) -> None:
        """Refuse a record that no program wrote, rather than look for its end in all that follows."""
        if len(rest) < _RECORD_HEADER:
            return
        captured = int(np.frombuffer(rest[:_RECORD_HEADER], _header_type(form))["captured"][0])
        if captured > _CAPTURED_MAX:
            raise SourceError(
                self._path,
                self._number + whole + 1,
                f"the capture is damaged: the packet says that it has {captured} bytes",
                "fetch it again",
            )

    def _block(self, data: Bytes, start: Ints, header: Any) -> Block | None:
        captured, sent = header["captured"].astype(np.int64), header["sent"].astype(np.int64)
        payload, end, is_udp = _udp(data, start, captured)
        cut = is_udp & (end > start + captured) & (sent > captured)
        if cut.any():
            at = int(np.argmax(cut))
            raise SourceError(
                self._path,
                self._number + at + 1,
                f"the packet was captured in part, {captured[at]} of its {sent[at]} bytes",
                "capture whole packets",
            )
        place = np.flatnonzero(is_udp & (end <= start + captured) & (end - payload >= _MOLD_HEADER))
        payload, end = payload[place], end[place]
        mold = gathered(data, payload, _MOLD)
        count = mold["count"].astype(np.int64)
        sequence = mold["sequence_high"].astype(np.int64) << 32 | mold["sequence_low"]
        ends = count == _END_OF_SESSION
        count = np.where(ends, 0, count)
        whole = np.zeros(len(place), np.bool_)
        starts = np.empty(int(count.sum()), np.int64)
        find_in_packets(data, payload + _MOLD_HEADER, end, count, starts, whole)
        whole &= (sequence >= 0) & (sequence < _LARGEST_SEQUENCE)
        # A packet of another protocol may have left starts where those of the next packet are now.
        payload, end, count, sequence, ends = (a[whole] for a in (payload, end, count, sequence, ends))
        starts = np.empty(int(count.sum()), np.int64)
        again = np.zeros(len(payload), np.bool_)
        find_in_packets(data, payload + _MOLD_HEADER, end, count, starts, again)
        counts = self.packets
        counts.packets += len(payload)
        counts.other_packets += len(start) - len(payload)
        counts.session_ends += int(ends.sum())
        counts.heartbeats += int(((count == 0) & ~ends).sum())
        counts.unnumbered += int(((sequence == 0) & (count > 0)).sum())
        if not len(payload):
            return None
        self._see_days(header["seconds"][place][whole][count > 0])
        keep, order = self._sessions.take(mold["session"][whole], sequence, count)
        starts = starts[keep]
        return Block(data, starts, big_endian(data, starts - 2), order[keep])

    def _see_days(self, seconds: Ints) -> None:
        if len(seconds):
            zone = ZoneInfo(ZONE)
            edges = [int(seconds.min()), int(seconds.max())]
            seen = [datetime.fromtimestamp(edge, UTC).astimezone(zone).date() for edge in edges]
            self.days = (min(seen + list(self.days)), max(seen + list(self.days)))


def _header_type(form: str) -> np.dtype[Any]:
    return np.dtype([(name, form) for name in ("seconds", "fraction", "captured", "sent")])


def _udp(data: Bytes, start: Ints, captured: Ints) -> tuple[Ints, Ints, Flags]:
    """Begin and end of each packet's UDP payload, and which packets have one."""
    last = len(data) - 2

    def number(at: Ints) -> Ints:
        return big_endian(data, np.clip(at, 0, last))

    at = start + 12
    kind = number(at)
    for _ in range(4):
        at = at + np.where(np.isin(kind, _VLANS), 4, 0)
        kind = number(at)
    ip = at + 2
    version, total = number(ip) >> 8, number(ip + 2)
    udp = ip + (version & 15) * 4
    # A datagram in several parts has its ports in the first only.
    part = number(ip + 6) & 0x3FFF
    is_udp = (kind == _IPV4) & (version >> 4 == 4) & (number(ip + 8) & 0xFF == _UDP) & (part == 0)  # noqa: PLR2004
    is_udp &= udp + 8 <= start + captured
    length = number(udp + 4)
    is_udp &= (length >= 8) & (udp + length <= ip + total)  # noqa: PLR2004 - the header's own length
    return udp + 8, udp + length, np.asarray(is_udp)
