"""How much a stream tells and keeps, for all who tell it: servers, and gateways that know little else."""

RING = 512
"""Deltas of a topic of the market that are kept for readers who come back."""
TRADES = 100
"""Trades that a snapshot of `trades` begins with."""
CANDLES = 500
"""Candles that a snapshot of `candles` begins with."""
TOPICS = 500
"""Topics of one connection."""
