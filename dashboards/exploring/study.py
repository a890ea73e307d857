"""Of a strategy's sweep: which settings did best, whether that lasts, and how good luck would have been."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from dashboards.parts.charts_bars import points_chart
from dashboards.parts.charts_heat import heat_chart
from dashboards.parts.charts_lines import lines_chart, spread_chart
from dashboards.parts.charts_time import local_ms
from dashboards.reporting.common import THEME
from dashboards.reporting.sections import Figure
from dashboards.reporting.words import counted, share
from workbench.analytics.returns import Returns
from workbench.analytics.sharpe import expected_best_sharpe
from workbench.analytics.summary import summary
from workbench.errors import ConfigError
from workbench.studies.outcome import Outcome
from workbench.studies.sweep import Sweep
from workbench.studies.trials import SHARPE, beside, tried

_LABELS = {SHARPE: "Sharpe ratio"}
_SURE = 0.95
_FEW = 3


def sweep_figure(found: Sweep, across: str, up: str, column: str = SHARPE) -> Figure:
    """A column of a sweep over two of its parameters; of further ones the best setting's values.

    Raises
    ------
    ConfigError
        When the sweep has no such parameter or column, or the column has no value at all.
    """
    question = "Which settings did best?"
    frame = found.frame
    for name in (across, up, column):
        if name not in frame.columns:
            raise ConfigError(
                f"the sweep has no {name!r}", "sweep_figure", f"known: {', '.join(frame.columns)}"
            )
    known = frame.drop_nulls(column)
    if known.is_empty():
        return Figure(question, "No setting traded.")
    best = known.row(int(known[column].arg_max() or 0), named=True)
    names = list(found.settings[0])
    others = [name for name in names if name not in (across, up)]
    shown = frame.filter(*(pl.col(name) == best[name] for name in others)).sort(across, up)
    near = _neighbours(shown, across, up, column, best)
    ahead = int((known[column] > 0).sum())
    sentence = (
        f"Of {counted(len(frame), 'setting')} {_told(names, best)} did best with a {_label(column)} of "
        f"{_number(best[column])}, and {share(ahead / len(known))} of them were above 0"
    )
    if near is not None:
        sentence += f"; the settings around it came to {_number(near)} on average"
    values = shown[column].fill_null(float("nan")).to_numpy()
    place = int(
        np.flatnonzero((shown[across] == best[across]).to_numpy() & (shown[up] == best[up]).to_numpy())[0]
    )
    chart = heat_chart(
        shown[across].to_list(),
        shown[up].to_list(),
        values.tolist(),
        THEME,
        labels=(across, up),
        written=["none" if np.isnan(each) else _number(each) for each in values],
        best=place,
    )
    return Figure(question, f"{sentence}.", chart)


def _neighbours(shown: pl.DataFrame, across: str, up: str, column: str, best: dict[str, Any]) -> float | None:
    """Mean of the fields around the best one: a plateau is trusted more than a peak."""
    steps = [shown[name].unique().sort().to_list() for name in (across, up)]
    around = [
        set(values[max(values.index(best[name]) - 1, 0) : values.index(best[name]) + 2])
        for name, values in zip((across, up), steps, strict=True)
    ]
    rows = shown.filter(
        pl.col(across).is_in(around[0])
        & pl.col(up).is_in(around[1])
        & ~((pl.col(across) == best[across]) & (pl.col(up) == best[up]))
    ).drop_nulls(column)
    return float(rows[column].to_numpy().mean()) if len(rows) else None


def beside_figure(inside: Sweep, outside: Sweep, column: str = SHARPE) -> Figure:
    """What each setting came to where it was chosen, and where it was not."""
    question = "Does what did best do well again?"
    rows = beside(inside, outside, column)
    if len(rows) < _FEW:
        return Figure(question, "Too few settings traded in both parts to compare.")
    best = rows.row(int(rows["inside"].arg_max() or 0), named=True)
    names = list(inside.settings[0])
    ranks = [rows[name].rank().to_numpy() for name in ("inside", "outside")]
    flat = any(np.ptp(each) == 0 for each in ranks)
    order = "" if flat else f"; ranks correlate by {_number(np.corrcoef(ranks[0], ranks[1])[0, 1])}"
    went = "fell" if best["outside"] < best["inside"] else "went"
    sentence = (
        f"The best setting, {_told(names, best)}, {went} from {_number(best['inside'])} to "
        f"{_number(best['outside'])} and came {best['rank']:,} of {len(rows):,} in the days "
        f"it was not chosen on{order}."
    )
    chart = points_chart(
        [_told(names, row) for row in rows.iter_rows(named=True)],
        rows["inside"].to_list(),
        rows["outside"].to_list(),
        THEME,
        labels=(f"{_label(column)}, in sample", f"{_label(column)}, out of sample"),
        written=[
            f"{_number(row['inside'])}, then {_number(row['outside'])}" for row in rows.iter_rows(named=True)
        ],
    )
    chart.scatter(
        [best["inside"]], [best["outside"]], size=15, fill_color=None, line_color=THEME.warn, line_width=2
    )
    return Figure(question, sentence, chart)


def luck_figure(found: Sweep, returns: Returns) -> Figure:
    """All trials, what the best of so many has without any skill, and what the deflated ratio makes of it.

    Parameters
    ----------
    found
        A sweep with a Sharpe ratio for each setting.
    returns
        Of the setting that was chosen, with the sweep's `trials`.
    """
    question = "How good would the best have been by luck?"
    trials = tried(found)
    numbers = {row["statistic"]: row for row in summary(returns).iter_rows(named=True)}
    deflated, single, chosen = (
        numbers[name] for name in ("deflated_sharpe", "probabilistic_sharpe", "sharpe")
    )
    if deflated["value"] is None or chosen["value"] is None:
        return Figure(question, f"That cannot be said: {deflated['reason'] or chosen['reason']}.")
    luck = expected_best_sharpe(trials)
    verdict = (
        "so luck alone does not explain it"
        if deflated["value"] >= _SURE
        else "so there is no reason to believe in it"
    )
    sentence = (
        f"Looked at alone, a Sharpe ratio of {_number(chosen['value'])} over "
        f"{counted(returns.count, 'session')} is skill with a probability of {share(single['value'])}; but "
        f"it is the best of {counted(len(trials), 'trial')}, of which the best has {_number(luck)} without "
        f"any skill, and after that the probability is {share(deflated['value'])}, {verdict}."
    )
    chart = spread_chart(
        trials,
        THEME,
        label="Sharpe ratio a year",
        marks={"the best by luck": luck, "the one that was chosen": chosen["value"]},
    )
    return Figure(question, sentence, chart)


def equity_figure(outcomes: dict[str, Outcome], *, zone: str = "UTC", currency: str = "USD") -> Figure:
    """What backtests made as they went; each begins with 0."""
    question = "What did it make, day by day?"
    curves, said = {}, []
    for name, outcome in outcomes.items():
        made = outcome.equity["equity"].to_numpy() - outcome.start_cash
        if not len(made):
            continue
        curves[name] = (local_ms(outcome.equity["time"], zone), made)
        fallen = float((made - np.maximum.accumulate(np.maximum(made, 0.0))).min())
        result = "made" if made[-1] >= 0 else "lost"
        said.append(
            f"{name} it {result} {abs(made[-1]):,.0f} {currency} in "
            f"{counted(len(outcome.fills), 'fill')} and was {-fallen:,.0f} below its best at worst"
        )
    if not curves:
        return Figure(question, "Equity was not noted.")
    sentence = "; ".join(said)
    return Figure(
        question,
        f"{sentence[:1].upper()}{sentence[1:]}.",
        lines_chart(curves, THEME, label=f"PnL ({currency})"),
    )


def _told(names: list[str], row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={row[name]}" for name in names)


def _label(column: str) -> str:
    return _LABELS.get(column, column)


def _number(value: float) -> str:
    return f"{value:,.2f}".replace("-", "\N{MINUS SIGN}")
