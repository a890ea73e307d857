"""The markets of these tests, in which nobody runs out of money."""

from tests.conftest import ROOT
from tests.served_market import market, recorded_market

SESSION = "market"
TOPICS = ("orders", "positions", "account")
MARKET = market("A market that is killed", seats=60, cash=1_000_000_000)
RECORDED = recorded_market(
    "A recorded market that is killed",
    ROOT / "data" / "samples" / "harbor-2025-03-18.parquet",
    seats=60,
    cash=1_000_000_000,
    speed=20,
)
"""History in which people trade; at this speed some hours of it pass in a campaign."""
