"""What account routes answer."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from workbench.api.native.model import Model, example


class LimitsOut(Model):
    """Limits of an account; 0 is none. Quantities are lots, amounts currency."""

    model_config: ClassVar[ConfigDict] = example(
        max_order_lots=1000,
        max_order_notional=50000.0,
        position_limit_lots=5000,
        max_open_orders=100,
        orders_per_second=20,
        order_burst=40,
        max_daily_loss=10000.0,
        max_drawdown=0.0,
    )
    max_order_lots: int
    max_order_notional: float
    position_limit_lots: int
    max_open_orders: int
    orders_per_second: int
    order_burst: int
    max_daily_loss: float
    max_drawdown: float


class FeesOut(Model):
    """What an account pays in an instrument; rates (`_bps`) are basis points, amounts currency."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="ACME",
        maker_per_lot=-0.002,
        taker_per_lot=0.003,
        maker_bps=0.0,
        taker_bps=0.0,
        per_order=0.0,
        minimum_per_order=0.0,
        cap_bps=0.0,
    )
    symbol: str
    maker_per_lot: float
    taker_per_lot: float
    maker_bps: float
    taker_bps: float
    per_order: float
    minimum_per_order: float
    cap_bps: float


class AccountOut(Model):
    """An account at its marks. `realised` counts by average cost, `realised_fifo` by lots in their order.

    `buying_power` is what is free for new orders. `day_equity` is what it was worth when the day began, with
    deposits and withdrawals since then; `peak_equity` what a drawdown is measured from, null where no limit
    or margin has it watched.
    """

    model_config: ClassVar[ConfigDict] = example(
        account=4,
        name="seat-3",
        user="ann",
        state="active",
        suspended_for="none",
        cash=97995.0,
        equity=100010.0,
        buying_power=97992.5,
        start_cash=100000.0,
        day_equity=100000.0,
        peak_equity=None,
        pnl=10.0,
        long_value=2015.0,
        short_value=0.0,
        unrealised=10.0,
        realised=0.0,
        realised_fifo=0.0,
        fees=0.5,
        deposits=0.0,
        withdrawals=0.0,
        initial_margin=1007.5,
        maintenance_margin=503.75,
        margin_call=False,
        call_deadline=None,
        open_orders=1,
        limits={
            "max_order_lots": 0,
            "max_order_notional": 0.0,
            "position_limit_lots": 0,
            "max_open_orders": 0,
            "orders_per_second": 0,
            "order_burst": 1,
            "max_daily_loss": 0.0,
            "max_drawdown": 0.0,
        },
        fee_schedules=[],
        time="2025-03-18T13:30:00.000000000Z",
        seq=90210,
    )
    account: int
    name: str
    user: str
    state: str
    suspended_for: str
    cash: float
    equity: float
    buying_power: float
    start_cash: float
    day_equity: float
    peak_equity: float | None
    pnl: float
    long_value: float
    short_value: float
    unrealised: float
    realised: float
    realised_fifo: float
    fees: float
    deposits: float
    withdrawals: float
    initial_margin: float
    maintenance_margin: float
    margin_call: bool
    call_deadline: str | None
    open_orders: int
    limits: LimitsOut
    fee_schedules: list[FeesOut]
    time: str
    seq: int


class PositionOut(Model):
    """What an account holds of an instrument; a short position is negative."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        quantity=100.0,
        cost=2005.0,
        average_price=20.05,
        mark=20.15,
        value=2015.0,
        unrealised=10.0,
        realised=0.0,
        realised_fifo=0.0,
        fees=0.5,
        traded=100.0,
        updated="2025-03-18T13:30:00.000000000Z",
    )
    symbol: str
    quantity: float
    cost: float
    average_price: float | None
    mark: float | None
    value: float
    unrealised: float
    realised: float
    realised_fifo: float
    fees: float
    traded: float
    updated: str | None


class PositionsOut(Model):
    """All positions, flat ones that were traded too."""

    model_config: ClassVar[ConfigDict] = example(
        positions=[], time="2025-03-18T13:30:00.000000000Z", seq=90210
    )
    positions: list[PositionOut]
    time: str
    seq: int


class FillOut(Model):
    """One fill of an own order. A negative fee is a rebate.

    `busted_reason` is why its trade was busted; empty where it was not, or nobody said why.
    """

    model_config: ClassVar[ConfigDict] = example(
        seq=90211,
        time="2025-03-18T13:30:00.000000000Z",
        order=4711,
        symbol="HARBOR",
        side="buy",
        price=20.05,
        quantity=100.0,
        fee=0.5,
        trade=345,
        maker=True,
        leaves=0.0,
        position=100.0,
        busted=False,
        busted_reason="",
    )
    seq: int
    time: str
    order: int
    symbol: str
    side: str
    price: float
    quantity: float
    fee: float
    trade: int
    maker: bool
    leaves: float
    position: float
    busted: bool
    busted_reason: str


class FillsOut(Model):
    """A page of fills, the newest first; `next` goes into `before` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(fills=[], next=None)
    fills: list[FillOut]
    next: int | None


class CashOut(Model):
    """Money other than a trade's.

    `reason` is what kind of money it is, and `text` why whoever moved it says they did; empty where nobody
    said.
    """

    model_config: ClassVar[ConfigDict] = example(
        seq=90300,
        time="2025-03-18T13:31:00.000000000Z",
        reason="fine",
        symbol="",
        amount=-50.0,
        cash=97945.0,
        text="quoted no market for ten minutes",
    )
    seq: int
    time: str
    reason: str
    symbol: str
    amount: float
    cash: float
    text: str


class CashListOut(Model):
    """Money other than trades', in order."""

    model_config: ClassVar[ConfigDict] = example(changes=[])
    changes: list[CashOut]


class EquityOut(Model):
    """What the account was worth through the session: columns of one length."""

    model_config: ClassVar[ConfigDict] = example(
        time=["2025-03-18T13:30:00.000000000Z"], equity=[100010.0], cash=[97995.0]
    )
    time: list[str]
    equity: list[float]
    cash: list[float]


class ClosePosition(Model):
    """How much of a position to close: all of it unless a quantity or a percentage is given."""

    model_config: ClassVar[ConfigDict] = example(percentage="50")
    quantity: str = Field(default="", max_length=40)
    percentage: str = Field(default="", max_length=40)
