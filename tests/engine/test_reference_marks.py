import pytest

from tests.twins.desk import ANN, BOB, MONEY, STREET, Desk
from workbench.domain import commands as make
from workbench.domain.codes import Mark, Phase, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.engine.reference import ReferenceExchange
from workbench.engine.reference.marks import equity, mark, unrealised, value
from workbench.ledger.reference import Position

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, mode: ReplayMode = ReplayMode.RESPONSIVE, **settings: object) -> Desk:
    instrument = Instrument("ONE", "0.50", "2.00", **settings)  # type: ignore[arg-type]
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000)]
    return Desk(which, Venue([instrument], accounts, replay_mode=mode, excursions=True))


def twin_of(**settings: object) -> tuple[Desk, ReferenceExchange]:
    desk = desk_of("twin", **settings)  # type: ignore[arg-type]
    assert isinstance(desk.exchange, ReferenceExchange)
    return desk, desk.exchange


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int) -> None:
    desk.buy(buyer, lots, price)
    desk.sell(seller, lots, price)


def excursions(desk: Desk, account: int) -> tuple[int, int]:
    position = desk.position(account)
    return position.adverse_micros, position.favourable_micros


class TestMarks:
    def test_last(self) -> None:
        desk, twin = twin_of(reference_price="1.20")
        assert mark(twin, 0) == 120
        trade(desk, ANN, BOB, 1, 101)
        assert mark(twin, 0) == 101

    def test_mid_of_the_published_quote_else_last(self) -> None:
        desk, twin = twin_of(mark=Mark.MID)
        assert mark(twin, 0) == 0
        desk.sell(BOB, 1, 104)
        assert mark(twin, 0) == 0
        desk.buy(ANN, 1, 99)
        # (99 + 104) // 2.
        assert mark(twin, 0) == 101
        desk.buy(ANN, 1, 104)
        assert mark(twin, 0) == 104

    def test_close_is_the_last_price_when_the_phase_closed(self, which: str) -> None:
        desk, twin = twin_of(mark=Mark.CLOSE, reference_price="1.20")
        desk.do(make.set_phase(0, Phase.CLOSED))
        desk.do(make.set_phase(0, Phase.CONTINUOUS))
        trade(desk, ANN, BOB, 1, 101)
        assert mark(twin, 0) == 101
        desk.do(make.set_phase(0, Phase.CLOSED))
        desk.do(make.set_phase(0, Phase.CONTINUOUS))
        trade(desk, ANN, BOB, 1, 110)
        assert mark(twin, 0) == 101
        assert desk.row("instruments", instrument=0).close_price_ticks == 101
        other = desk_of(which)
        trade(other, ANN, BOB, 1, 101)
        other.do(make.set_phase(0, Phase.CLOSED))
        assert other.row("instruments", instrument=0).close_price_ticks == 0

    def test_values_are_rounded_down_on_both_sides(self) -> None:
        # One tick of one lot is worth 0.0000003.
        desk, twin = twin_of(lot_size="0.00003")
        trade(desk, ANN, BOB, 1, 101)
        ann, bob = (twin.ledger.positions[account, 0] for account in (ANN, BOB))
        # 101 * 0.3 = 30.3 micros.
        assert (value(twin, 0, ann), value(twin, 0, bob)) == (30, -31)
        assert (ann.cost_micros, bob.cost_micros) == (30, -30)
        assert (unrealised(twin, 0, ann), unrealised(twin, 0, bob)) == (0, -1)
        assert equity(twin, ANN) == 1_000_000_000

    def test_without_a_mark_a_position_is_worth_what_it_cost(self) -> None:
        _, twin = twin_of()
        assert value(twin, 0, Position(-5, -700)) == -700


class TestExcursions:
    def test_sampled_after_own_fills_and_at_clocks(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        assert excursions(desk, ANN) == excursions(desk, BOB) == (0, 0)
        # The street trades at 1.10: nothing is sampled before the clock, which sees 10 * 0.10.
        desk.history(Side.SELL, 1, 110, source_id=1)
        desk.execute(Side.BUY, 1, 110, source_id=1)
        assert excursions(desk, ANN) == (0, 0)
        desk.do(make.clock(0))
        assert excursions(desk, ANN) == (0, 1_000_000)
        assert excursions(desk, BOB) == (-1_000_000, 0)
        # Five more at 0.90: cost 14.50, worth 15 * 0.90 = 13.50.
        trade(desk, ANN, BOB, 5, 90)
        assert excursions(desk, ANN) == (-1_000_000, 1_000_000)
        assert excursions(desk, BOB) == (-1_000_000, 1_000_000)

    def test_flat_forgets_and_a_flip_begins_anew(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        trade(desk, ANN, BOB, 1, 120)
        # Cost 11.20; 11 * 1.20 = 13.20.
        assert excursions(desk, ANN) == (0, 2_000_000)
        trade(desk, BOB, ANN, 15, 90)
        # 11 closed, 4 short at 0.90 and worth as much.
        assert excursions(desk, ANN) == (0, 0)
        trade(desk, ANN, BOB, 1, 100)
        # 3 short at 0.90, worth 3.00.
        assert excursions(desk, ANN) == (-300_000, 0)
        trade(desk, ANN, BOB, 3, 80)
        assert (desk.position(ANN).position_lots, excursions(desk, ANN)) == (0, (0, 0))

    def test_a_partial_close_samples_what_is_left(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        trade(desk, BOB, ANN, 6, 110)
        # 4 left at 1.00, worth 4.40.
        assert excursions(desk, ANN) == (0, 400_000)

    def test_frozen_trades_of_our_own_do_not_move_the_mark(self, which: str) -> None:
        desk = desk_of(which, ReplayMode.FROZEN, reference_price="1.00")
        desk.history(Side.SELL, 10, 104, source_id=1)
        desk.buy(ANN, 10, 104)
        # Marked at the reference price: 10 * 0.04 lost. The street's are not kept.
        assert excursions(desk, ANN) == (-400_000, 0)
        assert excursions(desk, STREET) == (0, 0)
        # A split leaves half a lot, which is paid out.
        desk.do(make.split(0, 0, 1, 20))
        assert (desk.position(ANN).position_lots, excursions(desk, ANN)) == (0, (0, 0))

    def test_they_are_kept_only_where_the_venue_says_so(self, which: str) -> None:
        instrument = Instrument("ONE", "0.50", "2.00", reference_price="1.00")
        desk = Desk(which, Venue([instrument], [Account("ann", cash=1_000), Account("bob", cash=1_000)]))
        trade(desk, ANN, BOB, 10, 100)
        trade(desk, ANN, BOB, 1, 120)
        desk.do(make.clock(0))
        assert excursions(desk, ANN) == (0, 0)
