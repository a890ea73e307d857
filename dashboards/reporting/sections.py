"""The parts of a report as its notebook's cells give them, and as JupyterLab shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from bokeh import __version__ as bokeh_version
from bokeh.core.serialization import Serializer
from bokeh.document.config import DocumentConfig
from bokeh.embed import file_html
from bokeh.model import Model
from bokeh.resources import INLINE

from workbench.reporting.mime import SECTION, SUMMARY, in_report


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of a report's head: `label`, `value` with its `unit`, and `tone`, `up`, `down` or ""."""

    label: str
    value: str
    unit: str = ""
    tone: str = ""

    def plain(self) -> dict[str, str]:
        """The same for JSON."""
        return {"label": self.label, "value": self.value, "unit": self.unit, "tone": self.tone}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts.

    Attributes
    ----------
    heads
        Of its columns.
    rows
        As many texts each.
    left
        How many columns from the left are words; the others are numbers, unless they are in `words`.
    words
        Places of further columns of words, from 0.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    words: Sequence[int] = ()

    def plain(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "heads": list(self.heads),
            "rows": [list(row) for row in self.rows],
            "left": [*range(self.left), *self.words],
        }


_CONFIG = Serializer(deferred=False).encode(DocumentConfig())
"""The same for each document."""


def item_of(chart: Model) -> dict[str, Any]:
    """What `bokeh.embed.json_item` says of a chart, in a third of its time.

    A document of its own, which that makes, looks four times through all models for themes, callbacks of
    Python's and faults, and a report's charts have none of these.
    """
    # Buffers are written out, as base64.
    roots = Serializer(deferred=False).encode([chart])
    document = {"version": bokeh_version, "title": "", "config": _CONFIG, "roots": roots}
    return {"target_id": None, "root_id": chart.id, "doc": document, "version": bokeh_version}


class _Shown:
    """Something that a cell shows: to the report as data, to JupyterLab as HTML."""

    def plain(self) -> dict[str, Any]:
        raise NotImplementedError

    def html(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What Jupyter asks for; the report's runner takes the data, which it writes into its page."""
        return {SECTION: self.plain()} if in_report() else {"text/html": self.html()}


@dataclass(frozen=True, slots=True)
class Head(_Shown):
    """The head of a report: what, whose and when, the answer in one sentence, the numbers behind it.

    Attributes
    ----------
    title, subject, headline, facts
        As people read them.
    variables
        Colours of the page, by their names in its style sheet.
    program
        JavaScript that runs before charts are drawn.
    """

    title: str
    subject: str
    headline: str
    facts: Sequence[Fact] = ()
    variables: dict[str, str] = field(default_factory=dict)
    program: str = ""

    def plain(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "kind": "head",
            "title": self.title,
            "subject": self.subject,
            "headline": self.headline,
            "facts": [each.plain() for each in self.facts],
            "variables": self.variables,
            "program": self.program,
        }

    def html(self) -> str:
        """The same for JupyterLab."""
        facts = " \N{MIDDLE DOT} ".join(
            f"{each.label} {each.value} {each.unit}".strip() for each in self.facts
        )
        return (
            f"<h2>{escape(self.title)}</h2><p>{escape(self.subject)}</p>"
            f"<p><b>{escape(self.headline)}</b></p><p>{escape(facts)}</p>"
        )


@dataclass(frozen=True, slots=True)
class Figure(_Shown):
    """One question, its answer in a sentence, and what shows it."""

    question: str
    sentence: str
    chart: Any = None
    grid: Grid | None = None

    def plain(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "kind": "figure",
            "question": self.question,
            "sentence": self.sentence,
            "item": item_of(self.chart) if self.chart is not None else None,
            "grid": self.grid.plain() if self.grid is not None else None,
        }

    def html(self) -> str:
        """The same for JupyterLab, each chart in a frame of its own."""
        parts = [f"<h3>{escape(self.question)}</h3><p>{escape(self.sentence)}</p>"]
        if self.chart is not None:
            page = escape(file_html(self.chart, INLINE, self.question), quote=True)
            height = (self.chart.height or 260) + 24
            parts.append(f'<iframe srcdoc="{page}" style="width:100%;height:{height}px;border:0"></iframe>')
        if self.grid is not None:
            heads = "".join(f"<th>{escape(each)}</th>" for each in self.grid.heads)
            rows = "".join(
                f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in self.grid.rows
            )
            parts.append(f"<table><tr>{heads}</tr>{rows}</table>")
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Foot(_Shown):
    """The end of a report: what it assumes, what its numbers mean, and its summary for programs."""

    assumptions: Sequence[str]
    definitions: Sequence[tuple[str, str]]
    summary: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "kind": "foot",
            "assumptions": list(self.assumptions),
            "definitions": [list(each) for each in self.definitions],
        }

    def html(self) -> str:
        """The same for JupyterLab."""
        return f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in self.assumptions)}</ul>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The summary goes with it."""
        if in_report():
            return {SECTION: self.plain(), SUMMARY: self.summary}
        return {"text/html": self.html()}
