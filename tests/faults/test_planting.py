"""Planting changes the journal while it lasts, and says so when it no longer fits."""

import pytest

from tests.faults.planting import Edit, Mutant, StaleEditError, planted
from workbench.journal import disk, frames


def test_plants_everywhere_and_takes_back() -> None:
    before = disk.write_all, frames.Header.pack
    edits = (
        Edit("disk.write_all", "while rest:", "if rest:"),
        Edit("frames.Header.pack", "return body + ", "return b'changed' + "),
    )
    with planted(Mutant("short", "", edits)):
        from workbench.journal import cursor

        assert cursor.write_all is disk.write_all
        assert disk.write_all is not before[0]
        header = frames.Header("s", 1, b"", 1, 1, 0, 1, 0)
        assert header.pack().startswith(b"changed")
    assert (disk.write_all, frames.Header.pack) == before
    assert cursor.write_all is before[0]


def test_refuses_an_edit_that_does_not_fit() -> None:
    with (
        pytest.raises(StaleEditError, match="0 times"),
        planted(Mutant("stale", "", (Edit("disk.write_all", "no such code", ""),))),
    ):
        pass
