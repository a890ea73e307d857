"""A report as one HTML file that needs no server and no internet, on a screen and on paper."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; "
    "img-src data: blob:"
)
_MANY = 3
_FONT = _HERE.parents[1] / "dashboards" / "assets" / "inter.woff2"


def page(title: str, sections: Sequence[dict[str, Any]], numbers: dict[str, Any]) -> str:
    """The page of a report, about a megabyte and a half, nearly all of it Bokeh's own program.

    Parameters
    ----------
    title
        The kind of report.
    sections
        What its cells showed: one `head`, `figure`s and one `foot`.
    numbers
        Its summary, whose origins stand at the foot.
    """
    head = next((each for each in sections if each["kind"] == "head"), {})
    foot = next((each for each in sections if each["kind"] == "foot"), {})
    figures = [each for each in sections if each["kind"] == "figure"]
    items = {f"figure-{place}": each["item"] for place, each in enumerate(figures) if each["item"]}
    body = "".join(_figure(place, each) for place, each in enumerate(figures))
    variables = "".join(f"{name}:{value};" for name, value in head.get("variables", {}).items())
    subject = head.get("subject", "")
    parts = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(f'{title}: {subject}' if subject else title)}</title>",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        # Nothing may be fetched, whatever stands in the page.
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<style>:root{{{variables}}}{_face()}{(_HERE / 'page.css').read_text(encoding='utf-8')}</style>",
        f"<script>{_bokeh()}</script>" if items else "",
        f"</head><body><main>{_head(title, head)}{body}{_foot(foot, numbers)}</main>",
        _embedding(items, head.get("program", "")) if items else "",
        "</body></html>\n",
    )
    return "".join(parts)


def _head(title: str, head: dict[str, Any]) -> str:
    facts = "".join(
        f'<div class="fact {escape(each["tone"])}"><dt>{escape(each["label"])}</dt>'
        f"<dd>{escape(each['value'])} <small>{escape(each['unit'])}</small></dd></div>"
        for each in head.get("facts", ())
    )
    return (
        f"<header><h1>{escape(title)}</h1><p class=subject>{escape(head.get('subject', ''))}</p>"
        f"<p class=headline>{escape(head.get('headline', ''))}</p>"
        f"{f'<dl class=facts>{facts}</dl>' if facts else ''}</header>"
    )


def _figure(place: int, figure: dict[str, Any]) -> str:
    chart = f'<div class=chart id="figure-{place}"></div>' if figure["item"] else ""
    return (
        f"<section><h2>{escape(figure['question'])}</h2><p>{escape(figure['sentence'])}</p>"
        f"{chart}{_grid(figure['grid'])}</section>"
    )


def _grid(grid: dict[str, Any] | None) -> str:
    if grid is None:
        return ""
    words = grid["left"]

    def row(texts: Sequence[str], tag: str) -> str:
        cells = (
            f"<{tag}{' class=left' if place in words else ''}>{escape(text)}</{tag}>"
            for place, text in enumerate(texts)
        )
        return f"<tr>{''.join(cells)}</tr>"

    rows = "".join(row(each, "td") for each in grid["rows"])
    return (
        f"<div class='grid{' few' if len(grid['heads']) < _MANY else ''}'>"
        f"<table><thead>{row(grid['heads'], 'th')}</thead><tbody>{rows}</tbody></table></div>"
    )


def _foot(foot: dict[str, Any], numbers: dict[str, Any]) -> str:
    assumptions = "".join(f"<li>{escape(each)}</li>" for each in foot.get("assumptions", ()))
    meanings = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(about)}</dd>" for name, about in foot.get("definitions", ())
    )
    sessions = "".join(
        f"<tr><td class=left>{escape(each['session'])}</td><td class=left>{escape(each['journal_hash'])}</td>"
        f"<td>{each['commands']:,}</td><td>{each['events']:,}</td></tr>"
        for each in numbers.get("sessions", ())
    )
    parameters = ", ".join(
        f"{name} = {value}" for name, value in numbers["parameters"].items() if value != "" and name != "data"
    )
    origins = (
        ("Run", numbers["run_id"]),
        ("Report", f"{numbers['report']} ({parameters})"),
        ("Code", f"workbench {numbers['code_version']}"),
    )
    made = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in origins)
    return (
        f"<footer>{f'<h2>Assumptions</h2><ul>{assumptions}</ul>' if assumptions else ''}"
        f"{f'<h2>What the numbers mean</h2><dl class=meanings>{meanings}</dl>' if meanings else ''}"
        f"<h2>Origin</h2><dl class=meanings>{made}</dl>"
        "<div class=grid><table><thead><tr><th class=left>Session</th>"
        "<th class=left>Journal hash (BLAKE2b of its commands)</th><th>Commands</th><th>Events</th>"
        "</tr></thead>"
        f"<tbody>{sessions}</tbody></table></div></footer>"
    )


def _embedding(items: dict[str, Any], program: str) -> str:
    """The charts and what draws them; `</` could end the script that they stand in."""
    data = json.dumps(items, allow_nan=False).replace("</", "<\\/").replace("<!--", "<\\!--")
    return (
        f"<script>{program}\nconst figures = {data};"
        # Labels are measured when they are drawn: with another font they would be cut.
        "document.fonts.load('11px \"Inter Workbench\"').finally(() => {"
        "for (const [place, item] of Object.entries(figures)) Bokeh.embed.embed_item(item, place);});"
        "</script>"
    )


@cache
def _bokeh() -> str:
    """Bokeh's program for browsers, read without importing Bokeh."""
    found = find_spec("bokeh")
    assert found is not None
    assert found.origin is not None
    program = Path(found.origin).parent / "server" / "static" / "js" / "bokeh.min.js"
    return program.read_text(encoding="utf-8").replace("</script", "<\\/script")


@cache
def _face() -> str:
    """The pages' own font."""
    if not _FONT.is_file():
        return ""
    font = b64encode(_FONT.read_bytes()).decode()
    return (
        '@font-face{font-family:"Inter Workbench";font-weight:100 900;'
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}'
    )
