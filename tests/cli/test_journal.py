"""`workbench journal`: what people see of whole and damaged journals."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.journal.tiny_journal import read_all, some_commands, write_journal
from tests.session.live.markets import PEOPLE
from workbench.cli import app
from workbench.journal.writer import Journal
from workbench.session.live.remarks import Remark, pack_remark
from workbench.session.live.session import LiveSession


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["journal", *map(str, arguments)])
    return done.exit_code, done.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The journal of a session called monday."""
    folder = tmp_path / "var" / "sessions" / "monday" / "journal"
    folder.parent.mkdir(parents=True)
    write_journal(folder, [5] * 6, segment_bytes=1_500, snapshot_at=10)
    return folder


def damage(folder: Path) -> Path:
    path = sorted(folder.glob("*.wbj"))[1]
    raw = bytearray(path.read_bytes())
    raw[1_000] ^= 2
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("named", ["folder", "session folder", "session"])
def test_verify_a_whole_one(folder: Path, named: str) -> None:
    place: list[object] = {
        "folder": [folder],
        "session folder": [folder.parent],
        "session": ["monday", "--data", folder.parents[2]],
    }[named]
    code, text = run("verify", *place)
    assert code == 0
    assert text == f"{folder}: whole; 30 commands in 10 frames of 3 segments, 1 snapshot\n"


def test_show(folder: Path) -> None:
    code, text = run("show", folder)
    assert code == 0
    lines = text.splitlines()
    assert lines[0] == f"{folder}: tiny"
    heads = lines[1].split()
    assert heads[:7] == ["segment", "first", "last", "commands", "remarks", "frames", "bytes"]
    assert heads[7:10] == ["epoch", "ends", "from"]
    assert lines[3].split()[:9] == [f"{11:020d}.wbj", "11", "20", "10", "0", "3", "1,328", "1", "closed"]
    assert lines[5] == "snapshot of command 10: 11 bytes, state hash hash"


def test_show_tells_what_remarks_say(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    with Journal.create(folder, {"title": "tiny"}) as journal:
        journal.append(
            some_commands(1), pack_remark(Remark(names=[(2, 7, "mine")], seats=[(2, "u-1", "Ann")]))
        )
        journal.append(some_commands(3), b"\xc1 no remark of a session")
        journal.append(some_commands(1))
        said = Remark(state=3, speed=(None,), phases=[0], fed=(1, 2, 3, 4), start_ns=5, open_ns=6)
        journal.append(some_commands(0), pack_remark(said))
        news = (1, 5, "Rain", "", ("ONE",), "lee")
        journal.append(some_commands(1), pack_remark(Remark(news=[news], speed=(2.5,))))
        journal.sync()
    code, text = run("show", folder)
    assert code == 0
    assert text.splitlines()[2].split()[3:5] == ["6", "4"]
    assert "remark before" not in text
    code, text = run("show", folder, "--remarks")
    assert code == 0
    moved = (
        "remark before command 6: the session goes to OPEN; the market opened at 6 ns, with 0 commands; "
        "slices are counted from 5 ns; phases before the pause CONTINUOUS; speed max; "
        "fed 1 of history, 2 of the script, 3 of agents, in 4 slices"
    )
    assert text.splitlines()[-4:] == [
        "remark before command 1: 'Ann' (user u-1) sits at account 2; account 2 calls 7 'mine'",
        "remark before command 2: 24 bytes that are no live session's",
        moved,
        "remark before command 6: speed 2.5; news 1 'Rain'",
    ]


def test_damage_is_told_and_repaired_only_when_asked(folder: Path) -> None:
    path = damage(folder)
    code, text = run("verify", folder)
    assert code == 1
    assert f"damaged: {path}, offset 696: the frame's checksum does not fit its bytes" in text
    assert f"{folder}: DAMAGED; commands 1 to 15 are whole of 30 acknowledged" in text
    assert run("show", folder)[0] == 1

    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    code, text = run("repair", folder)
    assert code == 0
    assert "would keep commands 1 to 15" in text
    assert text.endswith("nothing was changed; give --yes to do it\n")
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before

    code, text = run("repair", folder, "--yes")
    assert code == 0
    assert f"the originals are in {folder}.damaged-1" in text
    assert run("verify", folder) == (
        0,
        f"{folder}: whole; 15 commands in 6 frames of 2 segments, 1 snapshot\n",
    )


def test_archive(folder: Path) -> None:
    whole = read_all(folder)
    code, text = run("archive", folder)
    assert code == 0
    assert text.count("sha256 ") == 3
    assert read_all(folder) == whole
    assert run("archive", folder) == (0, f"{folder}: no closed segment that is not archived\n")


def test_migrate_says_when_there_is_nothing_to_do(folder: Path, tmp_path: Path) -> None:
    code, text = run("migrate", folder, tmp_path / "new")
    assert code == 2
    assert text == f"workbench: {folder}: has the present layout already; open it as it is\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("tuesday", "there is no folder and no session 'tuesday'; `workbench sessions` lists"),
        ("no/such", "no/such: there is no such folder; name the folder of a journal, or a session"),
        ("../x y", "there is no such folder"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, given: str, said: str) -> None:
    code, text = run("verify", given, "--data", folder.parents[2])
    assert code == 2
    assert said in text


def test_a_session_without_a_journal(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    code, text = run("show", "monday", "--data", folder.parents[2])
    assert (code, "the session has no journal" in text) == (2, True)


def test_show_of_a_live_session_says_what_was_set(tmp_path: Path) -> None:
    session = LiveSession.create(tmp_path, "lesson", PEOPLE, classes=("c-1",))
    shown = ["show", "lesson", "--data", tmp_path]
    code, text = run(*shown)
    assert (code, "live session in LOBBY: 0 seats taken, 0 announcements, leaderboard shown" in text) == (
        0,
        True,
    )
    session.join_and_wait("ann", "Ann")
    session.set_speed_and_wait(2.5)
    session.announce_and_wait("Hear, hear")
    session.set_board_and_wait(hidden=True)
    session.close_and_wait()
    _, text = run(*shown)
    said = "live session in LOBBY: 1 seat taken, 1 announcement, speed set to 2.5, leaderboard hidden"
    assert f"{said}\nfor the classes c-1\n" in text
