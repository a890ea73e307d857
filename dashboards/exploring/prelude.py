"""The figures of exploration notebooks: `from dashboards.exploring.prelude import price_figure`."""

from __future__ import annotations

from dashboards.exploring.anatomy import (
    day_figures,
    imbalance_figure,
    lives_figure,
    messages_figure,
    spread_figure,
)
from dashboards.exploring.bots import alpaca_fills, alpaca_trades
from dashboards.exploring.market import book_figure, price_figure
from dashboards.exploring.stopping import needed, needed_server, needed_sessions
from dashboards.exploring.study import beside_figure, equity_figure, luck_figure, sweep_figure

__all__ = [
    "alpaca_fills",
    "alpaca_trades",
    "beside_figure",
    "book_figure",
    "day_figures",
    "equity_figure",
    "imbalance_figure",
    "lives_figure",
    "luck_figure",
    "messages_figure",
    "needed",
    "needed_server",
    "needed_sessions",
    "price_figure",
    "spread_figure",
    "sweep_figure",
]
