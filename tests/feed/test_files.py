import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.feed.files import Cells, read_bytes, read_chunks, read_head

TEXT = b"time,price\n1,2.50\n2,2.75\n" * 50


READERS: list[Callable[[Path], object]] = [read_bytes, lambda path: list(read_chunks(path, 64))]


def zipped(data: bytes, *more: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", data)
        for name in more:
            archive.writestr(name, b"x")
    return buffer.getvalue()


PACKERS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd_frames": lambda data: zstandard.compress(data[:100]) + zstandard.compress(data[100:]),
    "xz": lzma.compress,
    "xz_streams": lambda data: lzma.compress(data[:100]) + lzma.compress(data[100:]),
    "zip": zipped,
}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("suffix", [".csv", ".gz", ".zst", ".xz", ".zip", ""])
def test_content_decides_and_not_the_name(tmp_path: Path, packer: str, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(PACKERS[packer](TEXT))
    assert read_bytes(path) == TEXT
    assert read_head(path, 16) == TEXT[:16]
    for size in (1, 7, 1 << 20):
        assert b"".join(read_chunks(path, size)) == TEXT


@pytest.mark.parametrize("packer", ["gzip", "zstd", "zstd_frames", "xz", "xz_streams", "zip"])
@given(data=st.data())
def test_a_truncated_archive_is_refused_wherever_it_ends(
    packer: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packed = PACKERS[packer](TEXT)
    end = data.draw(st.integers(6, len(packed) - 1))
    if packer.endswith("s") and packed[:end] == PACKERS[packer.split("_", maxsplit=1)[0]](TEXT[:100]):
        return  # The first frame alone is a whole file.
    path = tmp_path_factory.mktemp("cut") / "file"
    path.write_bytes(packed[:end])
    for read in READERS:
        with pytest.raises(SourceError, match="truncated or damaged"):
            read(path)


@pytest.mark.parametrize("packer", ["gzip", "xz", "zip"])
def test_a_damaged_archive_with_checksums_is_refused(tmp_path: Path, packer: str) -> None:
    packed = bytearray(PACKERS[packer](np.random.default_rng(7).bytes(2_000)))
    packed[1_000] ^= 0xFF
    path = tmp_path / "file"
    path.write_bytes(bytes(packed))
    for read in READERS:
        with pytest.raises(SourceError, match="truncated or damaged"):
            read(path)


@pytest.mark.parametrize("packer", ["gzip", "xz", "zstd"])
def test_rubbish_behind_an_archive_is_refused(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(PACKERS[packer](TEXT) + b"rubbish")
    for read in READERS:
        with pytest.raises(SourceError, match="truncated or damaged"):
            read(path)


@pytest.mark.parametrize("packer", ["plain", "gzip", "zstd", "xz", "zip"])
def test_an_empty_file_is_refused(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(PACKERS[packer](b""))
    for read in READERS:
        with pytest.raises(SourceError, match="is empty") as caught:
            read(path)
        assert caught.value.row is None


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for read in READERS:
        with pytest.raises(SourceError, match="there is no such file"):
            read(tmp_path / "nothing")
    with pytest.raises(SourceError, match="there is no such file"):
        read_head(tmp_path / "nothing")
    with pytest.raises(SourceError, match="is a folder, expected a file"):
        read_bytes(tmp_path)


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.zip"
    path.write_bytes(zipped(TEXT, "more.csv"))
    for read in READERS:
        with pytest.raises(SourceError, match="a zip of 2 files"):
            read(path)


def test_cells_of_every_kind() -> None:
    data = b"\xef\xbb\xbfid,price,side\r\n1,-2.5,B\r\n22,,S\r\n-3,0.123456789,B"
    cells = Cells(data, "f", required=("price",))
    assert cells.names == ["id", "price", "side"]
    assert cells.count == 3
    assert cells.integers("id", low=-5).tolist() == [1, 22, -3]
    assert cells.decimals("price", empty=7).tolist() == [-2_500_000_000, 7, 123_456_789]
    assert cells.codes("side", {"B": 1, "S": 2}).tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (b"a,b\n1,2\n3\n4,5\n", 3, "has 1 cells, expected 2"),
        (b"a,b\n1,2\n3,4,5\n", 3, "has 3 cells, expected 2"),
        (b"a,b\n1,2\n\n3,4\n", 3, "is blank"),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", 3, "is blank"),
        (b"a,c\n1,2\n", 1, "no column 'b'"),
        (b"a,b\n", None, "no row below"),
        (b"a,b\n1,\xff\n", 2, "no UTF-8"),
    ],
)
def test_tables_of_another_shape_are_refused(data: bytes, row: int | None, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        Cells(data, "f", required=("a", "b"))
    assert caught.value.row == row


@pytest.mark.parametrize("cell", ["", "1.5", "x", "1e3", " 1", "99999999999999999999", "-1", "0x1"])
def test_a_cell_that_is_no_whole_number_is_refused(cell: str) -> None:
    cells = Cells(f"a,b\n1,1\n{cell},1\n".encode(), "f")
    with pytest.raises(SourceError, match="a is") as caught:
        cells.integers("a")
    assert caught.value.row == 3


@pytest.mark.parametrize("cell", ["", ".5", "1.", "1e3", "nan", "1.1234567891", "9999999999"])
def test_a_cell_that_is_no_decimal_is_refused(cell: str) -> None:
    cells = Cells(f"a,b\n1,1\n{cell},1\n".encode(), "f")
    with pytest.raises(SourceError, match="a decimal number") as caught:
        cells.decimals("a")
    assert caught.value.row == 3


def test_long_cells_are_not_quoted_in_full() -> None:
    cells = Cells(b"a,b\n" + b"9" * 5_000 + b",1\n", "f")
    with pytest.raises(SourceError) as caught:
        cells.integers("a")
    assert len(str(caught.value)) < 200


@given(st.lists(st.decimals(-999_999_999, 999_999_999, places=9), min_size=1))
def test_decimals_are_exact(numbers: list) -> None:
    cells = Cells("\n".join(f"{number:f},x" for number in numbers).encode(), "f", ["a", "b"])
    assert cells.decimals("a").tolist() == [int(number.scaleb(9)) for number in numbers]


@pytest.mark.parametrize("read", [read_bytes, read_head])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, read: Callable[[Path], bytes]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, Path("/dev/zero")):
        with pytest.raises(SourceError, match="is a device or a pipe, expected a file; write it to a file"):
            read(place)
    with pytest.raises(SourceError, match="is a folder, expected a file"):
        read(tmp_path)


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("read", [read_bytes, read_head])
def test_an_empty_file_is_said_to_be_empty(
    tmp_path: Path, packer: str, read: Callable[[Path], bytes]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(PACKERS[packer](b""))
    with pytest.raises(SourceError, match="is empty"):
        read(path)
