"""Assets, clock, calendar and watchlists through alpaca-py."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import AssetClass, AssetStatus
from alpaca.trading.requests import (
    CreateWatchlistRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    UpdateWatchlistRequest,
)

from tests.api.alpaca.conftest import Person, Served, code_of
from workbench.domain.codes import SessionState


def test_assets_by_class_symbol_and_id(trader: Person) -> None:
    listed = trader.trading.get_all_assets()
    assert [asset.symbol for asset in listed] == ["AAPL", "SPY", "SIM/USD"]
    coins = trader.trading.get_all_assets(
        GetAssetsRequest(status=AssetStatus.ACTIVE, asset_class=AssetClass.CRYPTO)
    )
    assert [asset.symbol for asset in coins] == ["SIM/USD"]
    assert coins[0].fractionable
    assert coins[0].min_trade_increment == 0.001
    apple = trader.trading.get_asset("AAPL")
    assert apple.price_increment == 0.01
    assert apple.tradable
    assert apple == trader.trading.get_asset(apple.id) == trader.trading.get_asset("aapl")
    assert trader.trading.get_asset("SIMUSD").symbol == "SIM/USD"
    for unknown in ("NOPE", str(uuid4())):
        with pytest.raises(APIError) as error:
            trader.trading.get_asset(unknown)
        assert code_of(error.value) == (404, 40410000)


def test_the_clock_stands_when_the_session_is_paused(served: Served, trader: Person) -> None:
    clock = trader.trading.get_clock()
    assert clock.is_open
    assert clock.timestamp < clock.next_close
    assert clock.timestamp < clock.next_open
    served.call(served.session.move(SessionState.PAUSED))
    try:
        paused = trader.trading.get_clock()
        assert not paused.is_open
        assert paused.timestamp == trader.trading.get_clock().timestamp
        with pytest.raises(APIError) as error:
            trader.limit("AAPL", "buy", 1, 90)
        assert code_of(error.value) == (403, 40310000)
    finally:
        served.call(served.session.move(SessionState.OPEN))
    assert "wall_timestamp" in trader.trading.get("/clock")


def test_calendar_has_hours_and_minutes_alone(trader: Person) -> None:
    days = trader.trading.get_calendar(GetCalendarRequest(start=date(2026, 1, 5), end=date(2026, 1, 11)))
    assert [day.date.weekday() for day in days][:5] == [0, 1, 2, 3, 4]
    assert all(day.open.second == 0 for day in days)
    assert trader.trading.get_calendar()
    assert trader.trading.get_calendar(GetCalendarRequest(start=date(2026, 1, 9), end=date(2026, 1, 5))) == []
    with pytest.raises(APIError) as error:
        trader.trading.get("/calendar", {"start": "someday"})
    assert code_of(error.value) == (422, 42210000)


def test_watchlists_are_made_changed_and_deleted(trader: Person) -> None:
    trading = trader.trading
    assert trading.get_watchlists() == []
    made = trading.create_watchlist(CreateWatchlistRequest(name="mine", symbols=["SPY", "AAPL"]))
    assert [asset.symbol for asset in made.assets] == ["SPY", "AAPL"]
    assert [each.id for each in trading.get_watchlists()] == [made.id]
    changed = trading.update_watchlist_by_id(made.id, UpdateWatchlistRequest(name="ours", symbols=["SPY"]))
    assert (changed.name, [asset.symbol for asset in changed.assets]) == ("ours", ["SPY"])
    added = trading.add_asset_to_watchlist_by_id(made.id, "SIM/USD")
    assert [asset.symbol for asset in added.assets] == ["SPY", "SIM/USD"]
    dropped = trading.remove_asset_from_watchlist_by_id(made.id, "SPY")
    assert [asset.symbol for asset in dropped.assets] == ["SIM/USD"]
    assert trading.get_watchlist_by_id(made.id).name == "ours"
    assert trading.get("/watchlists:by_name", {"name": "ours"})["id"] == str(made.id)
    with pytest.raises(APIError) as error:
        trading.create_watchlist(CreateWatchlistRequest(name="ours", symbols=[]))
    assert code_of(error.value) == (422, 40010001)
    with pytest.raises(APIError) as error:
        trading.add_asset_to_watchlist_by_id(made.id, "NOPE")
    assert code_of(error.value) == (404, 40410000)
    trading.delete_watchlist_by_id(made.id)
    with pytest.raises(APIError) as error:
        trading.get_watchlist_by_id(made.id)
    assert code_of(error.value) == (404, 40410000)


def test_watchlists_are_private_and_on_disk(served: Served, trader: Person, maker: Person) -> None:
    made = trader.trading.create_watchlist(CreateWatchlistRequest(name="private", symbols=["SPY"]))
    assert maker.trading.get_watchlists() == []
    with pytest.raises(APIError):
        maker.trading.get_watchlist_by_id(made.id)
    assert (served.server.settings.data / "alpaca.db").exists()
