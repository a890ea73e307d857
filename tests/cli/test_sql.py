"""`workbench sql`, `sessions` and `data`."""

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from tests.journal.tiny_store import ABOUT, add_all, make
from workbench.cli import app
from workbench.journal.catalog import connect
from workbench.journal.manifest import read_manifest
from workbench.journal.place import session_folder, session_names
from workbench.journal.seal import SessionStore


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make(tmp_path, "one")
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    return tmp_path


def asked(*arguments: str | Path) -> str:
    result = run("sql", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


QUERY = "SELECT seq, time, symbol, price, taker FROM trades ORDER BY seq LIMIT 2"


def test_a_table_for_people(root: Path) -> None:
    lines = asked(QUERY).splitlines()
    assert [line.split() for line in lines] == [
        ["seq", "time", "symbol", "price", "taker"],
        ["1", "2023-11-14", "22:13:21.00000013", "BTC", "0.0003", "ann"],
        ["2", "2023-11-14", "22:13:22.000000137", "AAPL", "0.02", "bob"],
    ]
    result = run("sql", "SELECT * FROM events", "--limit", "3", "--data", root)
    assert len(result.stdout.splitlines()) == 4
    assert result.stderr == "30 rows, 27 of them not shown (--limit)\n"
    assert "word_8" in result.stdout.splitlines()[0]
    assert asked("SELECT '[red]x' AS \"[bold]\"").split() == ["[bold]", "[red]x"]
    assert asked("DESCRIBE trades").count("\n") > 10


def test_csv_and_json_keep_everything(root: Path) -> None:
    rows = list(csv.reader(io.StringIO(asked(QUERY, "--format", "csv"))))
    assert rows[0] == ["seq", "time", "symbol", "price", "taker"]
    assert rows[2] == ["2", "2023-11-14 22:13:22.000000137", "AAPL", "0.02", "bob"]
    objects = [json.loads(line) for line in asked(QUERY, "--format", "json").splitlines()]
    assert objects[1] == {
        "seq": 2, "time": "2023-11-14 22:13:22.000000137", "symbol": "AAPL", "price": 0.02, "taker": "bob"
    }  # fmt: skip
    odd = "SELECT 'a,\"b\"' AS text, NULL AS nothing, 1 AS the_whole_answer, 2 AS the_whole_answer"
    assert asked(odd, "--format", "csv").splitlines()[1] == '"a,""b""",,1,2'
    assert json.loads(asked(odd, "--format", "json"))["nothing"] is None
    none = """SELECT 'nan'::DOUBLE AS a, '-inf'::FLOAT AS b, ['inf'::DOUBLE, 1] AS c, 'a"NaN,\\' AS d"""
    assert asked(none, "--format", "json") == '{"a":null,"b":null,"c":[null,1.0],"d":"a\\"NaN,\\\\"}\n'
    assert session_names(root) == ["one"]


def test_answers_in_files(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp("answers")
    (tmp_path / "folder").mkdir()
    for name in ("a.csv", "a.json", "a.jsonl", "a.parquet"):
        assert asked(QUERY, "--out", tmp_path / name) == ""
    found = pl.read_parquet(tmp_path / "a.parquet")
    assert found["time"].to_physical().to_list()[1] == 1_700_000_002_000_000_137
    assert (tmp_path / "a.csv").read_text() == asked(QUERY, "--format", "csv")
    assert (
        (tmp_path / "a.json").read_text()
        == asked(QUERY, "--format", "json")
        == (tmp_path / "a.jsonl").read_text()
    )
    assert "a.csv: is there already; name another file, or give --force" in refused(
        "sql", QUERY, "--out", tmp_path / "a.csv"
    )
    assert asked("SELECT 1 AS a", "--out", tmp_path / "a.csv", "--force") == ""
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"
    assert "is a directory" in refused(
        "sql", QUERY, "--out", tmp_path / "folder", "--force", "--format", "csv"
    )
    assert "cannot be written" in refused("sql", QUERY, "--out", tmp_path / "none" / "a.csv")
    assert "Parquet cannot hold a column" in refused(
        "sql", "SELECT INTERVAL 1 day", "--out", tmp_path / "b.parquet"
    )
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".") or path.name.startswith("b")]
    assert root.is_dir()


def test_no_answer_takes_the_place_of_what_is_stored(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = session_folder(root, "one")
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(folder)
    before = read_manifest(folder)
    for place in (folder / "manifest.json", folder / "new.csv", root / "a.csv", link / "b.csv"):
        says = refused("sql", QUERY, "--out", place, "--force", "--format", "csv")
        assert f"{place}: is inside the data root {root}, where nothing but sessions" in says
        assert read_manifest(folder) == before
        assert place.exists() == (place.name == "manifest.json")


def flip(root: Path, name: str) -> Path:
    folder = session_folder(root, name)
    path = next(folder / part.path for part in read_manifest(folder).parts if part.table == "trades")
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    return path


def test_a_flipped_bit_is_no_answer(root: Path) -> None:
    assert asked("SELECT count(*) AS n FROM trades").split() == ["n", "30"]
    path = flip(root, "one")
    says = refused("sql", "SELECT count(*) AS n FROM trades")
    assert f"{path}: was edited or damaged: its content does not have the hash" in says
    assert "`workbench recover one --rebuild` makes it anew from its journal" in says
    assert "--session" in says
    # Rows are counted in the file's foot, so this answer is right; no other is promised.
    assert asked("SELECT count(*) AS n FROM trades", "--no-verify").split() == ["n", "30"]


def test_one_bad_session_does_not_stop_the_rest(root: Path) -> None:
    make(root, "two", parts=2)
    make(root, "bad", parts=1)
    (session_folder(root, "bad") / "manifest.json").unlink()
    result = run("sessions")
    assert result.exit_code == 1
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"session", "one", "two"}
    assert "workbench: not listed: " in result.stderr
    assert "`workbench recover bad --rebuild`" in result.stderr
    result = run("data", "compact")
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["one", "two"]
    assert "session 'bad' has no manifest.json" in result.stderr
    # What cannot be removed stays whole, and the others go.
    (session_folder(root, "one") / "notes.txt").write_text("mine")
    result = run("data", "retain", "--newest", "0", "--yes")
    assert result.exit_code == 2
    assert "two: removed" in result.stdout
    assert "notes.txt: is no file of a session" in result.stderr
    assert session_names(root) == ["bad", "one"]


def test_what_is_no_session_stops_nothing_and_is_named(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    copy = root / "sessions" / "one (copy)"
    shutil.copytree(session_folder(root, "one"), copy)
    (root / "sessions" / ".DS_Store").write_text("")
    sentence = f"{copy}: is no session, for none can have such a name (letters, digits and '-_.'); "
    result = run("sessions")
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["session", "one"]
    assert f"workbench: not listed: {sentence}" in result.stderr
    assert ".DS_Store" not in result.stderr
    result = run("sql", "SELECT count(*) AS n FROM trades")
    assert (result.exit_code, result.stdout.split()) == (0, ["n", "30"])
    assert f"workbench: not asked: {sentence}" in result.stderr
    assert "copy" not in run("sql", "SELECT 1", "--session", "one").stderr
    result = run("data", "verify")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "one: as its manifest says"
    assert sentence in result.stdout
    assert ".DS_Store: is no session, for it is no folder" in result.stdout
    result = run("data", "compact")
    assert result.exit_code == 0
    assert f"left alone: {sentence}" in result.stdout
    result = run("data", "retain", "--newest", "0", "--yes")
    assert f"kept in doubt: {sentence}" in result.stdout
    assert session_names(root) == []
    assert (copy / "manifest.json").is_file()
    with connect(root) as connection:
        assert connection.sql("SELECT count(*) FROM sessions").fetchall() == [(0,)]
    assert [record.getMessage().startswith(sentence) for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM tredes", "sql: .*tredes.* does not exist"),
        ("SELECT colour FROM trades", "colour.*docs/data.md lists the views"),
        ("SELECT 1; SELECT 2", "expected one SELECT, DESCRIBE, SHOW or SUMMARIZE, found SELECT and SELECT"),
        ("", "found nothing"),
        ("DROP VIEW trades", "found DROP"),
        ("COPY (SELECT 1) TO 'x.csv'", "found COPY; this command only asks"),
        ("SELECT FROM WHERE", "syntax error|Parser Error"),
        ("SELECT * FROM read_text('/etc/hostname')", "disabled by configuration"),
    ],
)
def test_questions_that_are_none(root: Path, query: str, says: str) -> None:
    import re

    assert re.search(says, refused("sql", query, "--data", root))


def test_options_that_do_not_fit(root: Path, tmp_path: Path) -> None:
    assert "'xml' is no format; choose one of table, csv, json, parquet" in refused(
        "sql", QUERY, "--format", "xml"
    )
    assert "parquet is not for a terminal; give --out FILE" in refused("sql", QUERY, "--format", "parquet")
    assert "its name does not end in .csv, .json or .parquet; give --format too" in refused(
        "sql", QUERY, "--out", "answer"
    )
    assert "'txt' is no format" in refused("sql", QUERY, "--out", tmp_path / "a.txt")
    assert "a table is for a terminal" in refused("sql", QUERY, "--out", tmp_path / "a", "--format", "table")
    assert "nothing to replace without --out" in refused("sql", QUERY, "--force")
    assert "nowhere: is no folder" in refused("sql", QUERY, "--data", root / "nowhere")
    assert "there is no session 'two'; known are one" in refused("sql", QUERY, "--session", "two")


def test_an_empty_name_is_no_folder(root: Path) -> None:
    for command in (("sql", QUERY), ("sessions",), ("data", "verify")):
        result = run(*command, "--data", "")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "an empty name is no folder" in result.stderr
    assert root.is_dir()


def test_one_session_of_many(root: Path) -> None:
    make(root, "two", parts=1)
    (session_folder(root, "one") / "manifest.json").unlink()
    assert "session 'one' has no manifest.json" in refused("sql", QUERY)
    assert asked("SELECT count(*) AS n FROM trades", "--session", "two").split() == ["n", "10"]


def test_sessions_are_listed_newest_first(root: Path) -> None:
    with SessionStore.create(root, "two", ABOUT) as store:
        add_all(store, 1, 5)
    result = run("sessions")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["session", "state", "kind"], ["two", "open", "scenario"], ["one", "sealed", "scenario"]
    ]  # fmt: skip
    objects = [json.loads(line) for line in run("sessions", "--json").stdout.splitlines()]
    assert [(each["session"], each["seq"]) for each in objects] == [("two", 5), ("one", 30)]


def test_verify(root: Path) -> None:
    make(root, "two", parts=1)
    result = run("data", "verify")
    assert (result.exit_code, result.stdout) == (0, "one: as its manifest says\ntwo: as its manifest says\n")
    folder = session_folder(root, "two")
    part = folder / read_manifest(folder).parts[0].path
    data = bytearray(part.read_bytes())
    data[-20] ^= 1
    part.write_bytes(data)
    (folder / "trades" / "notes.txt").write_text("mine")
    (root / "sessions" / ".three-x.partial").mkdir()
    result = run("data", "verify")
    assert result.exit_code == 1
    assert f"two: 2 wrong\n  {part}: was edited or damaged" in result.stdout
    assert "notes.txt: is no file of a session; move it away" in result.stdout
    assert ".three-x.partial: was left by a command that ended early; remove the folder" in result.stdout
    assert run("data", "verify", "one").exit_code == 0
    assert "there is no session 'four'; known are one, two" in refused("data", "verify", "four")


def test_every_flipped_bit_of_a_file_is_found(root: Path) -> None:
    from workbench.journal.audit import audit

    folder = session_folder(root, "one")
    part = folder / read_manifest(folder).parts[0].path
    whole = part.read_bytes()
    for place in range(0, len(whole), 97):
        part.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        assert len(audit(root, "one")) == 1
    part.write_bytes(whole)
    assert audit(root, "one") == []


def test_compact(root: Path) -> None:
    with SessionStore.create(root, "live", ABOUT) as store:
        add_all(store, 1, 5)
        result = run("data", "compact")
        assert "live: is being written, left alone\n" in result.stdout
        assert "one: 30 files of" in result.stdout
        assert ", now 10 of" in result.stdout
        assert "is being written by another process" in refused("data", "compact", "live")
    assert run("data", "verify").exit_code == 0


def test_retain_says_first_and_removes_when_told(root: Path) -> None:
    make(root, "two", parts=1)
    result = run("data", "retain", "--newest", "1")
    assert result.stdout.startswith("one: would be removed, not among the newest 1 (")
    assert result.stderr == "nothing was removed; give --yes to remove them\n"
    assert session_names(root) == ["one", "two"]
    assert run("data", "retain", "--max-bytes", "1.5 GB").stdout == "every session is kept\n"
    assert "'much' is no size" in refused("data", "retain", "--max-bytes", "much")
    assert "no rule says what to keep" in refused("data", "retain")
    result = run("data", "retain", "--newest", "1", "--yes")
    assert result.stdout.startswith("one: removed")
    assert session_names(root) == ["two"]
