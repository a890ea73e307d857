"""Profit and loss by both methods, long and short, with multipliers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.domain.codes import Side
from workbench.domain.commands import batch, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.engine.exchange import Exchange
from workbench.engine.frames import Scales
from workbench.engine.portfolio import pnl_frame, positions_frame

VENUE = Venue(
    [Instrument("ES", "10", "50", tick_size="0.25", multiplier=50)],
    [Account("ann", cash=10_000_000), Account("bob", cash=10_000_000)],
)


def traded(*fills: tuple[Side, int, int]) -> Exchange:
    """Ann's trades: side, lots, price in ticks; a quote of 100 to 101 ticks stands at the end."""
    exchange = Exchange(VENUE)
    for time_ns, (side, lots, price) in enumerate(fills):
        other = Side.SELL if side == Side.BUY else Side.BUY
        exchange.step(
            batch([new_order(time_ns, 3, 0, other, lots, price), new_order(time_ns, 2, 0, side, lots)])
        )
    exchange.step(batch([new_order(99, 3, 0, Side.BUY, 1, 100), new_order(99, 3, 0, Side.SELL, 1, 101)]))
    return exchange


def pnl(exchange: Exchange) -> dict[str, float]:
    frame = pnl_frame(exchange.positions(2), exchange.instruments(), VENUE, Scales(VENUE))
    return frame.row(0, named=True)


def test_a_long_position() -> None:
    exchange = traded((Side.BUY, 2, 96), (Side.BUY, 2, 98), (Side.SELL, 1, 100))
    own = pnl(exchange)
    # A tick of one contract is 12.50. Average cost 97 ticks; FIFO sells what was bought at 96.
    assert (own["position"], own["average_price"]) == (3, 24.25)
    assert (own["realised_average"], own["realised_fifo"]) == (3 * 12.5, 4 * 12.5)
    assert own["unrealised_last"] == 3 * 3 * 12.5
    assert (own["mid_price"], own["unrealised_mid"]) == (25.125, 3 * 3.5 * 12.5)
    positions = positions_frame(exchange.positions(2), VENUE, Scales(VENUE))
    assert positions.select("position", "cost", "traded").rows() == [(3.0, 3 * 97 * 12.5, 5.0)]


def test_a_short_position() -> None:
    own = pnl(traded((Side.SELL, 2, 104)))
    assert (own["position"], own["average_price"]) == (-2, 26.0)
    assert (own["unrealised_last"], own["unrealised_mid"]) == (0, 2 * 3.5 * 12.5)


@given(
    st.lists(
        st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 9), st.integers(80, 120)),
        max_size=12,
    )
)
def test_it_is_the_money_made(fills: list[tuple[Side, int, int]]) -> None:
    exchange = traded(*fills)
    cash = exchange.accounts()["cash_micros"][2] / 1e6 - 10_000_000
    if not fills:
        return
    own = pnl(exchange)
    worth = own["position"] * own["last_price"] * 50
    assert own["net_last"] == pytest.approx(cash + worth)
    assert own["realised_average"] + own["unrealised_last"] == pytest.approx(cash + worth)


def test_no_position_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,bid,ask\n1714570200,1.00,1.01\n")
    market = wb.replay(tmp_path / "a.csv").run()
    assert market.pnl().is_empty()
    assert market.positions().columns[:3] == ["account", "symbol", "position"]
