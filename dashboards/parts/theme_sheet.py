"""The variables of the pages' style sheet, for what no sheet reaches: charts, and pages before there are any.

They stand in `dashboards/frontend/src/theme/variables.css` alone; the build copies it to `assets/theme.css`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

SHEET = (Path(__file__).parent.parent / "assets" / "theme.css").read_text(encoding="utf-8")
"""The style sheet itself."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ROOT = re.compile(r'\.root((?:\[data-(?:theme|colours)="\w+"\])*)')
_WANTED = re.compile(r'data-(theme|colours)="(\w+)"')
_VARIABLE = re.compile(r"(--[\w-]+)\s*:\s*([^;]+);")


@cache
def variables(*, dark: bool, blind: bool = False) -> Mapping[str, str]:
    """The variables by name, as they hold in a theme.

    Later rules are before earlier ones, as in a browser for rules that are as specific: those with more
    conditions come later in the sheet.

    >>> variables(dark=True)["--gap"], len(variables(dark=False)["--bg-0"])
    ('4px', 7)
    """
    known = {"theme": "dark" if dark else "light", "colours": "blind" if blind else "usual"}
    found: dict[str, str] = {}
    for selectors, body in _RULE.findall(_COMMENT.sub("", SHEET)):
        for selector in selectors.split(","):
            root = _ROOT.fullmatch(selector.strip())
            if root and all(known[name] == value for name, value in _WANTED.findall(root[1])):
                found.update((name, value.strip()) for name, value in _VARIABLE.findall(body))
    return MappingProxyType(found)
