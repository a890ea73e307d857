"""What if: tiny sessions whose numbers are worked out by hand, and what must hold of any session."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.codes import EventKind, OrderType, Phase, Side, TimeInForce
from workbench.domain.commands import (
    batch,
    cancel_order,
    clock,
    mass_cancel,
    new_order,
    replace_order,
    schedule_phase,
    set_phase,
    transfer_cash,
)
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.margin import MarginRates
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.session.changes import changes_of
from workbench.session.whatif import WhatIf, compare

S = 1_000_000_000
ANN, BOB, CARL, DORA = 2, 3, 4, 5


def venue(**fees: str) -> Venue:
    stock = Instrument("ACME", "1", "1000", fees=FeeSchedule(**fees))
    return Venue([stock], [Account(name, 1_000_000) for name in ("ann", "bob", "carl", "dora")])


def buy(at_s: float, account: int, lots: int, ticks: int = 0) -> Records:
    return new_order(int(at_s * S), account, 0, Side.BUY, lots, ticks)


def sell(at_s: float, account: int, lots: int, ticks: int = 0) -> Records:
    return new_order(int(at_s * S), account, 0, Side.SELL, lots, ticks)


def asked(commands: list[Records], place: Venue | None = None, **wanted: object) -> WhatIf:
    place = venue() if place is None else place
    return compare(place, batch(commands), changes_of(place, **wanted))


def of(made: WhatIf, table: str, measure: str, *owner: str) -> tuple[object, object, object]:
    frame = getattr(made, table).filter(measure=measure)
    for name, value in zip(
        ("account", "symbol") if table == "positions" else (frame.columns[0],), owner, strict=True
    ):
        frame = frame.filter(**{name: value})
    assert len(frame) == 1
    return frame.select("recorded", "what_if", "difference").row(0)


# A book of 10.00 to 10.02 and behind that 10.06. Ann takes the 100 at 10.02 with a market order at second 10.
# The middle is 10.01 before and without her, (10.00 + 10.06) / 2 = 10.03 with her: 2 ticks more. At second 30
# bob asks 10.02 again, and the prices meet, 20 seconds after her fill.
TAKEN = [
    buy(1, BOB, 100, 1000),
    sell(2, BOB, 100, 1002),
    sell(3, BOB, 100, 1006),
    buy(10, ANN, 100),
    sell(30, BOB, 50, 1002),
    buy(110, CARL, 10, 999),
]


def test_the_impact_of_one_market_order() -> None:
    made = asked(TAKEN, without="ann")
    assert (made.left_out, made.delayed, made.missed) == (1, 0, 0)
    row = made.impact.to_dicts()[0]
    assert row["fills"] == 1
    # From second 10 to 110: 2 ticks for 20 seconds of 100.
    assert row["average"] == pytest.approx(0.4)
    assert row["moved_share"] == pytest.approx(0.2)
    assert (row["largest"], row["end"]) == (2.0, 0.0)
    assert row["largest_time"].timestamp() == 10
    assert row["largest_bp"] == pytest.approx(2 / 1001 * 10_000)
    assert row["meets_after_seconds"] == 20
    assert row["equal_since"].timestamp() == 30
    after = {each["seconds"]: each for each in made.after_fills.to_dicts()}
    assert (after[1.0]["ticks"], after[10.0]["ticks"], after[60.0]["ticks"]) == (2.0, 2.0, 0.0)
    assert after[1.0]["basis_points"] == pytest.approx(2 / 1001 * 10_000)
    # 300 seconds after her fill the session is over.
    assert (after[300.0]["fills"], after[300.0]["ticks"]) == (0, None)


def test_an_impact_is_signed_by_the_side_of_the_fill() -> None:
    # The mirror image: ann sells the 100 that are bid at 10.00; behind it 9.96 is bid: the middle falls by 2.
    made = asked(
        [
            sell(1, BOB, 100, 1002),
            buy(2, BOB, 100, 1000),
            buy(3, BOB, 100, 996),
            sell(10, ANN, 100),
            buy(400, CARL, 1, 990),
        ],
        without=["ann"],
    )
    assert made.impact["end"][0] == -2.0
    assert made.impact["meets_after_seconds"][0] is None
    assert made.impact["equal_since"][0] is None
    assert made.after_fills["ticks"].to_list() == [2.0] * 4


def test_what_others_get_without_an_account() -> None:
    # Ann buys bob's 100 at 10.02 and sells 40 of them to carl at 10.10; without her carl buys them of bob.
    commands = [sell(1, BOB, 100, 1002), buy(10, ANN, 100), buy(20, CARL, 40, 1010), sell(21, ANN, 40, 1010)]
    made = asked(commands, without="ann")
    # At the last price of 10.10: 40 x 0.08 realised, 60 x 0.08 unrealised.
    assert of(made, "accounts", "realised", "ann") == (3.2, 0.0, 3.2)
    assert of(made, "accounts", "unrealised", "ann") == (4.8, 0.0, 4.8)
    assert of(made, "accounts", "net", "ann") == (8.0, 0.0, 8.0)
    assert of(made, "accounts", "fills", "ann") == (2.0, 0.0, 2.0)
    assert of(made, "positions", "position", "ann", "ACME") == (60.0, 0.0, 60.0)
    assert of(made, "positions", "average_buy", "ann", "ACME") == (10.02, None, None)
    assert of(made, "positions", "average_buy", "carl", "ACME") == (10.1, 10.02, 0.08)
    assert of(made, "instruments", "trades", "ACME") == (2.0, 1.0, 1.0)


def test_a_cancel_by_id_means_the_same_order() -> None:
    # Ids in the recording: ann 1, bob 2, carl 3. Without ann bob's order is 1 and carl's 2; bob's cancel of
    # "order 2" must not hit carl's.
    commands = [
        buy(1, ANN, 10, 990),
        buy(2, BOB, 20, 991),
        buy(3, CARL, 30, 992),
        cancel_order(4 * S, BOB, order_id=2),
        cancel_order(5 * S, CARL, order_id=3, quantity_lots=10),
        cancel_order(6 * S, BOB, order_id=1),
    ]
    made = asked(commands, without="ann")
    # The last one named ann's order, which was not bob's to cancel; without her there is no such order.
    assert made.missed == 1
    assert of(made, "accounts", "cancelled", "bob") == (1.0, 1.0, 0.0)
    assert of(made, "accounts", "refused_changes", "bob") == (1.0, 1.0, 0.0)
    assert made.what_if.instruments["bid_lots"].tolist() == [20]
    assert made.what_if.instruments["bid_price_ticks"].tolist() == [992]


def test_a_replaced_order_is_still_the_same_order() -> None:
    # Bob's order 2 becomes 3 by a replace, carl's is 4; without ann they are 1, 2 and 3. Bob cancels 3.
    commands = [
        buy(1, ANN, 10, 990),
        buy(2, BOB, 20, 991),
        replace_order(3 * S, BOB, order_id=2, price_ticks=993),
        buy(4, CARL, 30, 992),
        cancel_order(5 * S, BOB, order_id=3),
    ]
    made = asked(commands, without="ann")
    assert made.missed == 0
    assert made.what_if.instruments["bid_lots"].tolist() == [30]


def test_an_order_may_be_replaced_in_one_run_and_not_in_the_other() -> None:
    # With ann 60 of bob's 100 trade, and a total of 50 is below that: refused. Without her the replace is
    # accepted, order 1 lives on under another id, and bob's cancel of order 1 must still end it.
    commands = [
        sell(1, BOB, 100, 1000),
        buy(2, ANN, 60, 1000),
        replace_order(3 * S, BOB, order_id=1, quantity_lots=50),
        cancel_order(4 * S, BOB, order_id=1),
    ]
    made = asked(commands, without="ann")
    assert of(made, "accounts", "refused_changes", "bob") == (1.0, 0.0, 1.0)
    assert of(made, "accounts", "cancelled", "bob") == (1.0, 1.0, 0.0)
    assert made.missed == 0
    assert made.what_if.instruments["ask_lots"].tolist() == [0]


def test_a_stale_id_stays_stale() -> None:
    # Bob replaces order 1 (now 2) and then cancels 1, which is refused; nothing changed means refused again.
    commands = [
        buy(1, BOB, 20, 991),
        replace_order(2 * S, BOB, order_id=1, price_ticks=993),
        cancel_order(3 * S, BOB, order_id=1),
    ]
    made = asked(commands)
    assert made.identical
    assert of(made, "accounts", "refused_changes", "bob") == (1.0, 1.0, 0.0)
    assert made.what_if.instruments["bid_lots"].tolist() == [20]


def test_latency_costs_an_order_its_place() -> None:
    # Ann bids at 1.0 s, bob at 1.2 s at the same price; dora sells 10 at 2 s. 500 ms later ann is behind.
    commands = [buy(1, ANN, 10, 1000), buy(1.2, BOB, 10, 1000), sell(2, DORA, 10, 1000)]
    made = asked(commands, latency="500ms", latency_of="ann")
    assert (made.left_out, made.delayed) == (0, 1)
    assert of(made, "positions", "position", "ann", "ACME") == (10.0, 0.0, 10.0)
    assert of(made, "positions", "position", "bob", "ACME") == (0.0, 10.0, -10.0)
    # All traders equally late is no change but in time.
    later = asked(commands, latency=500_000_000)
    assert later.delayed == 3
    assert of(later, "positions", "position", "ann", "ACME") == (10.0, 10.0, 0.0)
    assert later.what_if.end_ns == 2_500_000_000
    assert not later.identical


def test_cancels_are_late_too() -> None:
    # Ann cancels 100 ms before dora sells; 200 ms later her cancel finds nothing to cancel.
    commands = [buy(1, ANN, 10, 1000), cancel_order(int(1.9 * S), ANN, order_id=1), sell(2, DORA, 10, 1000)]
    made = asked(commands, latency="200ms", latency_of=["ann"])
    assert of(made, "accounts", "cancelled", "ann") == (1.0, 0.0, 1.0)
    assert of(made, "accounts", "fills", "ann") == (0.0, 1.0, -1.0)
    assert made.missed == 1


def test_fees_change_what_is_earned_and_nothing_else() -> None:
    # Ann takes 100 at 10.02, which is 1,002.00: a taker fee of 10 basis points is 1.002; bob as maker gets 5.
    made = asked(TAKEN, fees="maker=-5,taker=10")
    assert of(made, "accounts", "net", "ann") == (0.0, -1.002, 1.002)
    assert of(made, "accounts", "fees", "ann") == (0.0, 1.002, -1.002)
    assert of(made, "accounts", "fees", "bob") == (0.0, -0.501, 0.501)
    assert of(made, "accounts", "net", "house") == (0.0, 0.501, -0.501)
    assert made.impact["moved_share"][0] == 0
    frames = made.instruments
    assert (frames["recorded"] == frames["what_if"]).all()


def test_money_given_by_the_instructor_stays() -> None:
    made = asked([*TAKEN, transfer_cash(200 * S, ANN, 5_000_000)], without="ann")
    assert made.left_out == 1
    assert of(made, "accounts", "net", "ann") == (0.0, 0.0, 0.0)
    assert made.what_if.accounts["cash_micros"][ANN] == 1_000_005_000_000


def test_a_mass_cancel_of_the_account_is_left_out_with_its_orders() -> None:
    made = asked([buy(1, ANN, 5, 900), mass_cancel(2 * S, ANN), buy(3, BOB, 1, 900)], without="ann")
    assert made.left_out == 2
    # In place of both it is the account's empty mass cancel that lets time pass.
    assert made.what_if.commands == 3
    assert made.what_if.events == asked([buy(3, BOB, 1, 900)]).recorded.events


def test_the_path_at_regular_times() -> None:
    made = asked(TAKEN, without="ann")
    path = made.path("ACME", 3)
    # The session is seconds 1 to 110; the spans end at 37.33, 73.67 and 110.
    assert [time.timestamp() for time in path["time"]] == pytest.approx([37.333333, 73.666667, 110])
    assert path["recorded"].to_list() == [10.01] * 3
    assert path["furthest"].to_list() == [2.0, 0.0, 0.0]
    steps = made.prices("ACME")
    assert steps.filter(steps["ticks"] == 2.0)["recorded"].to_list() == [10.03]


def test_time_passes_without_the_account_too() -> None:
    # Bob and carl meet in an opening auction that is scheduled to end at second 900; the only command after
    # that is ann's. Without her bids nobody else's order ends, but bob's good-till-date order does.
    commands = [
        set_phase(1 * S, Phase.OPENING_AUCTION),
        buy(2, BOB, 100, 1000),
        sell(2, CARL, 100, 1000),
        new_order(
            3 * S,
            DORA,
            0,
            Side.BUY,
            5,
            900,
            time_in_force=TimeInForce.GTD,
            expire_time_ns=950 * S,
        ),
        schedule_phase(4 * S, Phase.CONTINUOUS, 900 * S),
        buy(1000, ANN, 100, 950),
    ]
    made = asked(commands, without="ann")
    assert made.what_if.end_ns == made.recorded.end_ns == 1000 * S
    assert of(made, "instruments", "volume", "ACME") == (100.0, 100.0, 0.0)
    assert of(made, "positions", "position", "bob", "ACME") == (100.0, 100.0, 0.0)
    assert made.what_if.orders(EventKind.ORDER_EXPIRED)["account"].tolist() == [DORA]
    # The fills have the times that they had.
    assert np.array_equal(made.recorded.fills()["time_ns"], made.what_if.fills()["time_ns"])


def test_passing_time_looks_after_no_margins_and_charges_no_interest() -> None:
    # Bob owes money overnight, and his stock falls so far that a CLOCK would call for margin and then sell.
    margin = MarginRates(200_000, maintenance_long_ppm=150_000)
    stock = Instrument("ACME", "1", "1000", margin=margin)
    accounts = [
        Account("ann", 1_000_000),
        Account("bob", 1_000, margin=True),
        Account("carl", 1_000_000),
        Account("dora", 1_000_000),
    ]
    place = Venue([stock], accounts, debit_interest_ppm_year=73_000, start_time_ns=1)
    day_s = 86_400
    commands = [
        sell(1, DORA, 400, 1000),
        buy(2, BOB, 400, 1000),
        buy(3, DORA, 100, 880),
        sell(4, CARL, 10, 880),
        buy(5 * day_s, ANN, 1, 500),
        buy(6 * day_s, ANN, 1, 500),
    ]
    made = asked(commands, place, without="ann")
    assert made.what_if.end_ns == 6 * day_s * S
    for number in (BOB, CARL, DORA):
        assert made.recorded.accounts[number] == made.what_if.accounts[number]
        assert made.recorded.worth[number] == made.what_if.worth[number]
    with_clock = asked([*commands[:-1], clock(6 * day_s * S)], place, without="ann")
    assert with_clock.what_if.accounts["cash_micros"][BOB] != made.what_if.accounts["cash_micros"][BOB]


def test_both_runs_are_measured_up_to_the_same_time() -> None:
    # Ann's bid is the last command, 98 seconds after the book was there; without her the spread is the same 2
    # ticks until then, and both are averaged over the same time.
    made = asked([buy(1, BOB, 5, 1000), sell(2, BOB, 5, 1002), buy(100, ANN, 1, 900)], without="ann")
    assert made.end_ns == made.what_if.end_ns == made.recorded.end_ns
    assert of(made, "instruments", "spread", "ACME") == (0.02, 0.02, 0.0)


def test_a_move_at_the_very_end_is_told() -> None:
    made = asked([buy(1, BOB, 5, 1000), sell(2, CARL, 5, 1002), buy(10, ANN, 5, 1001)], without="ann")
    assert not made.same_prices("ACME")
    row = made.impact.to_dicts()[0]
    assert (row["end"], row["largest"], row["largest_time"].timestamp()) == (0.5, 0.5, 10)
    assert made.path("ACME", 2)["furthest"].to_list() == [0.0, 0.5]


def test_a_price_that_only_one_run_has_is_told() -> None:
    # Ann's is the only bid for 30 of 40 seconds; at second 32 bob bids 9.98 behind her 10.00.
    commands = [buy(2, ANN, 5, 1000), sell(2, CARL, 5, 1002), buy(32, BOB, 5, 998), clock(42 * S)]
    made = asked(commands, without="ann")
    assert not made.same_prices("ACME")
    row = made.impact.to_dicts()[0]
    assert (row["recorded_only_share"], row["what_if_only_share"]) == (0.75, 0.0)
    assert (row["average"], row["moved_share"]) == (1.0, 1.0)
    steps = made.prices("ACME").to_dicts()
    assert [(each["recorded"], each["what_if"]) for each in steps] == [(10.01, None), (10.01, 10.0)]
    # She takes the only ask at second 10 of 2 to 42: from then on only the what-if run has a price.
    taken = asked(
        [buy(2, BOB, 5, 1000), sell(2, CARL, 5, 1002), buy(10, ANN, 5), clock(42 * S)], without="ann"
    )
    row = taken.impact.to_dicts()[0]
    assert (row["recorded_only_share"], row["what_if_only_share"]) == (0.0, 1.0)
    assert (row["average"], row["largest"], row["moved_share"], row["equal_since"]) == (None,) * 4
    assert not taken.same_prices("ACME")


# ------------------------------------------------------------------ what must hold of any session

KINDS = ("buy", "sell", "cancel", "cut", "replace", "market")


@st.composite
def sessions(draw: st.DrawFn) -> list[Records]:
    """Orders of four accounts in a narrow book, and cancels and replaces of ids that may be anything."""
    made = []
    time_ns = 0
    for _ in range(draw(st.integers(1, 40))):
        time_ns += draw(st.integers(0, 3))
        account = draw(st.integers(ANN, DORA))
        kind = draw(st.sampled_from(KINDS))
        lots, ticks = draw(st.integers(1, 5)), draw(st.integers(1000, 1003))
        target = draw(st.integers(1, 30))
        if kind in ("buy", "sell"):
            side = Side.BUY if kind == "buy" else Side.SELL
            made.append(new_order(time_ns, account, 0, side, lots, ticks))
        elif kind == "market":
            made.append(
                new_order(
                    time_ns,
                    account,
                    0,
                    Side.SELL,
                    lots,
                    order_type=OrderType.MARKET,
                    time_in_force=TimeInForce.IOC,
                )
            )
        elif kind == "replace":
            made.append(
                replace_order(time_ns, account, order_id=target, quantity_lots=lots, price_ticks=ticks)
            )
        else:
            made.append(
                cancel_order(time_ns, account, order_id=target, quantity_lots=lots if kind == "cut" else 0)
            )
    return made


@given(sessions())
def test_nothing_changed_gives_the_same_events(commands: list[Records]) -> None:
    place = venue(taker_bps="0.3")
    made = asked(commands, place)
    assert made.identical
    assert made.missed == 0
    assert made.recorded.events == made.what_if.events
    assert (made.instruments["difference"].fill_null(0) == 0).all()


@given(sessions())
def test_an_account_that_only_failed_to_trade_changes_nothing(commands: list[Records]) -> None:
    # Dora asks far above the market, where nobody buys.
    commands = [each for each in commands if each["account"][0] != DORA]
    resting = [new_order(0, DORA, 0, Side.SELL, 1, 5000 + at) for at in range(3)]
    assert asked([*commands, mass_cancel(10_000, BOB)], without="dora").identical
    made = asked([*resting, *commands], without="dora")
    keys = ["trades", "volume", "vwap", "high", "low", "last"]
    rows = made.instruments.filter(made.instruments["measure"].is_in(keys))
    assert rows["recorded"].eq_missing(rows["what_if"]).all()


@given(sessions(), st.sampled_from(["ann", "bob"]), st.integers(0, 5))
def test_money_and_stock_are_conserved(commands: list[Records], name: str, latency: int) -> None:
    place = venue(taker_bps="0.3", maker_bps="-0.1")
    made = asked(commands, place, without=name, latency=latency)
    for trace in (made.recorded, made.what_if):
        assert trace.positions["position_lots"].sum() == 0
        assert trace.accounts["cash_micros"].sum() == 4 * 1_000_000_000_000
    number = place.account_number(name)
    assert not (made.what_if.fills()["account"] == number).any()
    net = made.accounts.filter(measure="net")
    assert net["recorded"].sum() == pytest.approx(0, abs=1e-6)
    assert net["what_if"].sum() == pytest.approx(0, abs=1e-6)


@given(sessions(), st.integers(1, 6))
def test_the_what_if_market_is_that_of_its_commands_alone(commands: list[Records], latency: int) -> None:
    """Without ids there is nothing to rename: the what-if run is a plain run of the altered commands."""
    plain = [each for each in commands if not each["order_id"][0]]
    place = venue()
    made = asked([*plain, mass_cancel(10_000, CARL)], place, without="ann", latency=latency)
    theirs, reached_ns = [], 0
    for at, each in enumerate([*plain, mass_cancel(10_000, CARL)]):
        late = each.copy()
        if each["account"][0] != ANN:
            late["time_ns"] += latency
            theirs.append((int(late["time_ns"][0]), at, late))
        elif each["time_ns"][0] > reached_ns:
            theirs.append((int(late["time_ns"][0]), at, clock(int(late["time_ns"][0]))))
        reached_ns = int(each["time_ns"][0])
    exchange = Exchange(place)
    exchange.step(batch([each for _, _, each in sorted(theirs, key=lambda one: one[:2])]))
    # In a venue without interest and margins a CLOCK does nothing but let time pass.
    assert made.what_if.state_hash == exchange.state_hash()


def test_every_command_may_depend_on_the_one_before() -> None:
    """A chain of replaces by id, each naming what the last one gave out, is followed to its end."""
    chain = [buy(1, ANN, 1, 900), buy(2, BOB, 100, 1000)]
    chain += [replace_order((3 + at) * S, BOB, order_id=2 + at, price_ticks=1001 + at) for at in range(200)]
    made = asked(chain, without="ann")
    assert made.missed == 0
    assert made.what_if.instruments["bid_price_ticks"].tolist() == [1200]
    assert np.all(np.diff(made.what_if.quotes(0)["bid_ticks"]) > 0)
