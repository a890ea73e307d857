"""The scripted day: every rule has its turn, and the numbers are those worked out by hand.

It runs over the twin and over the kernel, which must agree event by event.
"""

from functools import cache

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.twins.compare import describe_event
from tests.twins.desk import BOTH, exchange_class
from workbench.domain.codes import EventKind, Reason
from workbench.domain.records import Records
from workbench.engine.auctions import auction_names
from workbench.engine.explain import Explanation, explain, named_order
from workbench.engine.sentences import fields_of, sentence
from workbench.engine.words import Words
from workbench.session.scenario import Scenario, read_scenario

NOT_MAIN = (
    "ORDER_",
    "TRADE",
    "QUOTE",
    "POSITION_CHANGED",
    "AUCTION_INDICATIVE",
    "PHASE_SCHEDULED",
    "PRICE_LIMITS_CHANGED",
)

BREACH = "is let through: gross exposure to acme could reach"
LIQUIDATED = (
    "LIQUIDATION: carl's position in ACME (unrealised -2,080.00) is closed by order 28: "
    "equity 4,419.00 is below 4,480.00 required, the margin call ended at 10:10:00"
)
OF_GROUP = "another order of its group traded or ended"
MOC = "sell 300 ACME market, cls"
ADJUSTED = "buy 600 ACME at 69.50, gtc (before it 300 open at 139.00)"


@cache
def scenario() -> Scenario:
    return read_scenario(ROOT / "data" / "scenarios" / "rule_book.toml")


@cache
def events_by(which: str) -> Records:
    return exchange_class(which)(scenario().venue).step(scenario().commands)


def words(events: Records) -> Words:
    return Words(scenario().venue, scenario().zone, scenario().names, auction_names(events))


def told(events: Records) -> list[str]:
    known = words(events)
    return [f"{known.clock(int(event['time_ns']))} {sentence(event, known)}" for event in events]


def story(which: str, name: str) -> Explanation:
    events = events_by(which)
    number = named_order(events, scenario().names, name)
    return explain(events, number, scenario().venue, zone=scenario().zone, names=scenario().names)


def test_twin_and_kernel_tell_the_same_day() -> None:
    twin, kernel = (events_by(which) for which in BOTH)
    for one, two in zip(twin, kernel, strict=False):
        assert describe_event(np.array([one])) == describe_event(np.array([two]))
    assert twin.tobytes() == kernel.tobytes()


@pytest.mark.parametrize("which", BOTH)
def test_the_main_events_of_the_day(which: str) -> None:
    events = events_by(which)
    main = [
        line
        for event, line in zip(events, told(events), strict=True)
        if not EventKind(event["kind"]).name.startswith(NOT_MAIN)
    ]
    assert main == [
        "09:00:00 ACME collects orders before the opening by instructor",
        "09:20:00 ACME enters its opening auction by instructor",
        "09:30:00 ACME trades continuously now as scheduled",
        # At 150.20 and above 300 (market) + 500 are wanted and 500 + 200 offered: 700 trade, 100 buyers are
        # left. Below 150.20 only 500 are offered; of 150.20 ... 150.30 the nearest to the reference of 150.
        "09:30:00 ACME: opening auction uncrossed 700 at 150.20, imbalance 100 to buy",
        "09:40:00 ACME halted by instructor",
        "09:42:00 ACME enters its reopening auction by instructor",
        "09:45:00 ACME trades continuously now by instructor",
        # Wanted: 200 up to 149.50, the iceberg's 800 up to 149.00. Offered: 300 from 149.20. The last price
        # is 149.00, so of 149.20 ... 149.50 it is the lowest.
        "09:45:00 ACME: reopening auction uncrossed 200 at 149.20, imbalance 100 to sell",
        # Ten trades since 09:55, eight at 149 and two at 145: the mean is 148.20, less 5 % (7.41) is 140.79.
        "10:00:00 ACME enters its reopening auction: a price limit was reached, then continuous at 10:05:00",
        # Bob short: 700 + 300 + 350 + 200 + 850 + 350 = 2,750 sold, with 100 + 100 + 50 + 400 more on offer.
        f"10:03:00 bob's order 26 {BREACH} 3,400 weighted lots, above 3,000",
        "10:05:00 ACME trades continuously now after the price limit pause",
        # Wanted 500 at 140.00; offered 50 from 139.00 and 400 from 140.00.
        "10:05:00 ACME: reopening auction uncrossed 450 at 140.00, imbalance 50 to buy",
        # Carl: 6,500 - 200 x 150.40 - 1 = -23,581 of cash, 200 x 140 = 28,000 of stock. 16 % of it is 4,480.
        "10:05:00 MARGIN CALL: carl's equity 4,419.00 is below 4,480.00 required; until 10:10:00",
        # Dora holds 2,650 and bids for 50 + 300 + 300.
        f"10:07:00 dora's order 27 {BREACH} 3,300 weighted lots, above 3,000",
        # 200 x (140.00 - 150.40) = -2,080.
        f"10:10:00 {LIQUIDATED}",
        # 50 x 140.00 + 150 x 139.50 = 27,925, less the fee of 1 and the debt of 23,581.
        "10:10:00 margin call met: carl's equity 4,343.00 reaches 0.00 required",
        # The cash of all is worked out in `test_cash_and_positions_at_the_end`.
        "10:20:00 bob pays 500.00: fine; cash 1,471,272.00",
        "15:50:00 ACME enters its closing auction by instructor",
        "16:00:00 ACME closed by instructor",
        # 300 at market are offered. Wanted from 139.51 on: 200 + 150, of which 50 are left over; up to 139.50
        # dora's 150 come in and 200 would be. The last price is 139.50, so it is the lowest of them.
        "16:00:00 ACME: closing auction uncrossed 300 at 139.51, imbalance 50 to buy",
        # Ann: 300 + 100 - 100 + 50 + 200. Dora: all that was sold less what she sold. Bob: the others' minus.
        "16:15:00 ann receives 137.50: dividend of 0.25 on 550 ACME; cash 119,180.50",
        "16:15:00 bob pays 775.00: dividend of 0.25 on short 3,100 ACME; cash 1,456,545.00",
        "16:15:00 dora receives 637.50: dividend of 0.25 on 2,550 ACME; cash 625,907.50",
        "16:30:00 ACME split 2 for 1: last price 69.75 now, prices from 5.00 to 200.00",
    ]


@pytest.mark.parametrize("which", BOTH)
def test_what_was_refused_held_and_triggered(which: str) -> None:
    lines = told(events_by(which))
    for line in (
        "09:34:00 ann's order 10 (ann-stop): triggers at 148.50, number 2 of group ann-target",
        "09:36:00 eve's order 12 (eve-buy): refused: it requires 15,001.00 and the account has 1,000.00 free",
        "09:38:00 dora's order 8 (dora-iceberg): shows its next 100, queued behind 50, 900 left",
        "09:41:00 ann's order 16 (ann-halted): refused: the instrument is halted: only cancels are taken",
        "09:55:00 ann's order 10 (ann-stop): triggered: last price 145.00 reached 148.50",
        f"09:55:00 ann's order 9 (ann-target): 100 of 100 cancelled: {OF_GROUP}",
        "10:00:00 ACME: price limits 140.79 to 155.61, around 148.20",
        "10:30:00 ann's order 14 (ann-gtd): 10 of 10 expired: its time was over",
        f"15:00:00 dora's order 29 (dora-moc): {MOC}, held until the closing auction begins",
        "15:50:00 dora's order 29 (dora-moc): sell 300 ACME market, cls, waits for the auction",
        f"16:30:00 dora's order 22 (dora-gtc): adjusted by the split: {ADJUSTED}",
    ):
        assert line in lines
    rejected = [
        fields_of(event)["reason"] for event in events_by(which) if event["kind"] == EventKind.ORDER_REJECTED
    ]
    assert rejected == [Reason.INSUFFICIENT_BUYING_POWER, Reason.INSTRUMENT_HALTED]


@pytest.mark.parametrize("which", BOTH)
def test_cash_and_positions_at_the_end(which: str) -> None:
    """Position and cash after an account's last trade, dividend or split."""
    last: dict[str, tuple[int, float]] = {}
    known = scenario().venue
    positions: dict[int, int] = {}
    for event in events_by(which):
        fields = fields_of(event)
        if event["kind"] == EventKind.POSITION_CHANGED:
            positions[fields["account"]] = fields["position_lots"]
        if event["kind"] in (EventKind.POSITION_CHANGED, EventKind.CASH_CHANGED) and fields["account"] > 1:
            name = known.accounts[fields["account"] - 2].name
            last[name] = (positions[fields["account"]], fields["cash_micros"] / 10**6)
    assert last == {
        # 200,000 - 300 x 150.20 - 100 x 150.40 - 50 x 149 + 100 x 145 - 200 x 139.51 - 5 fees + 137.50
        "ann": (1_100, 119_180.50),
        # 1,000,000 + 500 x 150.20 + 200 x 150.20 + 300 x 150.40 + 100 x 150.30 + 250 x 149 + 200 x 149.20
        # + 800 x 149 + 50 x 145 + 150 x 145 + 200 x 141 + 450 x 140 - 100 x 139.51 - 9 fees - 500 - 775
        "bob": (-6_200, 1_456_545.00),
        "carl": (0, 4_343.00),
        # 1,000,000 - 400 x 150.20 - 100 x 150.30 - 1,000 x 149 - 200 x 149.20 - 300 x 145 - 200 x 141
        # - 500 x 140 - 150 x 139.50 + 300 x 139.51 - 8 fees + 637.50
        "dora": (5_100, 625_907.50),
    }


@pytest.mark.parametrize("which", BOTH)
def test_one_filled_one_queued_one_refused_and_one_liquidated(which: str) -> None:
    iceberg = story(which, "dora-iceberg")
    assert (iceberg.filled_lots, iceberg.open_lots, len(iceberg.stays)) == (1_000, 0, 10)
    assert [stay.ahead_lots for stay in iceberg.stays[:3]] == [0, 50, 0]

    queued = story(which, "dora-gtc")
    assert [(stay.price_ticks, stay.still_ahead_lots) for stay in queued.stays] == [
        (13_900, 100),
        (6_950, 200),
    ]
    assert "The rest: 600 still open, 200 ahead of it." in str(queued)

    refused = story(which, "eve-buy")
    assert "Refused by the rule INSUFFICIENT_BUYING_POWER; nothing changed." in str(refused)

    liquidated = story(which, "liquidation")
    assert liquidated.liquidation is not None
    assert liquidated.liquidation.equity_micros == 4_419_000_000
    assert (
        "Entered by the exchange to close carl's position: the margin call of 10:05:00 (equity 4,419.00, "
        "4,480.00 required) was not met by 10:10:00, and equity 4,419.00 was below 4,480.00 required."
    ) in str(liquidated)
    assert "Filled: 200 of 200 at 139.625 on average" in str(liquidated)
    assert "MARGIN CALL: carl's equity 4,419.00" in str(story(which, "carl-target"))


@pytest.mark.parametrize("which", BOTH)
def test_what_the_other_orders_of_a_group_did(which: str) -> None:
    target, stop = story(which, "ann-target"), story(which, "ann-stop")
    assert (target.reason, target.group, stop.group) == (Reason.GROUP, (10, 11), (9, 11))
    text = str(target)
    assert "ann's order 11 (ann-entry): bought 100 at 150.40" in text
    assert "ann's order 10 (ann-stop): triggered: last price 145.00 reached 148.50" in text
    assert stop.active_ns == stop.fills[0].time_ns
    assert "100 in auctions" not in text
    assert "Filled: 300 of 300 at 150.20 on average, 300 in auctions, fees 1.00." in str(
        story(which, "ann-open")
    )
