"""The end of exchange time."""

MAX_TIME_NS = 1 << 62
"""In the year 2116; later commands are refused, so that adding an interval to a time never overflows."""

NEVER_NS = MAX_TIME_NS + 1
"""When what is not due falls due: after the last command."""
