"""Every tolerance that a test allows against an oracle: a name, the number, and the reason for it."""

PARITY = 1e-9
"""Statistics of returns against empyrical, quantstats, pyfolio and scipy, over max(1, the oracle's value).

They sum the same doubles in other orders, and some centre twice; 500 sessions leave about 1e-13 of that.
"""

LOTS = 2e-5
"""Realised PnL of lots against beancount and pyfolio, in money, of at most 40 fills.

What each fill realised is rounded to the micro: 40 times half of one.
"""
