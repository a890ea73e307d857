"""What an instructor does in a random stream: limits, fees, busts, the session's state, announcements."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import CommandKind, FeeKind, LimitKind, SessionState
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.costs import RATES
from workbench.domain.limits import MONEY_LIMITS, NS_PER_SECOND
from workbench.domain.records import COMMAND, Records
from workbench.domain.states import SESSION_TRANSITIONS
from workbench.domain.units import LARGEST
from workbench.engine.reference import ReferenceExchange

_DOLLAR = 1_000_000


class Instructor:
    """Draws commands that matter now: limits around what accounts have and do, which are soon taken back.

    Parameters
    ----------
    exchange
        Has carried out everything drawn so far; only looked at.
    random
        Its own, so that the rest of a stream is as it would be without an instructor.
    """

    def __init__(self, exchange: ReferenceExchange, random: np.random.Generator) -> None:
        self.exchange = exchange
        self.random = random
        self.announced = 0
        self.apart = np.random.default_rng(random.integers(0, 2**62))
        self.dear = False

    def instruct(self, rows: Records, share: float) -> None:
        """Put a command into a chunk's `rows` with this chance, and often one that takes a limit back."""
        random = self.random
        if random.random() < share:
            rows[int(random.integers(0, len(rows)))] = self.command()
        if self.apart.random() < share:
            rows[int(self.apart.integers(0, len(rows)))] = self._bust()
        if self.apart.random() < share / 2:
            rows[int(self.apart.integers(0, len(rows)))] = self._fee()
        changed = self._changed()
        if changed and random.random() < 0.5:
            kind, account, value = changed[int(random.integers(0, len(changed)))]
            row = np.zeros(1, dtype=COMMAND)[0]
            row["kind"], row["group_place"] = CommandKind.SET_LIMIT, kind
            row["account"] = account if random.random() < 0.8 else ALL
            row["amount_micros" if kind in MONEY_LIMITS else "quantity_lots"] = value
            rows[int(random.integers(0, len(rows)))] = row

    def _changed(self) -> list[tuple[LimitKind, int, int]]:
        """Limits that are not what the venue began with: kind, account, and what it began with."""
        exchange = self.exchange
        accounts = enumerate(exchange.venue.accounts, start=FIRST_TRADER)
        return [
            (kind, number, account.limits.value(kind))
            for number, account in accounts
            for kind in LimitKind
            if exchange.standings[number].limits.value(kind) != account.limits.value(kind)
        ]

    def command(self) -> Records:
        """One command; its time is given later."""
        row = np.zeros(1, dtype=COMMAND)[0]
        draw = self.random.random()
        if draw < 0.65:
            self._limit(row)
        elif draw < 0.8:
            self._announcement(row)
        else:
            self._session(row)
        return row

    def _bust(self) -> Records:
        """Mostly one of the latest trades, or one that cannot be busted."""
        random, exchange = self.apart, self.exchange
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"] = CommandKind.BUST_TRADE
        kept = exchange.kept
        if kept and random.random() < 0.9:
            # Those of this moment most of all, whose positions often are what they made them.
            back = int(random.integers(1, min(len(kept), 12 if random.random() < 0.7 else 10**6) + 1))
            row["order_id"] = kept[-back].trade_id
        else:
            row["order_id"] = random.choice([0, -1, 1, exchange.trade_count, exchange.trade_count + 1, 2**62])
        return row

    def _fee(self) -> Records:
        """A fee, which is soon taken back."""
        random, venue = self.apart, self.exchange.venue
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"] = CommandKind.SET_FEE
        kind = FeeKind(random.choice(list(FeeKind)))
        account = FIRST_TRADER + int(random.integers(0, max(1, len(venue.accounts))))
        instrument = int(random.integers(0, len(venue.instruments)))
        row["account"] = account if random.random() < 0.6 else ALL
        row["instrument"] = instrument if random.random() < 0.5 else ALL
        if random.random() < 0.08:
            row["account"] = random.choice([0, 1, -2, FIRST_TRADER + len(venue.accounts)])
        if random.random() < 0.08:
            row["instrument"] = random.choice([-2, len(venue.instruments)])
        value = 0
        self.dear = not self.dear
        if self.dear:
            large = 20_000 if kind in RATES else _DOLLAR // (1 if kind >= FeeKind.PER_ORDER else 100)
            value = int(random.integers(0 if kind >= FeeKind.PER_ORDER else -large // 4, large))
        if random.random() < 0.12:
            value = int(random.choice([-1, 10**6, 10**6 + 1, -(10**6) - 1, LARGEST, LARGEST + 1, -(2**63)]))
        row["group_place"] = kind if random.random() < 0.96 else random.choice([0, 8, 255])
        row["amount_micros"] = value
        return row

    def _limit(self, row: Records) -> None:
        random = self.random
        row["kind"] = CommandKind.SET_LIMIT
        kind = LimitKind(random.choice(list(LimitKind)))
        traders = len(self.exchange.standings) - FIRST_TRADER
        account = FIRST_TRADER + int(random.integers(0, max(traders, 1)))
        value = self._value(kind, account)
        row["account"] = account
        if random.random() < 0.12:
            row["account"] = random.choice([ALL, ALL, ALL, ALL, 0, 1, -2, FIRST_TRADER + traders])
        if random.random() < 0.08:
            beyond = [-1, -(2**63), LARGEST, LARGEST + 1, 2**63 - 1, NS_PER_SECOND, NS_PER_SECOND + 1]
            value = int(random.choice(beyond))
        row["group_place"] = kind if random.random() < 0.96 else random.choice([0, 9, 255])
        row["amount_micros" if kind in MONEY_LIMITS else "quantity_lots"] = value

    def _value(self, kind: LimitKind, account: int) -> int:
        """A limit that soon matters, or already does."""
        random, exchange = self.random, self.exchange
        if kind == LimitKind.MAX_ORDER_LOTS:
            return int(random.integers(1, 80))
        if kind == LimitKind.MAX_ORDER_NOTIONAL:
            return int(random.integers(1, 60)) * _DOLLAR + int(random.integers(-2, 3))
        if kind == LimitKind.POSITION_LIMIT_LOTS:
            instrument = int(random.integers(0, len(exchange.rules)))
            held = abs(exchange.ledger.position_lots(account, instrument)) if exchange.standings else 0
            return max(0, held + int(random.integers(-30, 60)))
        if kind == LimitKind.MAX_OPEN_ORDERS:
            opened = exchange.standings[account].open_orders if exchange.standings else 0
            return max(0, opened + int(random.integers(-4, 8)))
        if kind == LimitKind.ORDERS_PER_SECOND:
            return int(random.choice([3, 100, 400, 400, 2_000, 2_000, 31_623, 1_000_000]))
        if kind == LimitKind.ORDER_BURST:
            return int(random.choice([1, 2, 3, 5, 20, 2**33, 2**45]))
        # Losses of some cents happen all the time, losses of some dollars now and then.
        return int(random.choice([1, 90_000, 700_000, 4 * _DOLLAR, 50 * _DOLLAR]))

    def _announcement(self, row: Records) -> None:
        random = self.random
        row["kind"] = CommandKind.ANNOUNCE
        row["instrument"] = random.integers(-1, len(self.exchange.rules))
        self.announced += 1
        row["order_id"] = self.announced
        if random.random() < 0.1:
            row["order_id"] = random.choice([0, -1, 2**63 - 1, -(2**63)])
        if random.random() < 0.05:
            row["instrument"] = random.choice([-2, len(self.exchange.rules)])

    def _session(self, row: Records) -> None:
        """Mostly a state that may follow, the last ones seldom, for nothing leads back from them."""
        random, present = self.random, self.exchange.session_state
        row["kind"] = CommandKind.SET_SESSION_STATE
        followers = sorted(SESSION_TRANSITIONS[present])
        ends = (SessionState.CLOSED, SessionState.DEBRIEF)
        lively = [state for state in followers if state not in ends]
        if lively and random.random() < 0.9:
            followers = lively
        if followers and random.random() < 0.8:
            row["flags"] = random.choice(followers)
        else:
            row["flags"] = random.choice([*SessionState, 7, 64, 65, 65_535])
