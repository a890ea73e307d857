from __future__ import annotations

import pytest

from workbench.api.alpaca.errors import as_alpaca, of_reason
from workbench.domain.codes import Reason
from workbench.errors import ApiError


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_status_number_and_sentence(reason: Reason) -> None:
    error = of_reason(reason)
    body = error.body()
    assert error.status in (403, 404, 422)
    assert body["code"] // 100_000 in (error.status, 400)
    assert len(body["message"]) > 5
    assert body["reject_reason"] == reason.name.lower()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, 40010001), (401, 40110000), (403, 40310000), (404, 40410000), (422, 42210000), (429, 42910000)],
)
def test_failures_of_the_server_get_alpacas_numbers(status: int, expected: int) -> None:
    failure = ApiError(status, "word", "a sentence", headers={"Retry-After": "1"})
    error = as_alpaca(failure)
    assert (error.status, error.number, error.headers) == (status, expected, {"Retry-After": "1"})


def test_what_a_failure_knows_is_kept_and_cannot_hide_the_code() -> None:
    failure = ApiError(409, "session", "a sentence", details={"code": "mine", "status": 1, "what": 2})
    error = as_alpaca(failure)
    assert (error.status, error.body()["code"]) == (403, 40310000)
    assert error.body()["what"] == 2
    refused = ApiError(422, "order", "no", details={"reason": "INSUFFICIENT_BUYING_POWER"})
    assert as_alpaca(refused).status == 403
