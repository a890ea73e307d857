"""Three invented stocks and who trades them."""

from __future__ import annotations

from decimal import Decimal

from workbench.domain.instruments import Instrument
from workbench.feed.agents.crew import Crew
from workbench.feed.agents.fundamental import ValueParameters
from workbench.feed.agents.maker import MakerParameters
from workbench.feed.agents.noise import NoiseParameters
from workbench.feed.agents.trend import TrendParameters
from workbench.feed.agents.value import ValueTraderParameters

# Symbols of six letters, which no stock of an exchange in the United States has.
_ZEPHYR = Instrument("ZEPHYR", price_min="6", price_max="24")
_HARBOR = Instrument("HARBOR", price_min="23", price_max="92")
_QUARTZ = Instrument("QUARTZ", price_min="206", price_max="824", tick_size=Decimal("0.05"))


def sample_crews() -> tuple[Crew, ...]:
    """Who trades the three stocks.

    ZEPHYR costs 12.00 and a tick is a lot of that: its spread is narrow and its queues are long. HARBOR costs
    46.00 and is the ordinary case. QUARTZ costs 412.00, has ticks of 0.05, thin queues and a wide spread.
    """
    maker, noise, trend, value = MakerParameters, NoiseParameters, TrendParameters, ValueTraderParameters
    return (
        Crew(
            _ZEPHYR,
            start_ticks=1200,
            value=ValueParameters(daily_volatility_ticks=30),
            makers=(
                maker(1200, half_spread=0.45, error=0.35, inventory_lots=20_000),
                maker(900, half_spread=0.5, error=0.35, levels=6, inventory_lots=20_000),
                maker(
                    600, half_spread=0.6, error=0.5, levels=4, reaction_seconds=0.25, inventory_lots=20_000
                ),
                maker(1500, half_spread=0.7, error=0.35, levels=8, growth=0.8, inventory_lots=20_000),
            ),
            noise=(noise(2.0),),
            trends=(trend(500, 8_000),),
            values=(value(800, 1_000_000),),
        ),
        Crew(
            _HARBOR,
            start_ticks=4600,
            value=ValueParameters(daily_volatility_ticks=76),
            makers=(
                maker(300, half_spread=1.0, inventory_lots=5_000),
                maker(200, half_spread=1.1, inventory_lots=5_000),
                maker(100, half_spread=1.2, error=0.8, levels=3, reaction_seconds=0.25, inventory_lots=5_000),
                maker(300, half_spread=1.5, inventory_lots=5_000),
                maker(
                    500,
                    half_spread=2.5,
                    gap=2,
                    levels=6,
                    growth=0.8,
                    reaction_seconds=1.0,
                    inventory_lots=9_000,
                ),
            ),
            noise=(noise(2.0),),
            trends=(trend(200, 3_000),),
            values=(value(300, 500_000),),
        ),
        Crew(
            _QUARTZ,
            start_ticks=8240,
            value=ValueParameters(daily_volatility_ticks=132),
            makers=(
                maker(100, half_spread=1.6, inventory_lots=2_500),
                maker(100, half_spread=1.8, inventory_lots=2_500),
                maker(100, half_spread=1.8, error=0.9, levels=3, reaction_seconds=0.25, inventory_lots=2_500),
                maker(200, half_spread=2.3, inventory_lots=2_500),
                maker(
                    300,
                    half_spread=3.5,
                    gap=2,
                    levels=6,
                    growth=0.8,
                    reaction_seconds=1.0,
                    inventory_lots=5_000,
                ),
            ),
            noise=(noise(2.0),),
            trends=(trend(100, 1_500),),
            values=(value(200, 500_000),),
        ),
    )
