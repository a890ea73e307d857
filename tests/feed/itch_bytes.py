"""ITCH messages, packets and captures put together byte by byte, sharing no code with the reader."""

import struct
from collections.abc import Iterable, Sequence

MIDNIGHT_NS = 1_548_824_400_000_000_000
"""Midnight in New York on 2019-01-30, which is 05:00 UTC."""

OPEN_NS = 34_200_000_000_000
"""09:30 since midnight."""

NAME = "01302019.NASDAQ_ITCH50"


def message(letter: str, body: bytes, time_ns: int = OPEN_NS, locate: int = 1) -> bytes:
    head = struct.pack(">cHHHI", letter.encode(), locate, 0, time_ns >> 32, time_ns & 0xFFFFFFFF)
    return head + body


def text(value: str, size: int = 8) -> bytes:
    return value.encode().ljust(size)


def event(code: str, time_ns: int = OPEN_NS) -> bytes:
    return message("S", code.encode(), time_ns, locate=0)


def directory(stock: str, locate: int = 1, time_ns: int = OPEN_NS) -> bytes:
    body = text(stock) + b"QN" + struct.pack(">I", 100) + b"NCZ PN 1N" + struct.pack(">I", 0) + b"N"
    return message("R", body, time_ns, locate)


def add(
    order: int,
    side: str,
    shares: int,
    price: int,
    time_ns: int = OPEN_NS,
    *,
    stock: str = "ABC",
    locate: int = 1,
    mpid: str = "",
) -> bytes:
    body = struct.pack(">QcI", order, side.encode(), shares) + text(stock) + struct.pack(">I", price)
    return message("F" if mpid else "A", body + mpid.encode(), time_ns, locate)


def execute(order: int, shares: int, time_ns: int = OPEN_NS, match: int = 9, locate: int = 1) -> bytes:
    return message("E", struct.pack(">QIQ", order, shares, match), time_ns, locate)


def execute_at(
    order: int, shares: int, price: int, printable: str = "Y", time_ns: int = OPEN_NS, locate: int = 1
) -> bytes:
    body = struct.pack(">QIQcI", order, shares, 9, printable.encode(), price)
    return message("C", body, time_ns, locate)


def cancel(order: int, shares: int, time_ns: int = OPEN_NS, locate: int = 1) -> bytes:
    return message("X", struct.pack(">QI", order, shares), time_ns, locate)


def delete(order: int, time_ns: int = OPEN_NS, locate: int = 1) -> bytes:
    return message("D", struct.pack(">Q", order), time_ns, locate)


def replace(old: int, new: int, shares: int, price: int, time_ns: int = OPEN_NS, locate: int = 1) -> bytes:
    return message("U", struct.pack(">QQII", old, new, shares, price), time_ns, locate)


def trade(
    side: str, shares: int, price: int, time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1
) -> bytes:
    body = struct.pack(">QcI", 0, side.encode(), shares) + text(stock) + struct.pack(">IQ", price, 9)
    return message("P", body, time_ns, locate)


def cross(
    shares: int, price: int, kind: str, time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1
) -> bytes:
    body = struct.pack(">Q", shares) + text(stock) + struct.pack(">IQc", price, 9, kind.encode())
    return message("Q", body, time_ns, locate)


def halt(state: str, time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1) -> bytes:
    return message("H", text(stock) + state.encode() + b" " + text("T1", 4), time_ns, locate)


def halt_here(
    action: str, market: str = "Q", time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1
) -> bytes:
    return message("h", text(stock) + market.encode() + action.encode(), time_ns, locate)


def short_sales(action: str, time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1) -> bytes:
    return message("Y", text(stock) + action.encode(), time_ns, locate)


def collar(low: int, high: int, time_ns: int = OPEN_NS, *, stock: str = "ABC", locate: int = 1) -> bytes:
    body = text(stock) + struct.pack(">IIII", (low + high) // 2, high, low, 1)
    return message("J", body, time_ns, locate)


def broken(match: int, time_ns: int = OPEN_NS) -> bytes:
    return message("B", struct.pack(">Q", match), time_ns)


def framed(messages: Iterable[bytes]) -> bytes:
    """Each message behind its length."""
    return b"".join(struct.pack(">H", len(one)) + one for one in messages)


def mold(
    sequence: int, messages: Sequence[bytes], session: bytes = b"0000100001", count: int | None = None
) -> bytes:
    """A MoldUDP64 packet; `count` for heartbeats and the end of a session."""
    return (
        session + struct.pack(">QH", sequence, len(messages) if count is None else count) + framed(messages)
    )


def udp(payload: bytes, *, vlans: Sequence[int] = (), padding: int = 0, protocol: int = 17) -> bytes:
    """An Ethernet frame around a UDP datagram."""
    datagram = struct.pack(">HHHH", 26_477, 26_477, 8 + len(payload), 0) + payload
    ip = struct.pack(
        ">BBHHHBBHII", 0x45, 0, 20 + len(datagram), 1, 0, 21, protocol, 0, 0x0A000001, 0xE9360C6F
    )
    tags = b"".join(struct.pack(">HH", kind, 141) for kind in vlans)
    return bytes(12) + tags + struct.pack(">H", 0x0800) + ip + datagram + bytes(padding)


def pcap(
    frames: Sequence[bytes],
    *,
    order: str = "<",
    nanoseconds: bool = False,
    seconds: int = 1_548_858_600,
    link: int = 1,
) -> bytes:
    """A capture file; 1,548,858,600 is 2019-01-30 09:30 in New York."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    made = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    made += [struct.pack(f"{order}IIII", seconds, 7, len(one), len(one)) + one for one in frames]
    return b"".join(made)
