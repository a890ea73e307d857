import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.itch_bytes import add, event, mold, pcap, udp
from workbench.errors import SourceError
from workbench.feed import itch_packets
from workbench.feed.itch import Itch, read_itch
from workbench.feed.itch_packets import PacketCounts

pytestmark = pytest.mark.kernel

MESSAGES = [add(number, "B", 100, 10_000, number) for number in range(1, 21)]
"""Message i of the session is about order i and comes i ns after midnight."""


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "capture"
    path.write_bytes(content)
    return path


def packet(first: int, end: int, session: bytes = b"0000100001") -> bytes:
    """Messages `first` to below `end`."""
    return udp(mold(first, MESSAGES[first - 1 : end - 1], session))


def orders(itch: Itch) -> list[int]:
    return itch.table("A")["order_reference_number"].to_list()


def counts(itch: Itch) -> PacketCounts:
    assert itch.packets is not None
    return itch.packets


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
@pytest.mark.parametrize("vlans", [(), (0x8100,), (0x88A8, 0x8100)])
@pytest.mark.parametrize("chunk", [1, 50, 1 << 20])
def test_every_form_of_capture(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    nanoseconds: bool,
    vlans: tuple[int, ...],
    chunk: int,
) -> None:
    monkeypatch.setattr(itch_packets, "CHUNK_BYTES", chunk)
    frames = [
        udp(mold(1, MESSAGES[:3]), vlans=vlans),
        udp(mold(4, []), vlans=vlans, padding=6),
        udp(mold(4, MESSAGES[3:5]), vlans=vlans),
        udp(mold(6, [], count=0xFFFF), vlans=vlans),
    ]
    itch = read_itch(write(tmp_path, pcap(frames, order=order, nanoseconds=nanoseconds)))
    assert orders(itch) == [1, 2, 3, 4, 5]
    assert itch.table("A")["message"].to_list() == [1, 2, 3, 4, 5]
    assert counts(itch) == PacketCounts(packets=4, heartbeats=1, session_ends=1, sessions=("0000100001",))
    assert str(itch.date) == "2019-01-30"


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([(1, 4), (4, 6)], {}),
        ([(7, 9), (9, 11)], {}),
        ([(1, 4), (6, 8)], {"gaps": 1, "missing_messages": 2}),
        ([(1, 2), (3, 4), (6, 8)], {"gaps": 2, "missing_messages": 3}),
        ([(1, 4), (1, 4), (4, 6), (4, 6)], {"duplicate_messages": 5}),
        ([(1, 4), (2, 6)], {"duplicate_messages": 2}),
        ([(1, 4), (6, 8), (4, 6)], {"late_messages": 2}),
        ([(4, 6), (1, 4)], {"late_messages": 3}),
        ([(1, 3), (5, 7), (9, 11), (2, 12)], {"duplicate_messages": 5, "late_messages": 4}),
        (
            [(5, 7), (1, 3), (1, 3)],
            {"gaps": 1, "missing_messages": 2, "duplicate_messages": 2, "late_messages": 2},
        ),
    ],
)
def test_sequence_numbers(tmp_path: Path, ranges: list[tuple[int, int]], expected: dict[str, int]) -> None:
    itch = read_itch(write(tmp_path, pcap([packet(*each) for each in ranges])))
    assert orders(itch) == sorted({number for each in ranges for number in range(*each)})
    assert counts(itch) == PacketCounts(packets=len(ranges), sessions=("0000100001",), **expected)
    assert itch.table("A")["message"].is_sorted()
    assert itch.counts == {"A": len(orders(itch))}


def test_heartbeats_tell_what_is_missing_at_the_end(tmp_path: Path) -> None:
    itch = read_itch(write(tmp_path, pcap([packet(1, 4), udp(mold(6, [])), udp(mold(8, [], count=0xFFFF))])))
    assert (counts(itch).gaps, counts(itch).missing_messages) == (1, 4)


@given(data=st.data())
def test_shuffled_and_repeated_packets(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    ranges = data.draw(
        st.lists(st.tuples(st.integers(1, 20), st.integers(1, 5)).map(lambda p: (p[0], min(p[0] + p[1], 21))))
    )
    ranges = [(1, 2), *ranges]
    chunk = data.draw(st.sampled_from([1, 200, 1 << 20]))
    path = write(tmp_path_factory.mktemp("packets"), pcap([packet(*each) for each in ranges]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(itch_packets, "CHUNK_BYTES", chunk)
        itch = read_itch(path)
    seen: set[int] = set()
    duplicates = late = 0
    for each in ranges:
        for number in range(*each):
            duplicates += number in seen
            late += number not in seen and number < max(seen, default=0)
            seen.add(number)
    missing = sorted(set(range(1, max(seen))) - seen)
    assert orders(itch) == sorted(seen)
    assert counts(itch).duplicate_messages == duplicates
    assert counts(itch).late_messages == late
    assert counts(itch).missing_messages == len(missing)
    assert counts(itch).gaps == sum(number - 1 not in missing for number in missing)


def test_each_session_counts_for_itself(tmp_path: Path) -> None:
    frames = [packet(1, 3, b"MORNING   "), packet(1, 3, b"EVENING   "), packet(3, 5, b"MORNING   ")]
    itch = read_itch(write(tmp_path, pcap(frames)))
    assert orders(itch) == [1, 2, 1, 2, 3, 4]
    assert counts(itch) == PacketCounts(packets=3, sessions=("MORNING", "EVENING"))


def test_packets_without_numbers_are_taken_as_they_come(tmp_path: Path) -> None:
    frames = [udp(mold(0, MESSAGES[:2], bytes(10))), udp(mold(0, MESSAGES[:2], bytes(10)))]
    itch = read_itch(write(tmp_path, pcap(frames)))
    assert orders(itch) == [1, 2, 1, 2]
    assert counts(itch) == PacketCounts(packets=2, unnumbered=2)


def other_packets() -> dict[str, bytes]:
    good = packet(2, 4)
    fragment = bytearray(good)
    fragment[14 + 6] = 0x20
    ipv6 = bytearray(good)
    ipv6[12:14] = b"\x86\xdd"
    long_datagram = bytearray(good)
    long_datagram[14 + 20 + 4 : 14 + 20 + 6] = b"\xff\xff"
    return {
        "ARP": bytes(12) + b"\x08\x06" + bytes(46),
        "TCP": udp(mold(2, MESSAGES[1:3]), protocol=6),
        "IPv6": bytes(ipv6),
        "a fragment": bytes(fragment),
        "a short frame": bytes(5),
        "an empty frame": b"",
        "another protocol": udp(b"time? " * 20),
        "a short datagram": udp(b"x"),
        "more messages than it holds": udp(mold(2, MESSAGES[1:3], count=3)),
        "fewer messages than it holds": udp(mold(2, MESSAGES[1:3], count=1)),
        "a datagram longer than its packet": bytes(long_datagram),
        "an absurd number": udp(mold(1 << 63, MESSAGES[1:3])),
    }


@pytest.mark.parametrize("what", other_packets())
def test_what_is_no_mold_packet_is_passed_over(tmp_path: Path, what: str) -> None:
    other = other_packets()[what]
    itch = read_itch(write(tmp_path, pcap([other, packet(1, 3), other, packet(3, 5), other])))
    assert orders(itch) == [1, 2, 3, 4]
    assert counts(itch) == PacketCounts(packets=2, other_packets=3, sessions=("0000100001",))


def test_many_packets_of_many_kinds(tmp_path: Path) -> None:
    dice = random.Random(5)
    others = list(other_packets().values())
    frames = []
    for number in range(1, 21):
        frames += dice.sample(others, dice.randrange(4))
        frames.append(packet(number, number + 1))
    itch = read_itch(write(tmp_path, pcap(frames)))
    assert orders(itch) == list(range(1, 21))
    assert counts(itch).other_packets == len(frames) - 20


@pytest.mark.parametrize("chunk", [1, 64, 1 << 20])
def test_a_torn_capture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(itch_packets, "CHUNK_BYTES", chunk)
    whole = pcap([packet(1, 3), packet(3, 4)])
    second = len(pcap([packet(1, 3)]))
    for end in (10, 24 + 8, 24 + 16 + 30, second - 1, second + 3, len(whole) - 1):
        with pytest.raises(SourceError, match="the capture is truncated: the packet has no end") as caught:
            read_itch(write(tmp_path, whole[:end]))
        assert caught.value.row == 1 + (end > second)
    assert orders(read_itch(write(tmp_path, whole[:second]))) == [1, 2]


def test_captures_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="pcapng form, expected pcap; convert it: editcap -F pcap IN OUT"):
        read_itch(write(tmp_path, b"\x0a\x0d\x0d\x0a" + bytes(60)))
    with pytest.raises(SourceError, match="link type 101, expected Ethernet"):
        read_itch(write(tmp_path, pcap([packet(1, 3)], link=101)))
    with pytest.raises(SourceError, match=r"row 2: the capture is damaged: .* has 4294967295 bytes"):
        read_itch(write(tmp_path, pcap([packet(1, 3)]) + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 100)))
    cut = packet(3, 5)
    record = struct.pack("<IIII", 1_548_858_600, 1, 60, len(cut)) + cut[:60]
    with pytest.raises(SourceError, match=f"row 2: .* captured in part, 60 of its {len(cut)} bytes"):
        read_itch(write(tmp_path, pcap([packet(1, 3)]) + record))
    with pytest.raises(SourceError, match=r"holds no ITCH 5\.0 message"):
        read_itch(write(tmp_path, pcap([])))
    with pytest.raises(SourceError, match=r"holds no ITCH 5\.0 message"):
        read_itch(write(tmp_path, pcap([udp(mold(1, []))])))


def test_a_capture_of_two_days_is_refused(tmp_path: Path) -> None:
    days = pcap([packet(1, 3)]) + pcap([packet(3, 5)], seconds=1_548_858_600 + 86_400)[24:]
    with pytest.raises(SourceError, match="was captured from 2019-01-30 to 2019-01-31; split it by day"):
        read_itch(write(tmp_path, days))


def test_the_day_is_new_yorks(tmp_path: Path) -> None:
    """03:00 UTC of the next day is 22:00 of this one."""
    late = 1_548_817_200 + 86_400
    assert (
        str(read_itch(write(tmp_path, pcap([udp(mold(1, [event("C")]))], seconds=late))).date) == "2019-01-30"
    )
