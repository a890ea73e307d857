"""What users can say about themselves and their pages: a declared schema, so nothing else is ever stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from workbench.errors import AuthError

BYTES_MAX = 16_384

_Line = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """What others may see of a user.

    Attributes
    ----------
    full_name, about
        As in a course list, and a few sentences.
    language
        Such as `en` or `en-US`; empty: the browser's.
    time_zone
        IANA name for times on pages; empty: the exchange's.
    colour
        Of the user's marks in charts, as `#rrggbb`; empty: chosen by the page.
    """

    full_name: _Line = ""
    about: Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] = ""
    language: Annotated[str, Meta(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$", max_length=35)] = ""
    time_zone: Annotated[str, Meta(pattern=r"^([A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*)?$", max_length=64)] = ""
    colour: Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?$")] = ""


class Preferences(Struct, frozen=True, forbid_unknown_fields=True):
    """How a user wants the pages.

    Attributes
    ----------
    theme
        Of all pages.
    colour_blind
        Blue and orange instead of green and red.
    confirmations
        Which orders are asked about before they are sent: all, market orders alone, or none.
    default_quantity
        What a new ticket shows, in units of the instrument.
    default_order_type
        What a new ticket shows.
    sounds
        A sound for each fill.
    show_clock
        Which time the header shows.
    layout
        What a page remembers of its own arrangement; the pages know its form.
    """

    theme: Literal["dark", "light", "system"] = "dark"
    colour_blind: bool = False
    confirmations: Literal["all", "market", "none"] = "all"
    default_quantity: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 100
    default_order_type: Literal["market", "limit"] = "limit"
    sounds: bool = False
    show_clock: Literal["session", "local"] = "session"
    layout: dict[str, Any] = {}


Declared = TypeVar("Declared", Profile, Preferences)


def read_stored(stored: str, declared: type[Declared]) -> Declared:
    """What is stored; what an older or newer workbench stored and this one does not know is left out."""
    values = msgspec.json.decode(stored)
    try:
        return msgspec.convert(values, declared)
    except msgspec.ValidationError:
        kept: dict[str, Any] = {}
        for name in declared.__struct_fields__:
            if name in values:
                try:
                    msgspec.convert({name: values[name]}, declared)
                except msgspec.ValidationError:
                    continue
                kept[name] = values[name]
        return msgspec.convert(kept, declared)


def changed(stored: str, changes: dict[str, Any], declared: type[Declared]) -> tuple[Declared, str]:
    """What is stored with some values changed, and its text; AuthError("invalid") when it does not fit."""
    values = {**msgspec.to_builtins(read_stored(stored, declared)), **changes}
    what = declared.__name__.lower()
    try:
        result = msgspec.convert(values, declared)
        # JSON has no half characters and no NaN, and so have we.
        text = msgspec.json.encode(result).decode()
        msgspec.json.decode(text)
    except (msgspec.ValidationError, UnicodeEncodeError, TypeError, RecursionError) as error:
        raise AuthError("invalid", f"cannot be changed so: {error}", what) from error
    if len(text.encode()) > BYTES_MAX:
        raise AuthError("invalid", f"would be longer than {BYTES_MAX} bytes", what)
    return result, text
