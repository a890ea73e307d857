"""The examples of docs/rules.md are true: each is run over the twin and over the kernel, line by line.

Their notation is explained at the head of that page. An example is turned into a scenario file, so that its
commands are read as those of any scenario, and its events are told by the sentences of `workbench events`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.twins.desk import BOTH, AnyExchange, exchange_class
from workbench.cli.listing import _kinds
from workbench.domain.codes import EventKind
from workbench.domain.records import Records
from workbench.engine.auctions import auction_names
from workbench.engine.sentences import sentence
from workbench.engine.words import UNITS, Words
from workbench.errors import ConfigError
from workbench.session.scenario import Scenario, parse_scenario

PAGE = (ROOT / "docs" / "rules.md").read_text()

WITHOUT = {
    "Examples": "it explains their notation",
    "Limits of numbers": "bounds of 2^40 and more show nothing that one could follow by hand",
}
"""Sections that need no example, and why."""

MOST_LINES = 16
"""Longest example, comments apart."""

DATE = "2025-03-18"
STOCK = {"price_min": "1", "price_max": "1000"}
TRADERS = {name: {"cash": "1_000_000"} for name in ("ann", "bob", "carl")}


@dataclass
class Example:
    """One example of the page.

    Attributes
    ----------
    line
        Line of the page that it begins at.
    setting
        Words of its `given` line.
    steps
        Everything below: each line that does something, with the lines that must come of it.
    """

    line: int
    setting: list[list[str]] = field(default_factory=list)
    steps: list[tuple[str, list[str]]] = field(default_factory=list)


def parse(text: str, line: int = 1) -> Example:
    """The example in the lines of a block."""
    made = Example(line)
    for row in text.splitlines():
        word, _, rest = row.partition(" ")
        if word == "given":
            made.setting += [part.split() for part in rest.split(";")]
        elif word in ("show", ">", "?"):
            made.steps.append((row, []))
        elif row.startswith("  "):
            made.steps[-1][1].append(row.strip())
        elif row and word != "#":
            raise ValueError(f"line {line}: {row!r} is no line of an example")
    return made


def sections(page: str) -> dict[str, list[Example]]:
    """Examples of each section of the page, by its heading."""
    found: dict[str, list[Example]] = {}
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    line = 1 + parts[0].count("\n")
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        found[heading] = [
            parse(block[1], line + text[: block.start()].count("\n"))
            for block in re.finditer(r"^```example\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        ]
        line += text.count("\n")
    return found


# ------------------------------------------------------------------ into a scenario


def as_toml(value: str) -> str:
    """A word as a value: numbers, truths and tables are what they are, all else is text."""
    try:
        Decimal(value.replace("_", ""))
    except InvalidOperation:
        bare = value in ("true", "false") or value[0] in "{["
        return value if bare else json.dumps(value)
    return value


def pairs(words: list[str]) -> dict[str, str]:
    """`key=value` words; a word alone is switched on."""
    split = (word.partition("=") for word in words)
    return {key: as_toml(value) if sign else "true" for key, sign, value in split}


def table(title: str, values: dict[str, str]) -> str:
    return "\n".join([title, *(f"{key} = {value}" for key, value in values.items())])


def header(example: Example) -> list[str]:
    """The venue as tables."""
    instruments, traders = {"ACME": dict(STOCK)}, {name: dict(has) for name, has in TRADERS.items()}
    venue: dict[str, str] = {}
    groups: list[str] = []
    for first, *words in example.setting:
        if first == "venue":
            venue |= pairs(words)
        elif first == "exposure_group":
            groups.append(table("[[exposure_group]]", {"name": as_toml(words[0]), **pairs(words[1:])}))
        elif first.isupper():
            instruments[first] = instruments.get(first, dict(STOCK)) | pairs(words)
        else:
            traders[first] = traders.get(first, {}) | pairs(words)
    if venue.get("bare"):
        traders = {}
    return [
        f"date = {DATE}",
        table("[venue]", venue),
        *(table("[[instrument]]", {"symbol": as_toml(name), **has}) for name, has in instruments.items()),
        *groups,
        *(table("[[account]]", {"name": as_toml(name), **has}) for name, has in traders.items()),
    ]


def entry(command: str) -> dict[str, str]:
    """A command line as an entry of a script: time, account, verb and what it takes."""
    words = command.split()
    made: dict[str, str] = {}
    if words[0][0] in "+0123456789" and not words[0].endswith(":"):
        made["at"] = json.dumps(words.pop(0))
    if words[0].endswith(":"):
        made["account"] = as_toml(words.pop(0)[:-1])
    verb = words.pop(0)
    made["do"] = as_toml(verb)
    if verb in ("buy", "sell"):
        made["quantity"] = words.pop(0)
        made |= named(words, "at", "price")
        made |= named(words, "as", "name")
    elif verb in ("cancel", "replace", "execute") and words and "=" not in words[0]:
        made["order"] = as_toml(words.pop(0))
    elif verb in ("phase", "schedule_phase"):
        made["phase"] = as_toml(words.pop(0))
    return made | pairs(words)


def named(words: list[str], word: str, key: str) -> dict[str, str]:
    """`word value`, taken out of the words where it stands."""
    if word not in words:
        return {}
    place = words.index(word)
    value = words[place + 1]
    del words[place : place + 2]
    return {key: as_toml(value)}


def commands_of(example: Example) -> list[str]:
    return [step.removeprefix("> ") for step, _ in example.steps if step.startswith("> ")]


def scenario_of(example: Example) -> Scenario:
    entries = [entry(command) for command in commands_of(example)]
    entries[0].setdefault("at", '"09:30"')
    script = [table("[[script]]", values) for values in entries]
    scenario = parse_scenario("\n".join([*header(example), *script]), f"docs/rules.md:{example.line}")
    assert len(scenario.commands) == len(entries)
    return scenario


# ------------------------------------------------------------------ and through an exchange


@dataclass
class Shown:
    """Which events an example shows: all at first."""

    accounts: set[str]
    kinds: set[int] = field(default_factory=lambda: {int(kind) for kind in EventKind})
    account: str = ""

    def change(self, words: str) -> None:
        """`show trade, rested` or `show position of ann`: kinds as `workbench events --kind` takes them."""
        kinds, _, self.account = words.partition(" of ")
        if self.account not in self.accounts:
            raise ValueError(f"show {words}: no account is called {self.account!r}")
        self.kinds = {kind for word in kinds.split(",") for kind in _kinds(word)}

    def lets_pass(self, event: Any, words: Words) -> bool:
        mine = not self.account or words.account(int(event["account"])) == self.account
        return int(event["kind"]) in self.kinds and mine


def looked_up(exchange: AnyExchange, scenario: Scenario, whose: str, fields: list[str]) -> str:
    """Numbers of an account (its cash, its position in the first instrument) or of an instrument."""
    state, words = exchange.state(), Words(scenario.venue, scenario.zone)
    if whose.isupper():
        rows = [state.instruments[scenario.venue.instrument_number(whose)]]
    else:
        number = scenario.venue.account_number(whose)
        held = state.positions
        mine = held[(held["account"] == number) & (held["instrument"] == 0)]
        rows = [*mine, *state.accounts[state.accounts["account"] == number]]
    said = []
    for name in fields:
        unit, row = next((unit, row) for row in rows for unit in UNITS if f"{name}_{unit}" in row.dtype.names)
        said.append(f"{name} {words.number(int(row[f'{name}_{unit}']), unit, 0)}")
    return ", ".join(said)


def run(example: Example, which: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each step, what the page says comes of it, and what does."""
    scenario = scenario_of(example)
    exchange, shown = exchange_class(which)(scenario.venue), Shown({"", *TRADERS})
    commands = iter(scenario.commands)
    past: list[Records] = []
    for step, expected in example.steps:
        word, _, rest = step.partition(" ")
        said: list[str] = []
        if word == "show":
            shown.change(rest)
        elif word == "?":
            whose, *fields = rest.split()
            said = [looked_up(exchange, scenario, whose, fields)]
        else:
            events = exchange.step(np.array([next(commands)]))
            past.append(events.copy())
            words = Words(scenario.venue, scenario.zone, scenario.names, auction_names(np.concatenate(past)))
            said = [sentence(event, words) for event in events if shown.lets_pass(event, words)]
        yield step, expected, said


def check(example: Example, which: str) -> None:
    """Fail with the first line that is not so."""
    for step, expected, said in run(example, which):
        assert said == expected, f"docs/rules.md:{example.line}, {step!r}"


SECTIONS = sections(PAGE)
EXAMPLES = [
    pytest.param(example, id=f"{heading.split(',')[0].replace(' ', '-')}-{number}")
    for heading, examples in SECTIONS.items()
    for number, example in enumerate(examples, 1)
]


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_true(example: Example, which: str) -> None:
    check(example, which)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_section_has_an_example(heading: str) -> None:
    assert bool(SECTIONS[heading]) != (heading in WITHOUT)


def test_sections_without_an_example_exist() -> None:
    assert set(WITHOUT) <= set(SECTIONS)


def test_every_block_of_the_page_is_run() -> None:
    assert PAGE.count("```example\n") == PAGE.count("```") // 2 == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_shows_something_and_is_short(example: Example) -> None:
    assert any(expected for _, expected in example.steps)
    assert sum(1 + len(expected) for _, expected in example.steps) <= MOST_LINES


RIGHT = """\
given ann cash=1_000
# 100 * 15.00 = 1,500
show rejected
> ann: buy 100 at 15.00
  ann's order 1: refused: it requires 1,500.00 and the account has 1,000.00 free
? ann cash
  cash 1,000.00
"""


@pytest.mark.parametrize("which", BOTH)
def test_a_right_example_passes(which: str) -> None:
    check(parse(RIGHT), which)


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("requires 1,500.00", "requires 1,500.01"),
        ("  ann's order 1: refused", "  bob's order 1: refused"),
        ("show rejected", "show created, rejected"),
        ("show rejected", "show trade"),
        ("given ann cash=1_000", "given ann cash=1_500"),
        ("  cash 1,000.00", "  cash 999.00"),
        ("  cash 1,000.00\n", ""),
        ("? ann cash\n", ""),
    ],
)
def test_a_wrong_line_is_found(true: str, false: str, which: str) -> None:
    assert RIGHT.count(true) == 1
    with pytest.raises(AssertionError, match=re.escape("docs/rules.md:1,")):
        check(parse(RIGHT.replace(true, false)), which)


def test_a_line_that_is_none_is_found() -> None:
    with pytest.raises(ValueError, match="no line of an example"):
        parse(RIGHT.replace("> ann", "ann"))


@pytest.mark.parametrize("show", ["rejected of nan", "rejected of ann, trade"])
def test_events_of_nobody_are_not_shown(show: str) -> None:
    with pytest.raises(ValueError, match="no account is called"):
        check(parse(RIGHT.replace("show rejected", f"show {show}")), "twin")


def test_events_of_no_kind_are_not_shown() -> None:
    with pytest.raises(ConfigError, match="no kind of event"):
        check(parse(RIGHT.replace("show rejected", "show rejcted")), "twin")


def test_a_command_that_is_none_is_found() -> None:
    with pytest.raises(ConfigError, match="no command"):
        check(parse(RIGHT.replace("buy 100 at 15.00", "by")), "twin")


def test_a_section_without_an_example_is_found() -> None:
    page = f"# Page\n\n## One\n\n```example\n{RIGHT}```\n\n## Two\n\nNothing.\n"
    found = sections(page)
    assert [len(examples) for examples in found.values()] == [1, 0]
    assert found["One"][0].line == 5
