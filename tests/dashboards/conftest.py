"""One server with pages for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.dashboards.served import ServedPages, serving_pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPages]:
    with serving_pages(tmp_path_factory.mktemp("pages") / "data") as served:
        yield served
