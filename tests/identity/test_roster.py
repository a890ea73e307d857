"""Rosters: every wrong line is named by its number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import AuthError, RosterError
from workbench.identity.names import name_key, shown_name
from workbench.identity.roster import COLUMNS, LINES_MAX, read_roster, write_roster


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "is empty"),
        (b"\n\n", 1, "has no column 'name'"),
        (b"mail\nx", 1, "has a column 'mail', expected name, email, number"),
        (b"email\nx@y.z", 1, "has no column 'name'"),
        (b"name,name\nx,y", 1, "has two columns 'name'"),
        (b"name\nann\n\xff\n", 3, "is not UTF-8 text"),
        (b"name,email\nann\n", 2, "line has 1 cells, expected 2"),
        (b'name\n"ann\nben\n', 2, "is no CSV"),
        (b'name\n"an"n\n', 2, "is no CSV"),
        (b"name\n" + b"x" * 70 + b"\n", 2, "name is longer than 64 characters"),
        (b"name\na\x00b\n", 2, "name has a character that cannot be seen (U+0000)"),
        (b"name,number\nann," + b"1" * 41, 2, "number is longer than 40 characters"),
        (b"name,email\n,x@y.zz\n", 2, "name is empty"),
        (b"name\n" + b"x" * 2_000_000, 1, "is longer than 2000000 bytes"),
        (
            b"name\n" + b"".join(b"n%d\n" % n for n in range(LINES_MAX + 1)),
            LINES_MAX + 2,
            "more than 2000 people",
        ),
        (b'name,email\n"two\nlines",\nben,\n', 2, "name has a character that cannot be seen (U+000A)"),
    ],
)
def test_what_is_wrong_and_where(content: bytes, line: int, what: str) -> None:
    with pytest.raises(RosterError) as raised:
        read_roster(content, "class.csv")
    assert what in str(raised.value)
    assert raised.value.problems[0][0] == line
    assert str(raised.value).startswith(f"class.csv, line {line}: ")


def test_every_wrong_line_is_told() -> None:
    with pytest.raises(RosterError) as raised:
        read_roster('name;email\n"a\n";x\nann;x\nben;\nANN;\nBEN;\n')
    assert [line for line, _ in raised.value.problems] == [2, 4, 7]
    assert "(and 2 more)" in str(raised.value)


def is_name(text: str) -> bool:
    try:
        return shown_name(text) == text
    except AuthError:
        return False


@given(st.lists(st.text(max_size=20).filter(is_name), unique_by=name_key, max_size=8))
def test_any_names_survive_the_way_out_and_in(names: list[str]) -> None:
    text = write_roster(([name, "", ""] for name in names), COLUMNS)
    assert [one.name for one in read_roster(text.encode())] == names


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80), st.text("name,email;\n\r\"'x\0", max_size=80)))
def test_anything_else_is_a_sentence(content: bytes | str) -> None:
    sentence = ""
    people = []
    try:
        people = read_roster(content)
    except RosterError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert all(is_name(one.name) for one in people)


@pytest.mark.parametrize("header", ["name,email", "Name,E-Mail", "NAME,e-mail", "name, E-mail "])
def test_mail_addresses_stand_below_either_spelling(header: str) -> None:
    (person,) = read_roster(f"{header}\nAnn,ann@school.example\n")
    assert (person.name, person.email) == ("Ann", "ann@school.example")
    with pytest.raises(RosterError, match="has two columns 'email'"):
        read_roster("name,email,E-mail\nAnn,a@b.example,c@d.example\n")
