"""The few routes that are asked a thousand times a second, found without looking through all the others."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route
from starlette.types import Scope


class HotRoutes:
    """Routes by method and number of segments."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._found: dict[tuple[str, int], list[Route]] = {}
        for route in routes:
            if isinstance(route, Route) and getattr(route.endpoint, "hot", False):
                for method in sorted(route.methods or ()):
                    self._found.setdefault((method, route.path.count("/")), []).append(route)

    def find(self, scope: Scope) -> Route | None:
        """The route of a request, whose scope then names it and its parameters; None for all others."""
        path: str = scope["path"]
        for route in self._found.get((scope["method"], path.count("/")), ()):
            match = route.path_regex.match(path)
            if match is not None:
                scope["path_params"] = match.groupdict()
                scope["route"] = route
                scope["endpoint"] = route.endpoint
                return route
        return None
