"""What each event does to an account, other than those of its orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.domain.codes import AccountState, EventKind, FeeKind, LimitKind, Reason
from workbench.projections.live.account import CashChange, LiveAccount, Notice
from workbench.projections.live.equity import EquityCurves
from workbench.projections.live.market import Bust
from workbench.projections.live.order_events import REASONS, Row

_KINDS = {int(kind): kind for kind in EventKind}
_FEES = {int(kind): kind for kind in FeeKind}
_LIMITS = {int(kind): kind for kind in LimitKind}


class AccountEvents:
    """Folds positions, cash, suspensions, margin calls and limits of people.

    Parameters
    ----------
    accounts
        What it changes, by number.
    curves
        Told when what an account is worth has changed.
    hooks
        Whom to tell, by the name of what an observer is told.
    busts
        Trades that were busted, by number; each is there before its positions change.
    """

    def __init__(
        self,
        accounts: Mapping[int, LiveAccount],
        curves: EquityCurves,
        hooks: Mapping[str, Sequence[Callable[..., None]]],
        busts: Mapping[int, Bust],
    ) -> None:
        self._accounts = accounts
        self._curves = curves
        self._hooks = hooks
        self._busts = busts
        kind = EventKind
        self.handlers: dict[int, Callable[[Row], None]] = {
            kind.POSITION_CHANGED: self._position,
            kind.CASH_CHANGED: self._cash,
            kind.ACCOUNT_SUSPENDED: self._notice,
            kind.ACCOUNT_REINSTATED: self._notice,
            kind.LIMIT_BREACHED: self._notice,
            kind.MARGIN_CALL: self._notice,
            kind.MARGIN_CALL_MET: self._notice,
            kind.LIQUIDATION: self._notice,
            kind.DAY_STARTED: self._notice,
            kind.LIMIT_CHANGED: self._limit,
            kind.FEE_CHANGED: self._fee,
        }

    def _position(self, row: Row) -> None:
        account = self._accounts[row[10]]
        position = account.position(row[11])
        lots = row[12]
        if row[5]:
            position.traded_lots += abs(lots - position.position_lots)
        else:
            # A split or a bust, which no fill has told of.
            position.running_lots = lots
            if row[18]:
                # Of a trade with oneself neither side changes the position.
                position.traded_lots -= self._busts[row[18]].quantity_lots
        account.fees_micros += row[16] - position.fees_micros
        position.position_lots, position.cost_micros = lots, row[13]
        position.realised_average_micros, position.realised_fifo_micros = row[14], row[15]
        position.fees_micros = row[16]
        position.updated_seq, position.updated_ns = row[0], row[2]
        account.cash_micros = row[17]
        self._curves.note_touched(row[10])
        for hook in self._hooks["position"]:
            hook(row[10], row[11])

    def _cash(self, row: Row) -> None:
        account = self._accounts[row[10]]
        reason = REASONS.get(row[4], Reason.NONE)
        change = CashChange(row[0], row[2], reason, row[11], *(*row[12:18], row[1]))
        account.cash_micros = change.cash_micros
        account.cash_changes.append(change)
        if reason == Reason.DEPOSIT:
            account.deposits_micros += change.amount_micros
        elif reason == Reason.WITHDRAWAL:
            account.withdrawals_micros -= change.amount_micros
        self._curves.note_touched(row[10])
        for hook in self._hooks["cash"]:
            hook(row[10], change)

    def _notice(self, row: Row) -> None:
        kind = _KINDS[row[3]]
        account = self._accounts[row[10]]
        notice = Notice(row[0], row[2], kind, REASONS.get(row[4], Reason.NONE), row[11], *row[12:19])
        account.notices.append(notice)
        if kind == EventKind.ACCOUNT_SUSPENDED:
            account.state, account.suspended_reason = AccountState.SUSPENDED, notice.reason
        elif kind == EventKind.ACCOUNT_REINSTATED:
            account.state, account.suspended_reason = AccountState.ACTIVE, Reason.NONE
        elif kind == EventKind.MARGIN_CALL:
            account.margin_call, account.call_deadline_ns = True, notice.deadline_ns
        elif kind == EventKind.MARGIN_CALL_MET:
            account.margin_call, account.call_deadline_ns = False, 0
        for hook in self._hooks["account"]:
            hook(row[10], notice)

    def _fee(self, row: Row) -> None:
        """One fee in one instrument; the notice has its value, and what it was as `limit`."""
        kind = _FEES[row[12]]
        account = self._accounts[row[10]]
        account.fees[row[11], kind] = row[13]
        notice = Notice(row[0], row[2], EventKind.FEE_CHANGED, Reason.NONE, row[11], row[13], row[14])
        account.notices.append(notice._replace(fee_kind=kind))
        for hook in self._hooks["account"]:
            hook(row[10], account.notices[-1])

    def _limit(self, row: Row) -> None:
        kind = _LIMITS[row[12]]
        account = self._accounts[row[10]]
        account.limits[kind] = row[13]
        notice = Notice(
            row[0],
            row[2],
            EventKind.LIMIT_CHANGED,
            Reason.NONE,
            -1,
            row[13],
            row[14],
            row[15],
            0,
            0,
            0,
            0,
            kind,
        )
        account.notices.append(notice)
        for hook in self._hooks["account"]:
            hook(row[10], notice)
