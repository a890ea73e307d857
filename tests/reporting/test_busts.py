"""Reports of days with busted trades: all of an instrument, all of the day, one leg, beside fines."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from dashboards.reporting import prelude
from dashboards.reporting.common import days_of
from dashboards.reporting.sections import Figure, Head
from tests.reporting.conftest import record
from workbench.analytics.summary import summary
from workbench.reporting import render
from workbench.reporting.days import Days
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import stored_recording

NAMES = ("ann", "bob", "carl")
MARKET = """
title = "Busts"
zone = "America/New_York"
date = 2025-03-18
[venue]
kept_trades = 100
[[instrument]]
symbol = "AAPL"
price_min = 100
price_max = 200
fees = { taker_bps = "1" }
[[instrument]]
symbol = "MSFT"
price_min = 100
price_max = 200
[[account]]
name = "ann"
cash = 50_000
[[account]]
name = "bob"
cash = 500_000
short_permitted = true
margin = true
[[account]]
name = "carl"
cash = 500_000
short_permitted = true
margin = true
"""
LINE = '{{ at = "2025-03-{day}T09:{minute}:00", {rest} }},\n'


def deal(day: int, minute: int, buyer: str, seller: str, symbol: str, price: float) -> str:
    """A trade of 100: the seller's order rests, the buyer takes it a minute later."""
    order = f'symbol = "{symbol}", quantity = 100, price = {price}'
    return LINE.format(
        day=day, minute=minute, rest=f'do = "sell", account = "{seller}", {order}'
    ) + LINE.format(day=day, minute=minute + 1, rest=f'do = "buy", account = "{buyer}", {order}')


def bust(day: int, minute: int, trade: int) -> str:
    return LINE.format(day=day, minute=minute, rest=f'do = "bust_trade", trade = {trade}')


AAPL, MSFT = deal(18, 30, "ann", "bob", "AAPL", 150), deal(18, 32, "carl", "bob", "MSFT", 150)
BACK = deal(18, 34, "bob", "ann", "AAPL", 151)
FINE = LINE.format(day=18, minute=41, rest='do = "fine", account = "ann", amount = 100')
FEE = LINE.format(
    day=18, minute=29, rest='do = "set_fee", account = "ann", symbol = "AAPL", fee = "taker_bps", value = 500'
)
CLOSE = LINE.format(day=18, minute=59, rest='do = "set_phase", phase = "closed", symbol = "all"')
SESSIONS = {
    "only": AAPL + MSFT + bust(18, 40, 1) + CLOSE,
    "every": AAPL + MSFT + bust(18, 40, 1) + bust(18, 40, 2) + CLOSE,
    "leg": AAPL + MSFT + BACK + bust(18, 40, 3) + CLOSE,
    "first-leg": AAPL + MSFT + BACK + bust(18, 40, 1) + CLOSE,
    "fined": AAPL + MSFT + bust(18, 40, 1) + FINE + CLOSE,
    "feed": FEE + AAPL + MSFT + bust(18, 40, 1) + FINE + CLOSE,
    "only-fine": FINE + CLOSE,
    "fined-first": FINE.replace("T09:41", "T09:30") + AAPL + CLOSE,
    "days": AAPL + MSFT + bust(18, 40, 1) + deal(19, 30, "ann", "bob", "MSFT", 149),
}
REPORTS = [
    value
    for name, value in vars(prelude).items()
    if name.startswith(("pnl_", "drawdown_", "execution_", "class_", "trade_"))
]


@pytest.fixture(scope="module")
def busts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("busts")
    for name, script in SESSIONS.items():
        record(root, name, f"script = [\n{script}]\n{MARKET}")
    return root


def said(days: Days) -> str:
    """All that the four reports say of these days."""
    parts: list[str] = []
    for report in REPORTS:
        shown = report(days)
        if isinstance(shown, Head):
            parts.append(shown.headline)
        elif isinstance(shown, Figure):
            parts.append(shown.sentence)
            shown.plain()
    prelude.foot(days, "net_pnl", "max_drawdown").plain()
    return "\n".join(parts)


@pytest.mark.parametrize("account", [*NAMES, ""])
@pytest.mark.parametrize("name", list(SESSIONS))
def test_every_report_speaks_of_what_stands(busts: Path, name: str, account: str) -> None:
    days = days_of(name, account, "" if account else "all", "", "", str(busts))
    sentences = said(days)
    if name == "every" or (account == "ann" and name in ("only", "fined", "feed")):
        assert not days.traded
        assert "what was filled was taken back" in sentences
        assert ("came fines \N{MINUS SIGN}100.00 USD" in sentences) == (name in ("fined", "feed"))
    if name == "only-fine" and account:
        assert "sent no order: there is no" in sentences
        assert ("came fines \N{MINUS SIGN}100.00 USD" in sentences) == (account == "ann")
    if not account:
        # Who was on both sides of what stands: nobody's gain but another's loss, fees and fines apart.
        apart = float(days.table("cash")["amount"].sum()) - sum(each.value("fees") or 0.0 for each in days)
        assert sum(each.value("net_pnl") or 0.0 for each in days) == pytest.approx(apart, abs=1e-6)


def test_a_fall_at_the_first_instant_began_there(busts: Path) -> None:
    (fall,) = days_of("fined-first", "", "all", "", "", str(busts)).drawdowns.iter_rows(named=True)
    # The fine at the first instant and a fee a minute later, of two accounts: carl sent no order.
    assert f"{fall['peak_time'].astimezone(ZoneInfo('America/New_York')):%H:%M:%S}" == "09:30:00"
    assert (fall["peak"], fall["depth"], fall["fall_s"]) == (550_000, -101.5, 60.0)
    assert fall["depth_share"] == pytest.approx(-101.5 / 550_000)


def test_days_of_sessions_with_busts_beside_each_other(busts: Path) -> None:
    for account in (*NAMES, ""):
        given = (account, "" if account else "all", "2025-03-18", "2025-03-19", str(busts))
        days = days_of("", *given)
        assert len(days.dates) == 2
        assert said(days)


@pytest.mark.parametrize("name", ["daily_pnl", "drawdown", "execution_quality", "class_summary"])
def test_each_report_is_rendered(busts: Path, tmp_path: Path, name: str) -> None:
    for place, given in enumerate(
        (
            {"session": "only", "account": "ann"},
            {"session": "only", "class_id": "all"},
            {"account": "bob", "first_day": "2025-03-18"},
        )
    ):
        report = render(name, {"data": str(busts), **given}, tmp_path / str(place), timeout_s=120)
        assert report.summary["empty"] == (place == 0)


@pytest.mark.parametrize("name", list(SESSIONS))
def test_the_review_and_its_statistics_take_what_stands(busts: Path, name: str) -> None:
    day = ReviewDay(stored_recording(name, busts))
    for account in (2, 3, 4):
        review = Review(day, account)
        trading, standing = review.trading(), review.fills().filter(~pl.col("busted"))
        orders = review.orders()
        assert orders["filled"].sum() == standing["quantity"].sum()
        assert orders["fees"].sum() == pytest.approx(standing["fee"].sum(), abs=1e-6)
        slipped = trading.execution.slippage
        assert slipped["filled"].sum() == standing["quantity"].sum()
        assert slipped["participation"].is_between(0, 1).all()
        assert trading.execution.shortfall["fees"].sum() <= standing["fee"].sum()
        assert trading.execution.account("total") == pytest.approx(review.equity()["pnl"][-1], abs=1e-6)
        assert set(orders.filter(pl.col("first_fill").is_not_null())["order_id"]) == set(standing["order_id"])
        for number, symbol in enumerate(("AAPL", "MSFT")):
            stands = len(day.prints.market_trades(number)) > 0
            assert (review.candles(symbol).height > 0) == stands
            assert (review.book(symbol, day.end_ns).last_price is not None) == stands
        assert summary(trading.trades).height > 0
        assert summary(trading.execution).height > 0
