"""The market of these tests: agents make one instrument, two are people's alone."""

SESSION = "market"
TOPICS = ("orders", "positions", "account")
SYMBOLS = {"QUIET": 50.0, "CALM": 20.0, "HARBOR": 46.0}
"""Instruments, and the price that orders are around."""

MARKET = """
title = "A market that is killed"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "QUIET"
price_min = 10
price_max = 90
reference_price = 50

[[instrument]]
symbol = "CALM"
price_min = 10
price_max = 90
reference_price = 20

[[instrument]]
symbol = "HARBOR"
price_min = 23
price_max = 92

[seats]
count = 60
cash = 1_000_000_000

[live]
epoch = "sim"
open = "09:30"

[agents]
seed = 7
open = "09:30"
close = "16:00"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""
