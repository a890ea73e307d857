"""What a scenario would make, setting by setting, before anybody makes it."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.session.live.opening import Opening, read_opening
from workbench.session.place import BYTE_ORDER_MARK

Setting = str | float | int | bool


def check_scenario(text: str, file: str, overrides: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """A scenario as the API tells it, with the sentence of what is wrong at the override that it is about.

    Overrides are put in one after the other, and one that the scenario cannot be read with is left out
    again, so that each gets its own sentence. Those that only make sense together are tried together first.
    """
    holding = dict(overrides)
    opening, problem = _opening(text, file, holding, data)
    problems: dict[str, str] = {}
    if opening is None and overrides:
        holding = {}
        opening, problem = _opening(text, file, holding, data)
        for path, value in overrides.items():
            made, sentence = _opening(text, file, {**holding, path: value}, data)
            if made is None and opening is not None:
                problems[path] = sentence
            else:
                # Nothing may be right before, and then each that mends it is welcome.
                holding[path] = value
                opening, problem = made, sentence
    row: dict[str, Any] = {"title": "", "description": "", "symbols": [], "seats": 0}
    if opening is not None:
        scenario = opening.scenario
        row = {
            "title": scenario.title,
            "description": scenario.description,
            "symbols": [instrument.symbol for instrument in scenario.venue.instruments],
            "seats": len(scenario.seats.accounts),
        }
    settings = dict(_single_settings(text)) | {
        path: value for path, value in holding.items() if isinstance(value, str | float | int | bool)
    }
    return row | {"settings": settings, "problem": problem, "problems": problems}


def _opening(text: str, file: str, overrides: dict[str, Any], data: Path) -> tuple[Opening | None, str]:
    """What would be made, or why it cannot be."""
    try:
        return read_opening(text, file=file, overrides=overrides, data=data, wall_ns=time.time_ns()), ""
    except WorkbenchError as error:
        return None, str(error)


def _single_settings(text: str) -> Iterator[tuple[str, Setting]]:
    """Settings that an override can name: those of the file itself and of its single tables."""
    try:
        said = tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))
    except tomllib.TOMLDecodeError:
        return
    yield from _flat("", said)


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Setting]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        elif isinstance(value, str | float | int | bool):
            yield f"{prefix}{key}", value
        elif not isinstance(value, list):
            yield f"{prefix}{key}", str(value)
