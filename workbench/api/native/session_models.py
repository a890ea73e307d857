"""What session routes take and answer."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator

from workbench.api.native.model import Amount, Model, example

_SLOWEST, _FASTEST = 0.000001, 1_000_000
_TIME = "2025-03-18T13:30:00.000000000Z"
_SESSION: dict[str, Any] = {
    "name": "monday",
    "identity": "5b8f0b1e3f6a4d5c9a7e2c1d0f3b6a58",
    "title": "One quiet morning",
    "state": "open",
    "time": _TIME,
    "speed": 1.0,
    "epoch": "sim",
    "zone": "America/New_York",
    "opens": _TIME,
    "closes": "2025-03-18T20:00:00.000000000Z",
    "symbols": ["HARBOR"],
    "phases": {"HARBOR": "continuous"},
    "seats": 200,
    "seats_taken": 1,
    "seat": "seat-3",
    "commands": 12000,
    "seq": 90210,
    "failed": "",
    "classes": [{"class_id": "5d0c7a3e-6f2b-4a0e-9a63-1f7a0c9be3d1", "name": "Markets 101"}],
}

Name = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
Symbols: Any = Field(default_factory=list, max_length=1000)
Reason: Any = Field(default="", max_length=500)


class SessionClassOut(Model):
    """A class that a session is for."""

    model_config: ClassVar[ConfigDict] = example(**_SESSION["classes"][0])
    class_id: str
    name: str


class SessionOut(Model):
    """A session at a glance. `speed` is null for as fast as possible; `seat` is one's own account.

    `classes` are those that it is for, whose members alone see it; none: it is for everybody.
    """

    model_config: ClassVar[ConfigDict] = example(**_SESSION)
    name: str
    identity: str
    title: str
    state: str
    time: str
    speed: float | None
    epoch: str
    zone: str
    opens: str | None
    closes: str | None
    symbols: list[str]
    phases: dict[str, str]
    seats: int
    seats_taken: int
    seat: str | None
    commands: int
    seq: int
    failed: str
    classes: list[SessionClassOut]


class StoredOut(Model):
    """A session of the data root that does not run in this server."""

    model_config: ClassVar[ConfigDict] = example(
        name="friday", title="Friday's class", closed="complete", events=812345
    )
    name: str
    title: str
    closed: str
    events: int


class SessionsOut(Model):
    """Sessions that run here, and stored ones."""

    model_config: ClassVar[ConfigDict] = example(sessions=[_SESSION], stored=[])
    sessions: list[SessionOut]
    stored: list[StoredOut]


class CreateSession(Model):
    """A new session, from the text of a scenario, a file of the server's scenario folder, or a draft.

    `overrides` are settings in the place of the scenario's, by their path. `classes` are the ids of the
    classes that it is for, for good: their members alone see it and take seats, and their staff run it.
    """

    model_config: ClassVar[ConfigDict] = example(
        name="monday", file="morning.toml", overrides={"seats.count": 40, "live.speed": 2}, classes=[]
    )
    name: str = Name
    scenario: str = Field(default="", max_length=4_000_000)
    file: str = Field(default="", max_length=200)
    draft: str = Field(default="", max_length=100)
    overrides: dict[str, Any] = Field(default_factory=dict)
    classes: list[Annotated[str, Field(max_length=36)]] = Field(default_factory=list, max_length=100)


class CheckScenario(Model):
    """A scenario, as `POST /api/sessions` takes it, that is only looked at."""

    model_config: ClassVar[ConfigDict] = example(file="morning.toml", overrides={"seats.count": 40})
    scenario: str = Field(default="", max_length=4_000_000)
    file: str = Field(default="", max_length=200)
    draft: str = Field(default="", max_length=100)
    overrides: dict[str, Any] = Field(default_factory=dict, max_length=50)


class CheckOut(Model):
    """What a session of a scenario would be.

    `settings` are its single settings by their path, with the overrides that hold. `problem` is what is
    wrong with the scenario itself, `problems` what is wrong with each override, by its path; when both are
    empty it can be made.
    """

    model_config: ClassVar[ConfigDict] = example(
        title="One quiet morning",
        description="A market maker and thirty traders.",
        symbols=["HARBOR"],
        seats=30,
        settings={"seats.count": 30, "live.speed": 1},
        problem="",
        problems={"seats.cash": "scenario, [seats]: cash is 'much', expected a number"},
    )
    title: str
    description: str
    symbols: list[str]
    seats: int
    settings: dict[str, str | float | int | bool]
    problem: str
    problems: dict[str, str]


class SeatOut(Model):
    """A seat, which is an account."""

    model_config: ClassVar[ConfigDict] = example(account=4, name="seat-3", user="ann")
    account: int
    name: str
    user: str


class ParticipantOut(Model):
    """Who sits where. `connected` and `bot` are about streams: whether one is open, and one of an API key."""

    model_config: ClassVar[ConfigDict] = example(
        account=4,
        name="seat-3",
        user="ann",
        user_id="0c9f1f6e-5a51-4d8f-8a86-6f6a1f0a3d5e",
        connected=True,
        bot=False,
    )
    account: int
    name: str
    user: str
    user_id: str
    connected: bool
    bot: bool


class ParticipantsOut(Model):
    """Everybody with a seat."""

    model_config: ClassVar[ConfigDict] = example(participants=[])
    participants: list[ParticipantOut]


class Start(Model):
    """How a session begins: at once, or by collecting orders for an opening auction first."""

    model_config: ClassVar[ConfigDict] = example(to="open")
    to: Literal["open", "pre_open"] = "open"


class Resume(Model):
    """How a paused session goes on: at once, or by an auction in every instrument."""

    model_config: ClassVar[ConfigDict] = example(by_auction=False)
    by_auction: bool = False


class Speed(Model):
    """How fast exchange time runs: 1 is the wall's own speed; null, or "max", is as fast as possible."""

    model_config: ClassVar[ConfigDict] = example(speed=5.0)
    speed: Annotated[
        float | None,
        Field(ge=_SLOWEST, le=_FASTEST, strict=True),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "number", "minimum": _SLOWEST, "maximum": _FASTEST},
                    {"const": "max"},
                    {"type": "null"},
                ],
                "title": "Speed",
            }
        ),
    ]

    @field_validator("speed", mode="before")
    @classmethod
    def _fastest(cls, given: Any) -> Any:
        return None if given == "max" else given


class Halt(Model):
    """Which instruments: all of them when none is named."""

    model_config: ClassVar[ConfigDict] = example(symbols=["HARBOR"])
    symbols: list[str] = Symbols


class Lift(Model):
    """Which halted instruments trade again: all when none is named; at once, or by an auction."""

    model_config: ClassVar[ConfigDict] = example(symbols=["HARBOR"], by_auction=True)
    symbols: list[str] = Symbols
    by_auction: bool = False


class Announce(Model):
    """News; no symbols means all of them."""

    model_config: ClassVar[ConfigDict] = example(
        headline="HARBOR wins the contract", body="Deliveries begin in May.", symbols=["HARBOR"]
    )
    headline: str = Field(min_length=1, max_length=300)
    body: str = Field(default="", max_length=20_000)
    symbols: list[str] = Symbols

    @field_validator("headline")
    @classmethod
    def _one_line(cls, headline: str) -> str:
        if not headline.isprintable() or not headline.strip():
            raise ValueError("must be one line of text that can be printed")
        return headline

    @field_validator("body")
    @classmethod
    def _text(cls, body: str) -> str:
        if not all(line.replace("\t", " ").isprintable() for line in body.splitlines()):
            raise ValueError("must be text that can be printed")
        return body


class SetLimit(Model):
    """A limit of one account, or of all. Amounts are currency, everything else whole numbers; 0 is none."""

    model_config: ClassVar[ConfigDict] = example(account="seat-3", limit="max_open_orders", value="50")
    account: str = Field(default="", max_length=100)
    limit: str = Field(max_length=40)
    value: Amount


class OfAccount(Model):
    """An account, by its name; all traders' when it is empty."""

    model_config: ClassVar[ConfigDict] = example(account="seat-3")
    account: str = Field(default="", max_length=100)


class Suspend(Model):
    """Who may no longer trade; `cancel` ends their open orders too."""

    model_config: ClassVar[ConfigDict] = example(account="seat-3", cancel=True)
    account: str = Field(max_length=100)
    cancel: bool = False


class Money(Model):
    """An amount for or from an account; a negative transfer takes money out, a fine goes to the house.

    `reason` is told to the account with the money, and kept.
    """

    model_config: ClassVar[ConfigDict] = example(
        account="seat-3", amount="250.00", reason="quoted no market for ten minutes"
    )
    account: str = Field(max_length=100)
    amount: Amount
    reason: str = Reason


class SetFee(Model):
    """A fee of one account, or of all, in one instrument, or in all.

    Rates (`maker_bps`, `taker_bps`, `cap_bps`) are basis points, everything else currency; 0 is none.
    """

    model_config: ClassVar[ConfigDict] = example(
        account="seat-3", symbol="ACME", fee="taker_per_lot", value="0.005"
    )
    account: str = Field(default="", max_length=100)
    symbol: str = Field(default="", max_length=64)
    fee: str = Field(max_length=40)
    value: Amount


class BustTrade(Model):
    """Why a trade is undone."""

    model_config: ClassVar[ConfigDict] = example(reason="clearly erroneous price")
    reason: str = Reason


class Board(Model):
    """Who sees the leaderboard: `live` everybody, `hidden` those alone who teach.

    `delayed` shows the others how it stood `delay_seconds` of exchange time ago. Without a mode `hidden`
    chooses between the first two.
    """

    model_config: ClassVar[ConfigDict] = example(mode="delayed", delay_seconds=300)
    mode: Literal["", "live", "hidden", "delayed"] = ""
    delay_seconds: float = Field(default=0.0, ge=0, le=86_400)
    hidden: bool = False


class SaveDraft(Model):
    """The text of a scenario that is not finished."""

    model_config: ClassVar[ConfigDict] = example(scenario='title = "Two stocks"\ndate = 2025-03-18\n')
    scenario: str = Field(max_length=4_000_000)


class DraftOut(Model):
    """A draft with its text."""

    model_config: ClassVar[ConfigDict] = example(name="next-week", scenario='title = "Two stocks"\n')
    name: str
    scenario: str


class DraftsOut(Model):
    """Names of the drafts."""

    model_config: ClassVar[ConfigDict] = example(drafts=["next-week"])
    drafts: list[str]


class ScenarioOut(Model):
    """A scenario file that sessions can be made from; `problem` says why it cannot be read."""

    model_config: ClassVar[ConfigDict] = example(
        file="morning.toml",
        title="One quiet morning",
        description="A market maker and thirty traders.",
        problem="",
    )
    file: str
    title: str
    description: str
    problem: str


class ScenariosOut(Model):
    """The server's scenario folder."""

    model_config: ClassVar[ConfigDict] = example(scenarios=[])
    scenarios: list[ScenarioOut]
