"""Strategies, their backtests, and sweeps over many settings of them."""
