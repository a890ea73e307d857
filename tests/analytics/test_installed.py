"""A library that is missing is a failure in CI, and a skipped test elsewhere."""

import pytest

from tests import conftest
from tests.analytics.installed import installed


def test_a_missing_oracle_fails_in_ci_and_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "IN_CI", True)
    with pytest.raises(pytest.fail.Exception, match="there is no no_such_oracle"):
        installed("no_such_oracle")
    monkeypatch.setattr(conftest, "IN_CI", False)
    with pytest.raises(pytest.skip.Exception, match="make setup"):
        installed("no_such_oracle")


def test_one_that_is_there_is_imported() -> None:
    assert installed("math").pi > 3
