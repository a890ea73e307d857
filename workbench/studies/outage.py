"""A server that is away for a while: what is asked of it is asked again until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from workbench.errors import ApiError, ClientError, StreamError

AWAY_SECONDS = 60.0
"""How long a server may be away."""
_PAUSE_SECONDS = 0.25
_PASSING = (429, 502, 503, 504)
"""Answers that say that another time it will go: asked too often, or nobody there behind a gateway."""

T = TypeVar("T")


def patiently(
    ask: Callable[[], T], away_s: float = AWAY_SECONDS, *, also: tuple[type[Exception], ...] = ()
) -> T:
    """What a call gives that may be done again, as soon as the server answers it.

    Parameters
    ----------
    ask
        The call; doing it twice must do no more than doing it once.
    away_s
        How long to try.
    also
        Further errors that may pass.

    Raises
    ------
    ClientError, ApiError
        The last one, when the server has not been back for so long, and at once what will not pass: a
        refusal, a log-in that is over, a stream that was ended for good.
    """
    end = time.monotonic() + away_s
    while True:
        try:
            return ask()
        except (ClientError, ApiError) as error:
            if not (_passes(error) or isinstance(error, also)) or time.monotonic() > end:
                raise
        time.sleep(_PAUSE_SECONDS)


def _passes(error: Exception) -> bool:
    if isinstance(error, ApiError):
        return error.status in _PASSING
    return not isinstance(error, StreamError)
