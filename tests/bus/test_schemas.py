"""The schemas are those of the records, and what happens in a market fits them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.faults.market import tape, venue
from workbench.bus import schemas
from workbench.bus.schemas import ASYNCAPI, COMMANDS, EVENTS, documents
from workbench.domain.codes import CommandKind, EventKind
from workbench.domain.records import COMMAND, EVENT
from workbench.engine.exchange import Exchange
from workbench.engine.sentences import fields_of, layout_of

FOLDER = ROOT / "docs" / "schemas"
MADE = documents()


@pytest.mark.parametrize("name", MADE)
def test_what_is_checked_in_is_what_is_made(name: str) -> None:
    same = (FOLDER / name).read_text(encoding="utf-8") == MADE[name]
    assert same, f"docs/schemas/{name} is not up to date: run `python -m workbench.bus.schemas docs/schemas`"


def test_nothing_else_is_checked_in() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(MADE)


def test_the_module_writes_them(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "workbench.bus.schemas", str(tmp_path / "new")], cwd=ROOT, check=True
    )
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()} == MADE


def document(name: str) -> Any:
    return json.loads(MADE[name])


@pytest.mark.parametrize("name", [EVENTS, COMMANDS])
def test_they_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(document(name))


def test_every_kind_has_one_with_its_meaning() -> None:
    for name, kinds in ((EVENTS, EventKind), (COMMANDS, CommandKind)):
        made = document(name)["$defs"]
        assert {name for name in made if name.isupper()} == {kind.name for kind in kinds}
        for kind in kinds:
            assert made[kind.name]["properties"]["kind"]["const"] == int(kind)
            assert made[kind.name]["description"].endswith((".", ":"))


def test_the_words_of_an_event_are_those_that_people_are_told() -> None:
    for kind in EventKind:
        assert schemas.LAYOUTS[kind] == layout_of(int(kind)), kind.name


def validator_of(name: str, kind: EventKind | CommandKind) -> Any:
    whole = document(name)
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind.name}", "$defs": whole["$defs"]})


def test_what_happens_in_a_market_fits() -> None:
    by_kind = {int(kind): validator_of(EVENTS, kind) for kind in EventKind}
    seen = Counter[str]()
    happened = Exchange(venue()).step(tape(3, 1_500))
    for event in happened:
        told = {name: int(value) for name, value in fields_of(event).items() if name[:6] != "unused"}
        by_kind[told["kind"]].validate(told)
        seen[EventKind(told["kind"]).name] += 1
    assert {"ORDER_CREATED", "ORDER_FILLED", "TRADE", "QUOTE", "POSITION_CHANGED", "ORDER_REJECTED"} <= set(
        seen
    )
    fill = next(each for each in happened if each["kind"] == EventKind.ORDER_FILLED)
    wrong = {**fields_of(fill), "fee_micros": 1.5}
    assert not by_kind[int(EventKind.ORDER_FILLED)].is_valid(wrong)
    assert not by_kind[int(EventKind.TRADE)].is_valid(fields_of(fill))


def test_commands_fit_and_others_do_not() -> None:
    made = document(COMMANDS)["$defs"]
    for kind in CommandKind:
        validator = validator_of(COMMANDS, kind)
        least = {"time_ns": 1, "kind": int(kind)}
        assert validator.is_valid(least)
        assert not validator.is_valid({**least, "kind": 0})
        unused = [name for name in COMMAND.names or () if name not in made[kind.name]["properties"]]
        assert not any(validator.is_valid({**least, name: 1}) for name in unused)
    rows = tape(5, 400)
    good = [row for row in rows if row["kind"] == CommandKind.NEW_ORDER and 0 <= row["side"] <= 2]
    validator = validator_of(COMMANDS, CommandKind.NEW_ORDER)
    for row in good[:100]:
        validator.validate({name: int(row[name]) for name in made["NEW_ORDER"]["properties"]})


def test_the_asyncapi_document_hangs_together() -> None:
    """Each reference leads somewhere, in this document or in the one beside it."""
    api = document(ASYNCAPI)
    references = [line.split('"')[3] for line in MADE[ASYNCAPI].splitlines() if '"$ref"' in line]
    assert len(references) > 2 * (len(EventKind) + len(CommandKind))
    for reference in references:
        file, _, path = reference.partition("#/")
        found = document(file) if file else api
        for part in path.split("/"):
            found = found[part]
        assert isinstance(found, dict)
    assert api["asyncapi"] == "3.0.0"
    assert set(api["channels"]["events"]["messages"]) == {kind.name for kind in EventKind}


def test_the_size_of_a_record_is_told() -> None:
    assert document(EVENTS)["x-record-bytes"] == EVENT.itemsize == np.zeros(1, EVENT).nbytes
    assert document(COMMANDS)["x-record-bytes"] == COMMAND.itemsize
