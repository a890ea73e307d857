"""The few pages that are plain HTML: signing in, reports, being refused, coming from another site's link."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from dashboards.parts.theme_sheet import variables

if TYPE_CHECKING:
    from dashboards.serving.files import Files
    from workbench.api.server import Server
    from workbench.identity.endings import Ending

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def sign_in(onward: str, server: Server, files: Files, why: Ending | None = None) -> Response:
    """The page for signing in; its program reads from `#login` where to go on and who may sign up.

    Whose log-in has ended is told `why`, in words of ours.
    """
    script = files.address_of("/assets/login.js")
    sign_up = str(server.identity.settings.sign_up)
    told = "" if why is None else _whole(why.sentence)
    said = {"next": onward, "sign-up": sign_up, "why": told}
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in said.items())
    return _page(
        "Sign in",
        f'<main id="login" {data}>'
        "<noscript>Signing in needs JavaScript.</noscript></main>"
        f'<script type="module" src="{escape(script)}"></script>',
        # Dark as the desk, until the program has found another theme kept.
        theme="dark",
    )


def reports(files: Files) -> Response:
    """The page of reports; its program asks the API for everything in it."""
    script = files.address_of("/assets/reports.js")
    return _page(
        "Reports",
        '<main id="reports"><noscript>The list of reports needs JavaScript.</noscript></main>'
        f'<script type="module" src="{escape(script)}"></script>',
        theme="dark",
    )


def refusal(
    sentence: str,
    headline: str = "This page is not open to you",
    status: int = 403,
    *,
    link: tuple[str, str] = ("/", "Go to your own page"),
) -> Response:
    """What somebody sees whom a page is not for, or for whom there is none, and where they may go."""
    address, text = link
    return _page(
        headline,
        f'<main class="refusal"><h1>{escape(headline)}</h1><p>{escape(_whole(sentence))}</p>'
        f'<p><a href="{escape(address)}">{escape(text)}</a></p></main>',
        status,
    )


def bounce() -> Response:
    """Open the same address once more, now from this site, so that the browser sends its cookies along."""
    return _page("workbench", "", head='<meta http-equiv="refresh" content="0">')


def _whole(sentence: str) -> str:
    """A sentence of the server's as it stands in a page."""
    return f"{sentence[:1].upper()}{sentence[1:].removesuffix('.')}."


def _colours(*, dark: bool) -> str:
    """The theme's variables that these pages need, as declarations."""
    known = variables(dark=dark)
    return " ".join(f"{name}: {known[name]};" for name in ("--bg-0", "--text", "--accent"))


_STYLE = f"""
:root {{ color-scheme: dark light; font: 15px/1.5 system-ui, sans-serif; {_colours(dark=True)} }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; }}
body {{ background: var(--bg-0); color: var(--text); }}
main {{ width: min(26rem, 90vw); }}
a {{ color: var(--accent); }}
:root[data-theme="light"] {{ color-scheme: light; {_colours(dark=False)} }}
@media (prefers-color-scheme: light) {{
  :root:not([data-theme]) {{ {_colours(dark=False)} }}
}}
"""


def _page(title: str, body: str, status: int = 200, *, head: str = "", theme: str = "") -> Response:
    shade = f' data-theme="{escape(theme)}"' if theme else ""
    return HTMLResponse(
        f'<!doctype html><html lang="en"{shade}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · workbench</title>"
        '<link rel="icon" href="/favicon.ico" type="image/svg+xml">'
        f"{head}<style>{_STYLE}</style></head><body>{body}</body></html>",
        status,
        {"Content-Security-Policy": _POLICY},
    )
