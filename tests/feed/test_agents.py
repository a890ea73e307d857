"""Seeded agents: their draws, the fundamental value, and a population on an exchange."""

import hashlib
from dataclasses import MISSING, fields, replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from workbench.domain.codes import CommandKind, EventKind, Side, TimeInForce
from workbench.domain.commands import batch, new_order
from workbench.domain.config import FIRST_TRADER, Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records
from workbench.engine.reference import ReferenceExchange
from workbench.errors import CommandError, ConfigError
from workbench.feed.agents.crew import Crew
from workbench.feed.agents.desk import Desk, Grid, Outbox
from workbench.feed.agents.draws import Draws
from workbench.feed.agents.fundamental import (
    SECOND_NS,
    FundamentalValue,
    MarketFactor,
    Session,
    ValueParameters,
)
from workbench.feed.agents.maker import Maker, MakerParameters
from workbench.feed.agents.market import QuoteFold
from workbench.feed.agents.noise import Crowd, NoiseParameters
from workbench.feed.agents.population import FIRST_CLIENT_ORDER_ID, SLICE_NS, Population, run
from workbench.feed.agents.seat import Seat
from workbench.feed.agents.trend import TrendFollower, TrendParameters
from workbench.feed.agents.value import ValueTrader, ValueTraderParameters

DRAW_SIGMAS = 5.0
"""How many standard errors the mean of many draws may be off; beyond five by chance once in two million."""

STREAM = [757, 49, 223, 566, 761, 716]
EXPONENTIALS = ["0x1.0482b8c7f390bp-1", "0x1.d5a271dec19abp-1", "0x1.39d6cf21c1219p-1"]
NORMALS = ["-0x1.11d6000000000p+0", "-0x1.c413000000000p+0"]
FIVE_MINUTES = "2f4774429b6f160a"
"""Digest of five minutes of commands; it changes when an agent's rule or a parameter does."""

DAY = Session(0, 23_400 * SECOND_NS)
STOCK = Instrument("HARBOR", "23", "92")
CREW = Crew(
    STOCK,
    4600,
    ValueParameters(76),
    makers=(MakerParameters(300), MakerParameters(200, half_spread=1.5, gap=2)),
    noise=(NoiseParameters(4.0),),
    trends=(TrendParameters(200, 3_000, entry=2.0),),
    values=(ValueTraderParameters(300, 6_000),),
)
KEPT_OPEN = ("client_order_id", "side", "price_ticks", "leaves_lots")


def one_minute(
    population: Population, exchange: ReferenceExchange, minutes: float = 1.0
) -> tuple[Records, Records]:
    runs = list(run(population, exchange, int(minutes * 60) * SECOND_NS))
    return np.concatenate([sent for sent, _ in runs]), np.concatenate([events for _, events in runs])


def bare(*instruments: Instrument) -> ReferenceExchange:
    return ReferenceExchange(Venue(instruments or (STOCK,), bare=True))


class TestDraws:
    def test_the_stream_is_the_same_on_every_machine(self) -> None:
        draws = Draws(20250318, "HARBOR/noise-1")
        assert [draws.below(1000) for _ in range(6)] == STREAM
        assert [draws.exponential().hex() for _ in range(3)] == EXPONENTIALS
        assert [draws.normal().hex() for _ in range(2)] == NORMALS

    def test_each_name_and_seed_has_its_own_stream(self) -> None:
        streams = {
            tuple(Draws(seed, name).bits() for _ in range(1)) for seed in (1, 2) for name in ("a", "b")
        }
        assert len(streams) == 4

    def test_moments(self) -> None:
        draws, count = Draws(1, "moments"), 100_000
        bound = DRAW_SIGMAS / count**0.5
        exponential = np.array([draws.exponential() for _ in range(count)])
        assert abs(exponential.mean() - 1) < bound
        assert abs((exponential > 1).mean() - np.exp(-1)) < bound
        assert abs((exponential > 4).mean() - np.exp(-4)) < bound
        normal = np.array([draws.normal() for _ in range(count)])
        assert abs(normal.mean()) < bound
        assert abs(normal.var() - 1) < 2 * bound
        fraction = np.array([draws.fraction() for _ in range(count)])
        assert abs(fraction.mean() - 0.5) < bound
        assert 0 <= fraction.min() < fraction.max() < 1
        whole = np.array([draws.below(7) for _ in range(count)])
        assert set(whole.tolist()) == set(range(7))
        assert abs(np.array([draws.sign() for _ in range(count)]).mean()) < bound
        assert abs(np.array([draws.chance(0.2) for _ in range(count)]).mean() - 0.2) < bound


class TestFundamentalValue:
    def value(self, seed: int = 1, **parameters: float) -> FundamentalValue:
        factor = MarketFactor(Draws(seed, "market"))
        return FundamentalValue(
            4600, 1, 10_000, DAY, ValueParameters(76, **parameters), factor, Draws(seed, "value")
        )

    def path(self, value: FundamentalValue) -> np.ndarray:
        steps = []
        for second in range(23_400):
            value.advance(second * SECOND_NS)
            steps.append(value.value_ticks)
        return np.array(steps)

    def test_it_does_not_matter_how_often_one_looks(self) -> None:
        often, once = self.value(), self.value()
        for time_ns in range(0, 600 * SECOND_NS, SECOND_NS // 3):
            often.advance(time_ns)
        often.advance(600 * SECOND_NS)
        once.advance(600 * SECOND_NS)
        assert often.value_ticks == once.value_ticks != 4600
        assert often.variance == once.variance

    def test_changes_cluster_and_have_fat_tails(self) -> None:
        changes = np.concatenate([np.diff(self.path(self.value(seed))[::60]) for seed in range(4)])
        size = abs(changes) - abs(changes).mean()
        assert (size[1:] * size[:-1]).mean() / size.var() > 3 / len(size) ** 0.5
        assert (changes**4).mean() / (changes**2).mean() ** 2 > 3.5

    def test_instruments_share_the_market(self) -> None:
        factor = MarketFactor(Draws(1, "market"))
        paths = []
        for name in ("a", "b"):
            parameters = ValueParameters(76, market_share=0.8, jumps_per_day=0)
            paths.append(
                np.diff(self.path(FundamentalValue(4600, 1, 10_000, DAY, parameters, factor, Draws(1, name))))
            )
        assert np.corrcoef(paths)[0, 1] > 0.4

    def test_it_stays_in_its_range(self) -> None:
        value = FundamentalValue(
            100, 98, 102, DAY, ValueParameters(500), MarketFactor(Draws(1, "m")), Draws(1, "v")
        )
        path = self.path(value)
        assert path.min() == 98
        assert path.max() == 102

    def test_the_day_is_u_shaped_with_mean_one(self) -> None:
        day = [DAY.activity(second * SECOND_NS) for second in range(23_401)]
        assert np.mean(day) == pytest.approx(1, abs=1e-3)
        assert min(day[0], day[-1]) > 2 * day[11_700]
        assert DAY.activity(-5) == day[0]
        assert DAY.volatility(0) > DAY.volatility(DAY.close_ns) > DAY.volatility(DAY.close_ns // 2)


class TestGridAndQuote:
    def test_prices_and_quantities_fit(self) -> None:
        grid = Grid(0, 101, 999, 5, 100, 1)
        assert (grid.round_down(104.9), grid.round_up(101.0), grid.round_down(105.0)) == (100, 105, 105)
        assert (grid.fit(Side.BUY, 3), grid.fit(Side.SELL, 1200)) == (105, 995)
        assert (grid.fit(Side.BUY, 504), grid.fit(Side.SELL, 504)) == (500, 505)
        assert [grid.round_quantity(lots) for lots in (3, 149, 151, 1000)] == [100, 100, 200, 1000]

    def test_the_middle_outlives_an_empty_side(self) -> None:
        quote = QuoteFold(100, 0.5)
        quote.quote(98, 5, 101, 5)
        quote.quote(0, 0, 101, 5)
        assert quote.mid_ticks == 99.5
        before = quote.volatility_ticks
        quote.second()
        quote.second()
        assert quote.volatility_ticks < before


class TestRules:
    """What each agent does, seen from its commands."""

    def build(
        self, kind: type, parameters: object, value_ticks: float = 4600
    ) -> tuple[Any, QuoteFold, Outbox]:
        outbox, grid = Outbox(), Grid(0, 2300, 9200, 1, 100, 1)
        quote = QuoteFold(4600, 0.5)
        quote.quote(4599, 500, 4601, 500)
        value = FundamentalValue(
            value_ticks, 1, 9999, DAY, ValueParameters(76), MarketFactor(Draws(1, "m")), Draws(1, "v")
        )
        seat = Seat("agent", Desk(grid, outbox, {}, 0, 1), quote, value, Draws(1, "agent"))
        return kind(seat, parameters), quote, outbox

    def answer(self, agent: Any) -> None:
        """All that was sent has been done."""
        for order in agent.desk.open.values():
            order.in_flight = False

    def sent(self, outbox: Outbox) -> dict[Side, list[tuple[int, int]]]:
        """Price and quantity of new orders by side."""
        rows = [row for row in outbox.rows if row[1] == CommandKind.NEW_ORDER]
        outbox.rows.clear()
        return {side: [(row[10], row[9]) for row in rows if row[2] == side] for side in (Side.BUY, Side.SELL)}

    def test_a_maker_quotes_both_sides(self) -> None:
        maker, _, outbox = self.build(Maker, MakerParameters(300, error=0))
        maker.wake(SECOND_NS)
        quotes = self.sent(outbox)
        bids, asks = ([price for price, _ in quotes[side]] for side in (Side.BUY, Side.SELL))
        assert bids == list(range(bids[0], bids[0] - 5, -1))
        assert asks == list(range(asks[0], asks[0] + 5))
        assert bids[0] < 4600 < asks[0]

    def test_a_maker_waits_for_answers(self) -> None:
        maker, _, outbox = self.build(Maker, MakerParameters(300))
        maker.wake(SECOND_NS)
        sent = len(outbox.rows)
        assert maker.wake(2 * SECOND_NS) > 2 * SECOND_NS
        assert len(outbox.rows) == sent

    def test_a_maker_follows_the_market(self) -> None:
        maker, quote, outbox = self.build(
            Maker, MakerParameters(300, error=0, refreshing=0, value_seconds=1e9)
        )
        maker.wake(SECOND_NS)
        before = self.sent(outbox)
        self.answer(maker)
        quote.quote(4609, 500, 4611, 500)
        maker.wake(300 * SECOND_NS)
        moved = [row for row in outbox.rows if row[1] == CommandKind.REPLACE_ORDER]
        cancelled = [row for row in outbox.rows if row[1] == CommandKind.CANCEL_ORDER]
        assert len(moved) + len(cancelled) == 10
        assert min(row[10] for row in moved) > before[Side.BUY][0][0]

    def test_a_maker_leans_against_its_inventory(self) -> None:
        tops = []
        for position_lots in (0, 3000):
            maker, _, outbox = self.build(Maker, MakerParameters(300, error=0, inventory_lots=1500))
            maker.desk.position_lots = position_lots
            maker.wake(SECOND_NS)
            quotes = self.sent(outbox)
            tops.append((quotes[Side.BUY][0][0], quotes[Side.SELL][0][0]))
        assert tops[1][0] == tops[0][0] - 2
        assert tops[1][1] == tops[0][1] - 2 or tops[1][1] == 4600

    def test_a_maker_is_thinner_and_wider_when_volatile(self) -> None:
        shown = []
        for volatility_ticks in (0.5, 3.0):
            maker, quote, outbox = self.build(Maker, MakerParameters(3000, error=0))
            quote.volatility_ticks = volatility_ticks
            maker.wake(SECOND_NS)
            quotes = self.sent(outbox)
            shown.append(
                (quotes[Side.SELL][0][0] - quotes[Side.BUY][0][0], sum(lots for _, lots in quotes[Side.BUY]))
            )
        assert shown[1][0] > shown[0][0] + 2
        assert shown[1][1] < shown[0][1] / 2

    def test_a_maker_takes_what_is_far_off_and_sells_off(self) -> None:
        maker, quote, outbox = self.build(Maker, MakerParameters(300, error=0, selling_share=1.0))
        quote.quote(4589, 500, 4591, 500)
        maker.wake(SECOND_NS)
        assert any(row[2] == Side.BUY and row[4] == TimeInForce.IOC for row in outbox.rows)
        maker, quote, outbox = self.build(Maker, MakerParameters(300, error=0, selling_share=1.0))
        maker.desk.position_lots = -9000
        maker.wake(SECOND_NS)
        assert [row[9] for row in outbox.rows if row[4] == TimeInForce.IOC] == [300]

    @pytest.mark.parametrize("direction", [1, -1])
    def test_a_trend_follower_follows_and_gets_out(self, direction: int) -> None:
        trend, quote, outbox = self.build(TrendFollower, TrendParameters(200, 1000))
        for second in range(1, 120):
            quote.quote(4599 + direction * second, 500, 4601 + direction * second, 500)
            trend.wake(second * SECOND_NS)
        with_it, against = (Side.BUY, Side.SELL) if direction > 0 else (Side.SELL, Side.BUY)
        sent = self.sent(outbox)
        assert sent[with_it]
        assert not sent[against]
        trend.desk.position_lots = 150 * direction
        for second in range(120, 2400):
            trend.wake(second * SECOND_NS)
        sent = self.sent(outbox)
        assert {lots for _, lots in sent[against]} <= {100, 150}
        assert sent[against]

    @pytest.mark.parametrize("direction", [1, -1])
    def test_a_value_trader_takes_only_what_is_mispriced(self, direction: int) -> None:
        far, _, outbox = self.build(
            ValueTrader, ValueTraderParameters(300, 1000, error=0), 4600 + 8 * direction
        )
        far.wake(SECOND_NS)
        sent = self.sent(outbox)
        side = Side.BUY if direction > 0 else Side.SELL
        assert len(sent[side]) == 1
        assert abs(sent[side][0][0] - 4600) <= 1 + 3
        far.desk.position_lots = 1000 * direction
        far.wake(2 * SECOND_NS)
        assert not any(self.sent(outbox).values())

        near, _, outbox = self.build(ValueTrader, ValueTraderParameters(300, 1000, error=0), 4601)
        near.wake(SECOND_NS)
        assert not outbox.rows
        near.desk.position_lots = 500
        near.wake(2 * SECOND_NS)
        assert self.sent(outbox)[Side.SELL] == [(4601, 300)]
        self.answer(near)
        near.wake(60 * SECOND_NS)
        assert outbox.rows[0][1] == CommandKind.CANCEL_ORDER

    def test_the_crowd_makes_and_takes_and_ends(self) -> None:
        crowd, quote, outbox = self.build(Crowd, NoiseParameters(50.0))
        time_ns = crowd.first_wake(0)
        for _ in range(3000):
            time_ns = crowd.wake(time_ns)
            self.answer(crowd)
        rows = np.array(outbox.rows)
        made = rows[(rows[:, 1] == CommandKind.NEW_ORDER) & (rows[:, 4] == TimeInForce.DAY)]
        taken = rows[(rows[:, 1] == CommandKind.NEW_ORDER) & (rows[:, 4] == TimeInForce.IOC)]
        assert 0.1 < len(taken) / len(made) < 0.4
        assert (made[made[:, 2] == Side.BUY, 10] < quote.ask_price_ticks).all()
        assert (made[made[:, 2] == Side.SELL, 10] > quote.bid_price_ticks).all()
        assert {CommandKind.CANCEL_ORDER, CommandKind.REPLACE_ORDER} <= set(rows[:, 1].tolist())
        assert 0.3 < (made[:, 9] == 100).mean() < 0.5
        assert 0.05 < (made[:, 9] % 100 != 0).mean() < 0.3
        quote.quote(0, 0, 4601, 5)
        outbox.rows.clear()
        for _ in range(200):
            time_ns = crowd.wake(time_ns)
        assert not any(row[1] == CommandKind.NEW_ORDER for row in outbox.rows)


class TestPopulation:
    def test_same_seed_same_commands(self) -> None:
        sent = [one_minute(Population([CREW], DAY, 7), bare())[0] for _ in range(2)]
        assert sent[0].tobytes() == sent[1].tobytes()
        other = one_minute(Population([CREW], DAY, 8), bare())[0]
        assert other.tobytes() != sent[0].tobytes()

    def test_commands_of_a_seed_never_change(self) -> None:
        sent, _ = one_minute(Population([CREW], DAY, 7), bare(), 5)
        assert sent.dtype == COMMAND
        assert hashlib.blake2b(sent.tobytes(), digest_size=8).hexdigest() == FIVE_MINUTES

    def test_one_more_agent_changes_no_others_draws(self) -> None:
        more = replace(CREW, trends=(*CREW.trends, TrendParameters(100, 1_000)), makers=CREW.makers[:1])
        few, many = Population([CREW], DAY, 7), Population([more], DAY, 7)
        first = {agent.name: agent.first_wake(0) for agent in few.agents}
        for agent in many.agents:
            assert first.get(agent.name, agent.first_wake(0)) >= 0
        shared = {agent.name for agent in few.agents} & {agent.name for agent in many.agents}
        assert shared == {f"HARBOR/{name}" for name in ("maker-1", "noise-1", "trend-1", "value-1")}
        again = Population([more], DAY, 7)
        assert {a.name: a.first_wake(0) for a in again.agents if a.name in shared} == {
            n: first[n] for n in shared
        }

    def test_times_never_fall_and_events_follow(self) -> None:
        sent, events = one_minute(Population([CREW], DAY, 7), bare())
        assert (np.diff(sent["time_ns"]) > 0).all()
        assert sent["time_ns"][-1] < 60 * SECOND_NS + SLICE_NS
        kinds = set(np.unique(events["kind"]).tolist())
        assert {
            EventKind.TRADE,
            EventKind.ORDER_CANCELED,
            EventKind.ORDER_REPLACED,
            EventKind.ORDER_REDUCED,
        } <= kinds
        assert EventKind.COMMAND_REJECTED not in kinds

    @pytest.mark.parametrize(
        "accounts", [{}, {"HARBOR/maker-1": FIRST_TRADER, "HARBOR/noise-1": FIRST_TRADER + 1}]
    )
    def test_agents_know_their_orders_and_positions(self, accounts: dict[str, int]) -> None:
        exchange = ReferenceExchange(
            Venue([STOCK], [Account("maker", cash_checked=False), Account("crowd", cash_checked=False)])
        )
        population = Population([CREW], DAY, 7, accounts=accounts)
        one_minute(population, exchange, 3)
        known = sorted(
            (order.client_order_id, order.side, order.price_ticks, order.leaves_lots)
            for agent in population.agents
            for order in agent.desk.open.values()
        )
        assert known == sorted(
            zip(*(exchange.state().orders[name].tolist() for name in KEPT_OPEN), strict=True)
        )
        assert sum(agent.desk.position_lots for agent in population.agents) == 0
        assert any(agent.desk.position_lots for agent in population.agents)
        booked = {int(p["account"]): int(p["position_lots"]) for p in exchange.state().positions}
        for agent in population.agents:
            if agent.name in accounts:
                assert booked[accounts[agent.name]] == agent.desk.position_lots

    def test_other_people_may_trade_with_agents(self) -> None:
        exchange = ReferenceExchange(Venue([STOCK], [Account("ann", 10_000_000)]))
        population = Population([CREW], DAY, 7)
        one_minute(population, exchange)
        quote = population.market.quotes[0]
        asked = quote.ask_price_ticks
        everything = batch([new_order(61 * SECOND_NS, FIRST_TRADER, 0, Side.BUY, quote.ask_lots, asked)])
        population.act(61 * SECOND_NS)
        population.observe(exchange.step(everything))
        assert population.market.quotes[0].ask_price_ticks > asked
        assert sum(agent.desk.position_lots for agent in population.agents) == -everything["quantity_lots"][0]

    def test_it_keeps_to_coarse_increments(self) -> None:
        coarse = Instrument(
            "COARSE",
            "10",
            "100",
            price_increment="0.05",
            quantity_increment=10,
            band_low="44",
            band_high="48",
        )
        crew = replace(CREW, instrument=coarse, value=ValueParameters(300))
        sent, events = one_minute(Population([crew], DAY, 7), bare(coarse), 3)
        assert (sent["price_ticks"] % 5 == 0).all()
        assert (sent["quantity_lots"] % 10 == 0).all()
        rejected = events["reason"][events["kind"] == EventKind.ORDER_REJECTED]
        assert len(rejected) < len(sent) / 50

    def test_it_stops_at_the_close(self) -> None:
        short = Session(0, 10 * SECOND_NS)
        population = Population([CREW], short, 7)
        sent, _ = one_minute(population, bare())
        assert sent["time_ns"].max() < short.close_ns + SLICE_NS
        assert len(population.act(20 * SECOND_NS)) == 0
        assert population.market.time_ns == short.close_ns

    def test_one_cannot_go_back(self) -> None:
        population = Population([CREW], DAY, 7)
        population.act(SECOND_NS)
        with pytest.raises(CommandError, match="before"):
            population.act(SECOND_NS - 1)

    def test_wrong_settings_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="seed is -1"):
            Population([CREW], DAY, -1)
        with pytest.raises(ConfigError, match="outside the band"):
            Population([replace(CREW, start_ticks=1)], DAY, 1)
        with pytest.raises(ConfigError, match="no agent is called 'ann'; known are HARBOR/maker-1"):
            Population([CREW], DAY, 1, accounts={"ann": 2})

    def test_ids_lie_above_those_of_history(self) -> None:
        sent, _ = one_minute(Population([CREW], DAY, 7), bare())
        assert sent["client_order_id"].min() >= FIRST_CLIENT_ORDER_ID
        assert (
            one_minute(Population([CREW], DAY, 7, first_client_order_id=1), bare())[0][
                "client_order_id"
            ].min()
            == 1
        )


@pytest.mark.parametrize(
    "parameters", [ValueParameters, MakerParameters, NoiseParameters, TrendParameters, ValueTraderParameters]
)
def test_every_parameter_is_documented_with_its_default(parameters: type) -> None:
    section = (ROOT / "docs" / "agents.md").read_text().split(f"| parameter of `{parameters.__name__}`")[1]
    rows = [
        line.strip("|").split("|") for line in section.split("\n\n")[0].splitlines() if line.startswith("| `")
    ]
    documented = {cells[0].strip(" `"): cells[1].strip() for cells in rows}
    shown = {
        field.name: "" if field.default is MISSING else str(field.default) for field in fields(parameters)
    }
    if parameters is ValueParameters:
        assert float(shown["reversion"]) == 1 / 1200
        shown["reversion"] = "1 / 1200"
    assert documented == shown


def test_the_example_in_the_documentation_runs() -> None:
    page = (ROOT / "docs" / "agents.md").read_text()
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    assert len(names["commands"]) > 0
    assert names["population"].market.time_ns == names["SESSION"].open_ns + names["MINUTE_NS"]
