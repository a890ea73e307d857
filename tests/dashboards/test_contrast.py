"""The theme's colours against each other, by WCAG 2: at least AA for whatever text stands on."""

from __future__ import annotations

import re
from itertools import product

import pytest

from tests.conftest import ROOT

THEME = ROOT / "dashboards" / "frontend" / "src" / "theme" / "variables.css"
AA = 4.5
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_VARIABLE = re.compile(r"(--[\w-]+)\s*:\s*([^;]+);")

INKS = ("--text", "--text-dim", "--up", "--down", "--accent", "--warn")
GROUNDS = ("--bg-0", "--bg-1", "--bg-2")
OWN_GROUNDS = (
    ("--up", "--up-bg"),
    ("--down", "--down-bg"),
    ("--warn", "--warn-bg"),
    ("--accent", "--accent-bg"),
    ("--up", "--accent-bg"),
    ("--text", "--up-bg"),
    ("--text", "--down-bg"),
    ("--text", "--warn-bg"),
    ("--text", "--accent-bg"),
    ("--text", "--bg-3"),
    ("--on-accent", "--accent"),
)
PAIRS = (*product(INKS, GROUNDS), *OWN_GROUNDS)
THEMES = ("dark", "light")
COLOURS = ("usual", "blind")


def variables(css: str, theme: str, colours: str) -> dict[str, str]:
    """The theme's variables as they hold where `data-theme` and `data-colours` have these values."""
    found: dict[str, str] = {}
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    for selectors, body in _RULE.findall(plain):
        for selector in selectors.split(","):
            wanted = dict(re.findall(r'\[data-(theme|colours)="(\w+)"\]', selector))
            known = {"theme": theme, "colours": colours}
            is_root = re.fullmatch(r"(:host|\.root)(\[data-[^\]]+\])*", selector.strip())
            if is_root and all(known[name] == value for name, value in wanted.items()):
                found |= {name: value.strip() for name, value in _VARIABLE.findall(body)}
    return found


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`.

    >>> luminance("#ffffff"), luminance("#000000")
    (1.0, 0.0)
    """
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 1), round(contrast("#777777", "#ffffff"), 2)
    (21.0, 4.48)
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colours", COLOURS)
def test_text_can_be_read(theme: str, colours: str) -> None:
    known = variables(THEME.read_text(), theme, colours)
    pale = {
        f"{ink} on {ground}": round(contrast(known[ink], known[ground]), 2)
        for ink, ground in PAIRS
        if contrast(known[ink], known[ground]) < AA
    }
    assert pale == {}


@pytest.mark.parametrize("theme", THEMES)
def test_up_and_down_are_told_apart_without_red_and_green(theme: str) -> None:
    known = variables(THEME.read_text(), theme, "blind")
    # Blue against orange: the one has more blue than red, the other less.
    up, down = known["--up"], known["--down"]
    assert int(up[5:7], 16) > int(up[1:3], 16)
    assert int(down[5:7], 16) < int(down[1:3], 16)


def test_themes_differ_where_they_should() -> None:
    css = THEME.read_text()
    grounds = {variables(css, theme, "usual")["--bg-0"] for theme in THEMES}
    ups = {variables(css, theme, colours)["--up"] for theme in THEMES for colours in COLOURS}
    assert len(grounds) == len(THEMES)
    assert len(ups) == len(THEMES) * len(COLOURS)


def test_pale_text_would_be_seen() -> None:
    css = ':host, .root { --text: #777777; --bg-1: #ffffff; } .root[data-theme="light"] { --text: #767676; }'
    assert contrast(*variables(css, "dark", "usual").values()) < AA
    assert contrast(*variables(css, "light", "usual").values()) >= AA
