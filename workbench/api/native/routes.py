"""All routes of the native face that answer requests."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.api import operations
from workbench.api.native import (
    account,
    classes,
    control,
    leaderboard,
    login,
    market,
    orders,
    own,
    preview,
    record,
    reports,
    review,
    sessions,
    users,
)
from workbench.api.server import Server


def native_routes(_server: Server) -> list[APIRouter]:
    """The routers of `/api`, `/health` and `/metrics`."""
    return [
        module.router
        for module in (
            orders,
            preview,
            account,
            market,
            sessions,
            control,
            leaderboard,
            review,
            record,
            reports,
            login,
            own,
            users,
            classes,
            operations,
        )
    ] + [review.listing]
