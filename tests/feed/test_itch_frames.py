import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.itch_bytes import NAME, add, delete, event, framed
from workbench.errors import SourceError
from workbench.feed import itch_frames
from workbench.feed.itch import read_itch
from workbench.feed.itch_frames import LengthPrefixed

pytestmark = pytest.mark.kernel

MESSAGES = [event("O"), add(1, "B", 100, 10_000), add(2, "S", 50, 10_100, mpid="FLTU"), delete(1)]


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / NAME
    path.write_bytes(content)
    return path


def read_all(path: Path) -> list[bytes]:
    return [
        block.data[start : start + length].tobytes()
        for block in LengthPrefixed(path)
        for start, length in zip(block.start.tolist(), block.length.tolist(), strict=True)
    ]


@given(messages=st.lists(st.binary(min_size=1, max_size=60), min_size=1), chunk=st.integers(1, 300))
def test_what_was_framed_is_found(
    messages: list[bytes], chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("frames"), framed(messages))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(itch_frames, "CHUNK_BYTES", chunk)
        assert read_all(path) == messages


def test_a_long_message_has_both_bytes_of_its_length(tmp_path: Path) -> None:
    messages = [b"Z" * 65_535, *MESSAGES, b"Z" * 256]
    assert read_all(write(tmp_path, framed(messages))) == messages


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_files_may_be_compressed(tmp_path: Path, pack: type[bytes]) -> None:
    itch = read_itch(write(tmp_path, pack(framed(MESSAGES))))
    assert itch.counts == {"S": 1, "A": 1, "F": 1, "D": 1}


@pytest.mark.parametrize("chunk", [1, 40, 1 << 20])
def test_a_torn_file_is_refused_wherever_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(itch_frames, "CHUNK_BYTES", chunk)
    whole = framed(MESSAGES)
    ends = [sum(len(one) + 2 for one in MESSAGES[:count]) for count in range(len(MESSAGES) + 1)]
    for end in range(1, len(whole)):
        path = write(tmp_path, whole[:end])
        if end in ends:
            assert sum(read_itch(path).counts.values()) == ends.index(end)
            continue
        with pytest.raises(SourceError, match="the file is truncated: it ends") as caught:
            read_itch(path)
        assert caught.value.row == sum(end > at for at in ends)


def test_the_sentence_of_a_torn_file(tmp_path: Path) -> None:
    path = write(tmp_path, framed(MESSAGES)[:-1])
    with pytest.raises(SourceError) as caught:
        read_itch(path)
    assert str(caught.value) == (
        f"{path}, row 4: the file is truncated: it ends after 18 of the message's 19 bytes; fetch it again"
    )
    path.write_bytes(framed(MESSAGES) + b"\0")
    with pytest.raises(
        SourceError, match="row 5: the file is truncated: it ends within the message's length"
    ):
        read_itch(path)


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_a_length_of_zero_is_the_end_at_the_end_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(itch_frames, "CHUNK_BYTES", chunk)
    assert read_itch(write(tmp_path, framed([*MESSAGES, b""]))).faults == {}
    itch = read_itch(write(tmp_path, framed([MESSAGES[0], b"", *MESSAGES[1:], b""])))
    assert itch.faults == {"a message of 0 bytes": 1}
    assert sum(itch.counts.values()) == 4
    assert itch.table("D")["message"].to_list() == [5]
