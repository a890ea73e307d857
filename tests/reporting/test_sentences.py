"""Sentences of reports where there is little to say: one account, one trade, all alike, all losing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.reporting import prelude
from dashboards.reporting.common import days_of
from dashboards.reporting.sections import Figure, Head
from tests.reporting.conftest import record
from workbench.reporting.days import Days

NAMES = ("ann", "bob", "carl", "mia")
HEAD = """
title = "Few"
zone = "America/New_York"
date = 2025-03-18

[[instrument]]
symbol = "ACME"
price_min = 1
price_max = 200
fees = {{ maker_bps = "{fee}", taker_bps = "{fee}" }}
"""
ACCOUNT = '[[account]]\nname = "{}"\ncash = 100_000\n'
TRADE = """
{{ at = "2025-03-18T09:{minute}:00", do = "{there}", account = "mia", {order} }},
{{ at = "2025-03-18T09:{minute}:10", do = "{here}", account = "{name}", {order} }},
"""
ORDER = 'symbol = "ACME", quantity = 10, price = {}'
STARTS = ("pnl_", "drawdown_", "execution_", "class_")
REPORTS = [value for name, value in vars(prelude).items() if name.startswith(STARTS)]
ODD = re.compile(r"[-+]0\.00 |\b1 (accounts|trades|orders|fills|falls)\b|\bno (times|accounts)\b")


def session(fee: str, **trades: tuple[float, float]) -> str:
    """A session in which these people buy from mia and sell to her, at these prices."""
    minute, lines = 31, []
    for name, prices in trades.items():
        for here, there, price in zip(("buy", "sell"), ("sell", "buy"), prices, strict=True):
            order = ORDER.format(price)
            lines.append(TRADE.format(name=name, here=here, there=there, order=order, minute=minute))
            minute += 1
    accounts = "".join(ACCOUNT.format(name) for name in (*trades, "mia"))
    return f"script = [{''.join(lines)}]\n{HEAD.format(fee=fee)}{accounts}"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("few")
    record(root, "mixed", session("0", ann=(100, 99), bob=(100, 99), carl=(100, 100)))
    record(root, "losers", session("1", ann=(100, 100), bob=(100, 100)))
    return root


def days(root: Path, name: str, account: str = "") -> Days:
    return days_of(name, account, "" if account else "all", "", "", str(root))


def sentences(found: Days) -> Iterator[tuple[str, str]]:
    """Each with the function that says it; minus signs as they are typed."""
    for make in REPORTS:
        made = make(found)
        said = made.headline if isinstance(made, Head) else made.sentence if isinstance(made, Figure) else ""
        if said:
            yield make.__name__, said.replace("\N{MINUS SIGN}", "-")


def test_one_account(few: Path) -> None:
    said = dict(sentences(days(few, "mixed", "ann")))
    assert said["class_head"] == "ann, the only account, lost 10.00 USD."
    assert said["class_table"] == "It is one account."
    assert said["class_spread"] == "The only account came to -10.00 USD."
    assert said["class_activity"] == "ann alone traded, 1,990.00 USD; there were no fees."
    assert said["class_instruments"] == "Only ACME was traded; it came to -10.00 USD."
    assert (
        said["pnl_head"] == "ann lost 10.00 USD, -0.01 % of the capital, in 1 trade that ended, without fees."
    )
    assert said["pnl_over_time"].startswith("Profit stood lowest at -10.00 USD at 09:32, and ended at")
    assert said["pnl_by_trade"] == "It was one trade, which came to -10.00 USD."
    assert (
        said["drawdown_over_time"]
        == "Equity was once below an earlier peak, and it ended 10.00 USD below its peak."
    )
    assert said["drawdown_episodes"] == "It fell once, by 10.00 USD."
    assert said["execution_costs"] == "Nothing cost anything."
    assert said["execution_outcomes"] == "Both orders traded in full."


def test_nothing_was_made(few: Path) -> None:
    said = dict(sentences(days(few, "mixed", "carl")))
    assert said["pnl_head"] == "carl came out even, in 1 trade that ended, without fees."
    assert said["class_head"] == "carl, the only account, came out even."
    assert said["drawdown_over_time"] == "Equity was never below an earlier peak, and it ended at its peak."


def test_some_are_alike(few: Path) -> None:
    said = dict(sentences(days(few, "mixed")))
    assert (
        said["class_head"]
        == "4 accounts came out even together; 1 ended ahead, and mia did best with +20.00 USD."
    )
    assert said["drawdown_by_account"].startswith("The largest are ann's and bob's with -10.00 USD, ")


def test_all_lose_and_the_least_losers_are_alike(few: Path) -> None:
    said = dict(sentences(days(few, "losers")))
    assert said["class_head"] == (
        "3 accounts lost 0.80 USD together; none ended ahead, and ann and bob lost least, each with "
        "-0.20 USD."
    )
    assert said["class_risk"].startswith("Nobody who was ever below a peak ended ahead; ")
    assert said["pnl_by_account"].startswith("None of 3 accounts ended ahead; ")


@pytest.mark.parametrize("account", ["", *NAMES])
def test_nothing_reads_oddly(few: Path, account: str) -> None:
    for name in ("mixed", "losers"):
        if name == "losers" and account == "carl":
            continue
        for where, sentence in sentences(days(few, name, account)):
            assert not sentence[0].islower() or sentence.startswith(NAMES), (where, sentence)
            assert sentence.endswith("."), (where, sentence)
            assert not ODD.search(sentence), (where, sentence)
