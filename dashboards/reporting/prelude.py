"""All that a report's notebook needs: `from dashboards.reporting.prelude import *`."""

from __future__ import annotations

from dashboards.reporting.classes import (
    class_activity,
    class_head,
    class_instruments,
    class_risk,
    class_spread,
    class_table,
)
from dashboards.reporting.common import days_of, foot
from dashboards.reporting.drawdown import (
    drawdown_by_account,
    drawdown_causes,
    drawdown_episodes,
    drawdown_head,
    drawdown_over_time,
    drawdown_time,
)
from dashboards.reporting.execution import (
    execution_by_account,
    execution_costs,
    execution_head,
    execution_markouts,
    execution_outcomes,
    execution_shortfall,
    execution_waiting,
)
from dashboards.reporting.pnl import (
    pnl_by_account,
    pnl_by_instrument,
    pnl_by_period,
    pnl_by_trade,
    pnl_head,
    pnl_over_time,
    pnl_ratios,
    trade_excursions,
)

__all__ = [
    "class_activity",
    "class_head",
    "class_instruments",
    "class_risk",
    "class_spread",
    "class_table",
    "days_of",
    "drawdown_by_account",
    "drawdown_causes",
    "drawdown_episodes",
    "drawdown_head",
    "drawdown_over_time",
    "drawdown_time",
    "execution_by_account",
    "execution_costs",
    "execution_head",
    "execution_markouts",
    "execution_outcomes",
    "execution_shortfall",
    "execution_waiting",
    "foot",
    "pnl_by_account",
    "pnl_by_instrument",
    "pnl_by_period",
    "pnl_by_trade",
    "pnl_head",
    "pnl_over_time",
    "pnl_ratios",
    "trade_excursions",
]
