"""Scripts: every command by every name, fields in people's units, and orders by name."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from tests.engine.two_sides import venue
from workbench.domain import commands as makers
from workbench.domain.codes import (
    CommandKind,
    LimitKind,
    OrderFlag,
    OrderType,
    Phase,
    SessionState,
    Side,
    TimeInForce,
)
from workbench.domain.commands import ALL
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND
from workbench.errors import ConfigError
from workbench.session.moments import Clock
from workbench.session.place import Lines
from workbench.session.script import Script
from workbench.session.verbs import verbs

CLOCK = Clock(date(2025, 3, 18), "America/New_York")
TWO = Venue(
    [Instrument("AAPL", "100", "200"), Instrument("BTC", "1", "1000", lot_size="0.1", tick_size="0.5")],
    [Account("ann"), Account("bob")],
)


def script(*entries: Any, where: Venue | None = None) -> Script:
    timed = [{"at": "09:30", **entry} if isinstance(entry, dict) else entry for entry in entries]
    return Script(where or venue(), CLOCK, timed, Lines("a.toml", ""))


def read(*entries: Any, where: Venue | None = None) -> np.ndarray[Any, Any]:
    return script(*entries, where=where).read()


def one(where: Venue | None = None, **entry: Any) -> Any:
    (command,) = read(entry, where=where)
    return command


@pytest.mark.parametrize("kind", CommandKind, ids=lambda kind: kind.name)
def test_every_command_is_reached_by_its_name(kind: CommandKind) -> None:
    verb = verbs()[kind.name.lower()]
    assert verb.kind == kind
    given = dict.fromkeys(verb.required, 1)
    command = one(do=kind.name.lower(), **given)
    assert (command["kind"], command["time_ns"]) == (kind, CLOCK.moment("09:30"))


@pytest.mark.parametrize("field", [name for name in COMMAND.names or () if name not in ("kind", "time_ns")])
def test_every_field_of_a_command_can_be_given(field: str) -> None:
    assert one(do="clock", **{field: 3})[field] == 3


def test_every_function_of_the_commands_is_reached() -> None:
    made = [name for name, make in vars(makers).items() if getattr(make, "__module__", "") == makers.__name__]
    assert {name for name in made if not name.startswith("_") and name != "batch"} <= set(verbs())


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("buy", CommandKind.NEW_ORDER),
        ("cancel", CommandKind.CANCEL_ORDER),
        ("replace", CommandKind.REPLACE_ORDER),
        ("execute", CommandKind.EXECUTE_ORDER),
        ("suspend", CommandKind.SUSPEND_ACCOUNT),
        ("reinstate", CommandKind.REINSTATE_ACCOUNT),
        ("kill", CommandKind.KILL_SWITCH),
        ("phase", CommandKind.SET_PHASE),
        ("price_band", CommandKind.SET_PRICE_BAND),
    ],
)
def test_short_names(word: str, kind: CommandKind) -> None:
    assert verbs()[word].kind == kind


def test_an_order_in_a_persons_words() -> None:
    command = one(
        do="Sell",
        account="bob",
        symbol="BTC",
        quantity="0.3",
        price="10.5",
        tif="gtc",
        post_only=True,
        self_trade_prevention="cancel both",
        where=TWO,
    )
    expected = makers.new_order(
        CLOCK.moment("09:30"),
        3,
        1,
        Side.SELL,
        3,
        21,
        time_in_force=TimeInForce.GTC,
        flags=OrderFlag.POST_ONLY,
        self_trade_prevention=4,  # type: ignore[arg-type]
    )
    assert command == expected[0]


def test_types_follow_the_price_unless_said() -> None:
    assert one(do="buy", account="ann", quantity=1)["order_type"] == OrderType.MARKET
    assert one(do="buy", account="ann", quantity=1, price=150)["order_type"] == OrderType.LIMIT
    stop = one(do="buy", account="ann", quantity=1, type="stop limit", price=150, trigger_price=151)
    assert (stop["order_type"], stop["trigger_price_ticks"]) == (OrderType.STOP_LIMIT, 15_100)


def test_units_and_times_of_the_other_fields() -> None:
    command = one(
        do="buy",
        account="ann",
        quantity=10,
        display=5,
        amount="1.5",
        expire_time="15:00",
        name="entry",
        group="entry",
        flags=["post_only", "reduce_only"],
    )
    assert (command["display_lots"], command["amount_micros"], command["group_id"]) == (5, 1_500_000, 1)
    assert command["expire_time_ns"] == CLOCK.moment("15:00")
    assert command["flags"] == OrderFlag.POST_ONLY | OrderFlag.REDUCE_ONLY
    assert command["client_order_id"] == 1
    assert one(do="clock", group=3)["group_id"] == 3
    _, leg = read({**BUY, "name": "entry"}, {**BUY, "name": "leg", "group": "entry"})
    assert (leg["group_id"], leg["client_order_id"]) == (1, 2)


def test_everything_and_everybody() -> None:
    assert one(do="kill_switch")["account"] == ALL
    assert one(do="kill", account="all")["account"] == ALL
    assert one(do="mass_cancel", account="ann")["instrument"] == ALL
    assert one(do="set_phase", phase="closed", where=TWO)["instrument"] == ALL
    closed = one(do="phase", phase="Closed", symbol="BTC", where=TWO)
    assert (closed["flags"], closed["instrument"]) == (Phase.CLOSED, 1)
    band = one(do="set_price_band", symbol="BTC", low=10, high=20, where=TWO)
    assert (band["price_ticks"], band["trigger_price_ticks"]) == (20, 40)
    street = one(do="execute", symbol="BTC", side="buy", quantity=1, price=10, where=TWO)
    assert (street["account"], street["quantity_lots"], street["flags"]) == (0, 10, OrderFlag.HISTORICAL)
    assert one(do="buy", account="street", quantity=1, price=150, historical=True)["flags"] == 4


def test_functions_that_are_added_later_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan_fine(
        time_ns: int, account: int, amount_micros: int, at_ns: int, mode: Phase = Phase.CLOSED
    ) -> Any:
        made = makers.clock(time_ns)
        made["amount_micros"], made["account"], made["expire_time_ns"] = amount_micros, account, at_ns
        made["flags"] = mode
        return makers.batch([made, makers.clock(time_ns)])

    plan_fine.__module__ = makers.__name__
    monkeypatch.setattr(makers, "plan_fine", plan_fine, raising=False)
    first, second = read({"do": "plan_fine", "account": "bob", "amount": "2.5", "when": "10:00"})
    assert (first["amount_micros"], first["account"], first["flags"]) == (2_500_000, 3, Phase.CLOSED)
    assert first["expire_time_ns"] == CLOCK.moment("10:00")
    assert second["kind"] == CommandKind.CLOCK
    with pytest.raises(ConfigError, match="has no when; plan_fine needs one"):
        read({"do": "plan_fine", "account": "bob", "amount": 1})


def test_orders_are_named() -> None:
    told = script(
        {"do": "buy", "account": "ann", "symbol": "BTC", "quantity": 1, "price": 10, "name": "first"},
        {"do": "buy", "account": "bob", "symbol": "AAPL", "quantity": 1, "client_order_id": 2},
        {"do": "sell", "account": "bob", "symbol": "BTC", "quantity": 1, "price": 20, "name": "second"},
        {"do": "cancel", "order": "first", "quantity": "0.5"},
        {"do": "replace", "order": "second", "price": 30, "new_name": "third"},
        {"do": "cancel", "order": "third"},
        {"do": "cancel", "order": 7, "account": "ann"},
        where=TWO,
    )
    commands = told.read()
    assert commands["client_order_id"].tolist() == [1, 2, 3, 1, 3, 4, 0]
    assert commands["account"].tolist() == [2, 3, 3, 2, 3, 3, 2]
    assert commands["instrument"].tolist() == [1, 0, 1, 1, 1, 1, 0]
    assert (commands["quantity_lots"][3], commands["new_client_order_id"][4]) == (5, 4)
    assert commands["order_id"][6] == 7
    assert told.names() == {(2, 1): "first", (3, 3): "second", (3, 4): "third"}


def test_times_go_on() -> None:
    entries = [{"at": "09:30", "do": "clock"}, {"do": "clock"}, {"at": "+1s", "do": "clock"}]
    times = Script(venue(), CLOCK, entries, Lines("a.toml", "")).read()["time_ns"]
    assert (times - times[0]).tolist() == [0, 0, 1_000_000_000]


BUY: dict[str, Any] = {"do": "buy", "account": "ann", "quantity": 1}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (3, "is 3, expected a table such as { at = ..., do = ... }"),
        ({}, 'does nothing; say do = "buy", "cancel", "clock", ...'),
        ({"do": "by"}, "do is 'by', which is no command; did you mean 'buy'?"),
        ({"do": 3}, "do is 3, which is no command; known are"),
        ({**BUY, "quantty": 1}, "'quantty' is unknown here; did you mean 'quantity'?"),
        ({"do": "buy", "account": "ann"}, "has no quantity; new_order needs one"),
        ({"do": "buy", "quantity": 1}, "has no account; new_order needs one"),
        (
            {**BUY, "account": "anne"},
            "account is 'anne', which this venue does not have; did you mean 'ann'",
        ),
        ({**BUY, "symbol": "MSFT"}, "symbol is 'MSFT', which this venue does not have; known are AAPL"),
        ({**BUY, "price": "150.255"}, "AAPL price: 150.255 is not a multiple of 0.01; round it first"),
        ({**BUY, "price": "much"}, "AAPL price: 'much' is not a number; give"),
        ({**BUY, "price": True}, "price is true, expected a number"),
        ({**BUY, "quantity": "0.5"}, "AAPL quantity: 0.5 is not a multiple of 1; round it first"),
        ({**BUY, "price": 150, "price_ticks": 1}, "price_ticks is given twice; leave out price_ticks"),
        ({**BUY, "side": "sell"}, "side is given twice; leave out side"),
        ({**BUY, "type": "limt"}, "type is 'limt', expected one of market, limit, stop"),
        ({**BUY, "post_only": 1}, "post_only is 1, expected true or false"),
        ({**BUY, "flags": ["fast"]}, "flags is 'fast', expected one of post_only"),
        ({**BUY, "client_order_id": "x"}, "client_order_id is 'x', expected a whole number"),
        ({**BUY, "name": 5}, "the name is 5, expected text"),
        ({**BUY, "name": "x", "client_order_id": 5}, "client_order_id is given twice; a name gives it one"),
        (
            {**BUY, "account": 1 << 40},
            "account: 1099511627776 does not fit, expected -2,147,483,648 to 2,1",
        ),
        ({"do": "clock", "group_id": 1 << 80}, "group_id is 1208925819614629174706176, which does not fit"),
        ({"do": "cancel", "order": "x"}, "no order above is called 'x'; there is none"),
        ({"do": "cancel", "order": True, "account": "ann"}, "order is true, expected a whole number"),
        (
            {"do": "replace", "account": "ann", "order": 1, "new_name": "x"},
            "new_name is for an order that has a name; say order = its name",
        ),
        ({"do": "set_phase", "phase": "shut"}, "phase is 'shut', expected one of continuous, closed"),
        ({**BUY, "at": "noon"}, "'noon' is no time; write"),
        ({**BUY, "at": "09:00"}, "its time 09:00 is before that of the entry above; put entries in order"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_sentence(entry: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read({"do": "clock"}, entry)
    place, said = str(refused.value).split(": ", 1)
    assert place.startswith("a.toml, [[script]] 2")
    assert said.startswith(sentence)


def test_names_are_taken_once() -> None:
    with pytest.raises(ConfigError, match="the name 'x' is taken by entry 1; choose another"):
        read({**BUY, "name": "x"}, {**BUY, "name": "x"})


def test_numbers_need_an_instrument() -> None:
    with pytest.raises(ConfigError, match="quantity needs a symbol to be counted by; say symbol"):
        read({**BUY, "price": 1}, where=TWO)
    with pytest.raises(ConfigError, match="quantity needs one symbol to be counted by"):
        read({**BUY, "price": 1, "symbol": "all"}, where=TWO)
    with pytest.raises(ConfigError, match="has no symbol; new_order needs one"):
        read({"do": "buy", "account": "ann", "quantity_lots": 1}, where=TWO)


def test_the_first_entry_has_a_time() -> None:
    with pytest.raises(ConfigError, match='has no time; begin with at = "09:30:00"'):
        Script(venue(), CLOCK, [{"do": "clock"}], Lines("a.toml", "")).read()


def test_money_for_each_unit_and_for_each_lot() -> None:
    assert one(do="dividend", amount="0.25", where=venue())["amount_micros"] == 250_000
    # A lot of BTC is a tenth of one.
    assert one(do="dividend", symbol="BTC", amount="0.25", where=TWO)["amount_micros"] == 25_000
    assert one(do="dividend", symbol="BTC", amount_per_lot="0.25", where=TWO)["amount_micros"] == 250_000
    assert one(do="dividend", micros_per_lot=7)["amount_micros"] == 7
    assert one(do="transfer_cash", account="ann", amount=-100)["amount_micros"] == -100_000_000
    assert one(do="fine", account="ann", amount="12.50")["amount_micros"] == 12_500_000


def test_a_trail_is_a_price_or_a_percentage() -> None:
    trailing: dict[str, Any] = {"do": "sell", "account": "ann", "quantity": 10, "type": "trailing stop"}
    command = one(**trailing, trail="0.50")
    assert (command["trigger_price_ticks"], command["amount_micros"]) == (50, 0)
    command = one(**trailing, trail="1%")
    assert (command["trigger_price_ticks"], command["amount_micros"]) == (0, 10_000)


def test_splits_are_ratios_whatever_a_lot_is() -> None:
    command = one(do="split", symbol="BTC", new=3, old=2, cancel_orders=True, where=TWO)
    assert (command["quantity_lots"], command["display_lots"], command["flags"]) == (3, 2, 1)
    with pytest.raises(ConfigError, match="'post_only' is unknown here"):
        one(do="split", symbol="BTC", new=3, old=2, post_only=True, where=TWO)


def test_places_in_a_group_are_counted() -> None:
    child: dict[str, Any] = {
        "do": "sell",
        "account": "ann",
        "quantity": 10,
        "price": 160,
        "group": "a",
        "group_child": True,
    }
    made = read(
        {**child, "name": "a"},
        {**child, "name": "b"},
        {"do": "buy", "account": "ann", "quantity": 10, "price": 150, "group": "a", "group_last": True},
    )
    assert made["group_id"].tolist() == [1, 1, 1]
    assert made["group_place"].tolist() == [1, 2, 3]
    assert made["flags"].tolist() == [OrderFlag.GROUP_CHILD, OrderFlag.GROUP_CHILD, OrderFlag.GROUP_LAST]
    assert one(**child, name="a", group_place=3)["group_place"] == 3


def test_phases_that_are_scheduled_and_rules_that_are_switched() -> None:
    command = one(do="schedule_phase", phase="continuous", when="+5min")
    assert command["expire_time_ns"] == CLOCK.moment("09:35")
    assert one(do="restrict_short_sales", restricted=True)["flags"] == 1
    assert one(do="restrict_short_sales", restricted=False, symbol="AAPL")["flags"] == 0
    command = one(do="auction_collar", low=140, high="150.50")
    assert (command["price_ticks"], command["trigger_price_ticks"]) == (14_000, 15_050)
    assert one(do="start_day")["account"] == ALL
    command = one(do="cross_orders", quantity=100, price=150)
    assert (command["quantity_lots"], command["price_ticks"]) == (100, 15_000)


def test_limits_are_given_as_in_the_settings_of_an_account() -> None:
    command = one(do="set_limit", account="ann", limit="max_drawdown", value="2_500.5".replace("_", ""))
    assert (command["group_place"], command["amount_micros"]) == (LimitKind.MAX_DRAWDOWN, 2_500_500_000)
    command = one(do="limit", account="all", value=40, limit_kind="position limit lots")
    assert (command["account"], command["group_place"]) == (ALL, LimitKind.POSITION_LIMIT_LOTS)
    assert command["quantity_lots"] == 40
    with pytest.raises(ConfigError, match=r"value is 2\.5, expected a whole number"):
        one(do="set_limit", account="ann", limit="max_open_orders", value=2.5)
    with pytest.raises(ConfigError, match="limit is 'drawdwn', expected one of max_order_lots"):
        one(do="set_limit", account="ann", limit="drawdwn", value=1)
    with pytest.raises(ConfigError, match="value needs a limit to be counted by"):
        one(do="set_limit", account="ann", value=1)
    with pytest.raises(ConfigError, match="has no value"):
        one(do="set_limit", account="ann", limit="order_burst")


def test_the_sessions_state_and_announcements() -> None:
    assert one(do="session_state", state="pre-open")["flags"] == SessionState.PRE_OPEN
    command = one(do="announce", number=3, symbol="AAPL")
    assert (command["order_id"], command["instrument"]) == (3, 0)
    assert one(do="announce", number=3)["instrument"] == ALL
