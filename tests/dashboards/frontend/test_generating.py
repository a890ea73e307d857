"""The generated TypeScript is what the structs and the API's description say now."""

from __future__ import annotations

import msgspec
import pytest

from dashboards.frontend import generating
from workbench.domain import frames

REMEDY = "run `python -m dashboards.frontend.generating`, then `make frontend`"


@pytest.mark.parametrize(
    ("name", "text"), [("frames.ts", generating.frames_text), ("answers.ts", generating.answers_text)]
)
def test_generated_types_are_those_of_their_source(name, text):
    assert (generating.WIRE / name).read_text("utf-8") == text(), REMEDY


def test_every_struct_that_is_said_has_its_type_with_every_field():
    text = generating.frames_text()
    said = [
        value
        for value in vars(frames).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value not in (frames.Row, frames.Frame)
    ]
    assert len(said) > 20
    for struct in said:
        _, _, rest = text.partition(f" {struct.__name__} ")
        declared = rest.partition(";\n\n" if struct is frames.LevelRow else "\n}\n")[0]
        for field in msgspec.structs.fields(struct):
            assert f"{field.encode_name}:" in declared or f"{field.encode_name}?:" in declared


def test_required_optional_and_empty_fields_differ():
    text = generating.frames_text()
    order = text.partition("interface OrderRow ")[2].partition("}")[0]
    assert "\n  id: number;" in order
    assert "\n  limit_price?: number | null;" in order
    assert '\n  type: "ack";' in text


def test_a_type_that_typescript_has_no_word_for_is_refused():
    class Strange(msgspec.Struct):
        what: complex

    with pytest.raises(TypeError, match="complex"):
        generating._struct(Strange)
