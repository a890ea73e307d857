"""The settings of a sweep."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from workbench.errors import ConfigError
from workbench.studies.strategy import Strategy

Setting = dict[str, Any]
"""A strategy's parameters by name."""

Grid = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]]
"""Values of each parameter, all of which are combined; or settings one by one."""


def settings_of(strategy: type[Strategy], grid: Grid) -> list[Setting]:
    """All settings of a grid, in order: the last parameter changes fastest.

    Raises
    ------
    ConfigError
        For a parameter that the strategy does not have, a value that JSON cannot hold, or no settings.

    Examples
    --------
    >>> class Both(Strategy):
    ...     def __init__(self, fast: int = 1, slow: int = 2) -> None: ...
    >>> settings_of(Both, {"fast": [1, 2], "slow": [8]})
    [{'fast': 1, 'slow': 8}, {'fast': 2, 'slow': 8}]
    """
    given: Any = strategy
    if not (isinstance(given, type) and issubclass(given, Strategy)):
        raise ConfigError(f"{strategy!r} is no class of strategies", "sweep", "give the class, not an object")
    if isinstance(grid, Mapping):
        for name, each in grid.items():
            if isinstance(each, str | bytes | Mapping) or not isinstance(each, Iterable):
                raise ConfigError(
                    f"{name} is {each!r}, expected its values",
                    "grid",
                    f"give a list, as {{{name!r}: [{each!r}]}}",
                )
        values = {name: list(given) for name, given in grid.items()}
        settings = [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]
    else:
        rows: Any = grid
        if not isinstance(rows, Sequence) or not all(isinstance(each, Mapping) for each in rows):
            raise ConfigError(
                f"{type(grid).__name__} is no grid",
                "grid",
                'give {"fast": [2, 3]}, all values of which are combined, or a list of settings',
            )
        settings = [dict(each) for each in rows]
    if not settings:
        raise ConfigError("there are no settings", "grid", "give at least one value of each parameter")
    parameters = inspect.signature(strategy).parameters
    takes_all = any(each.kind == inspect.Parameter.VAR_KEYWORD for each in parameters.values())
    for setting in settings:
        unknown = sorted(set(setting) - set(parameters))
        if unknown and not takes_all:
            raise ConfigError(
                f"{strategy.__name__} has no parameter {unknown[0]!r}",
                "grid",
                f"known are {', '.join(parameters) or 'none'}",
            )
        plain = {name: _plain(value) for name, value in setting.items()}
        setting.update(plain)
        try:
            json.dumps(setting, allow_nan=False)
        except (TypeError, ValueError):
            raise ConfigError(
                f"{setting!r} holds what is neither number, text, list nor None", "grid", "give such values"
            ) from None
    return settings


def _plain(value: Any) -> Any:
    """A numpy number as Python's own."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def as_column(values: list[Any]) -> pl.Series:
    """Values as a column: as they are where they are of one kind, else as text, so that none is lost.

    >>> as_column([1, 2.5, None]).to_list(), as_column([1, "all", [2]]).to_list()
    ([1.0, 2.5, None], ['1', 'all', '[2]'])
    """
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 or kinds == {int, float}:
        try:
            return pl.Series(values, strict=kinds != {int, float})
        except (pl.exceptions.PolarsError, TypeError, OverflowError):
            pass
    return pl.Series(
        [value if value is None or isinstance(value, str) else json.dumps(value) for value in values],
        dtype=pl.String,
    )
