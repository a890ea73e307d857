"""Leaderboards that only teachers see."""

from __future__ import annotations

from workbench.errors import ApiError


def hidden_board() -> ApiError:
    """What is said to a student who asks for a leaderboard that is hidden."""
    return ApiError(403, "hidden", "the leaderboard of this session is hidden")
