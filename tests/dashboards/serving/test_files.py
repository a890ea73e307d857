"""Files of the pages: right types, kept for good under their version, and nothing outside their folders."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from dashboards.serving.files import ASSETS, Files
from tests.dashboards.served import ServedPages


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("desk.js", "text/javascript; charset=utf-8"),
        ("control.js", "text/javascript; charset=utf-8"),
        ("login.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("LICENCES.txt", "text/plain; charset=utf-8"),
    ],
)
def test_assets_are_served_by_their_version(pages: ServedPages, name: str, kind: str) -> None:
    files = pages.front.site.files
    address = files.address_of(f"/assets/{name}")
    assert re.fullmatch(rf"/assets/{re.escape(name)}\?v=[0-9a-f]{{16}}", address)
    with pages.nobody() as browser:
        answer = browser.http.get(address)
        assert answer.content == (ASSETS / name).read_bytes()
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        # Under another version, or none, it is asked for again.
        for other in (f"/assets/{name}", f"/assets/{name}?v=0123456789abcdef"):
            assert browser.http.get(other).headers["cache-control"] == "no-cache"
        known = browser.http.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        head = browser.http.head(address, headers={"Accept-Encoding": "identity"})
        assert (head.content, int(head.headers["content-length"])) == (b"", (ASSETS / name).stat().st_size)


def test_what_pages_name_is_there(pages: ServedPages) -> None:
    with pages.browser() as browser:
        page = browser.http.get("/desk").text
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
        assert len(scripts) >= 4
        for script in scripts:
            answer = browser.http.get("/" + script.removeprefix("/"))
            assert answer.status_code == 200, script
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["content-encoding"] == "gzip"
    with pages.nobody() as nobody:
        icon = nobody.http.get("/favicon.ico")
        assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../serving/site.py",
        "/assets/%2e%2e/serving/site.py",
        "/assets/..%2fserving/site.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/desk.js%00",
        "/assets/",
        "/assets/none.js",
        "/static/../../../../../../../etc/passwd",
        "/static/extensions/panel/../../../../server.py",
        "/static/extensions/none/x.js",
        "/components/panel.pane/Str/_css/x.css",
    ],
)
def test_nothing_else_is_given(pages: ServedPages, path: str) -> None:
    with pages.nobody() as browser:
        answer = browser.http.get(path)
        assert answer.status_code == 404
        assert "root:" not in answer.text


def test_a_file_that_changes_has_another_version(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1" * 2000)
    (tmp_path / "a.key").write_text("secret")
    files = Files({"/x/": tmp_path})
    first = files.address_of("/x/a.js")
    assert first == files.address_of("/x/a.js")
    (tmp_path / "a.js").write_text("2" * 2000)
    assert files.address_of("/x/a.js") != first
    for missing in ("/x/b.js", "/x/a.key", "/y/a.js"):
        with pytest.raises(FileNotFoundError):
            files.address_of(missing)


def test_large_texts_are_compressed_for_who_takes_that(pages: ServedPages) -> None:
    with pages.nobody() as browser:
        plain = browser.http.get("/assets/desk.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        with browser.http.stream("GET", "/assets/desk.js", headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join(answer.iter_raw())
        assert gzip.decompress(packed) == plain.content
        assert len(packed) < len(plain.content)
