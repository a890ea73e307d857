"""The end of exchange time."""

MAX_TIME_NS = 1 << 62
"""In the year 2116; later commands are refused, so that adding an interval to a time never overflows."""
