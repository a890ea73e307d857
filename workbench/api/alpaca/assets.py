"""Instruments as the assets that Alpaca's clients list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from workbench.api.alpaca.names import CRYPTO
from workbench.domain.costs import PPM

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names


class Asset(msgspec.Struct, rename={"asset_class": "class"}):
    """An asset."""

    id: str
    asset_class: str
    exchange: str
    symbol: str
    name: str
    status: str
    tradable: bool
    marginable: bool
    shortable: bool
    easy_to_borrow: bool
    fractionable: bool
    maintenance_margin_requirement: float
    min_order_size: str
    min_trade_increment: str
    price_increment: str
    attributes: list[str]
    venue: str
    multiplier: str


def write_asset(names: Names, number: int) -> Asset:
    """An instrument; its real venue is the session, said in the extra field `venue`."""
    instrument = names.session.venue.instruments[number]
    scale = names.scales[number]
    increment = scale.quantity_text(instrument.quantity_increment_lots)
    whole_units = scale.quantity_number(instrument.quantity_increment_lots)
    return Asset(
        id=names.asset_ids[number],
        asset_class=names.asset_classes[number],
        exchange=names.exchanges[number],
        symbol=names.symbols[number],
        name=names.symbols[number],
        status="active",
        tradable=True,
        marginable=names.asset_classes[number] != CRYPTO,
        shortable=True,
        easy_to_borrow=instrument.borrow_ppm_year == 0,
        fractionable=whole_units < 1,
        maintenance_margin_requirement=100 * instrument.margin.maintenance_long_ppm / PPM,
        min_order_size=increment,
        min_trade_increment=increment,
        price_increment=scale.price_text(instrument.price_increment_ticks),
        attributes=[],
        venue=names.session.name,
        multiplier=str(instrument.multiplier),
    )
