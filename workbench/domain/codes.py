"""Every code a command or an event can carry, each with a one-line meaning.

Where FIX 5.0 numbers a code (side, order type, time in force) the same number is used.
Names are printed, numbers are stored: both are part of the file formats and never change meaning.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

STREET_ACCOUNT = 0
"""Account 0 is the street: the anonymous owner of historical orders, free of limits and fees."""

HOUSE_ACCOUNT = 1
"""Account 1 is the house: it receives fees and pays rebates, and never trades."""


class Side(IntEnum):
    """FIX tag 54."""

    NONE = 0
    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """FIX tag 40 (letters of FIX are numbered from 5)."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    MARKET_IF_TOUCHED = 5
    LIMIT_IF_TOUCHED = 6
    TRAILING_STOP = 7


class TimeInForce(IntEnum):
    """FIX tag 59."""

    DAY = 0
    GTC = 1
    OPG = 2
    IOC = 3
    FOK = 4
    GTD = 6
    CLS = 7


class SelfTradePrevention(IntEnum):
    """What happens when an order would trade with an order of its own account."""

    VENUE_DEFAULT = 0
    ALLOW = 1
    CANCEL_RESTING = 2
    CANCEL_INCOMING = 3
    CANCEL_BOTH = 4
    DECREMENT = 5


class CommandKind(IntEnum):
    """What a command asks for."""

    NEW_ORDER = 1
    """Enter an order."""
    CANCEL_ORDER = 2
    """Cancel an open order, or part of it when a quantity is given."""
    REPLACE_ORDER = 3
    """Change price or quantity of an open order; the successor gets a new order id."""
    MASS_CANCEL = 4
    """Cancel all open orders of an account, in one instrument or (instrument -1) in all."""
    EXECUTE_ORDER = 5
    """Historical execution against a resting street order, or (no order named) against hidden liquidity."""
    SUSPEND_ACCOUNT = 6
    """Refuse new orders and replaces of an account; its open orders stay."""
    REINSTATE_ACCOUNT = 7
    """Lift a suspension."""
    KILL_SWITCH = 8
    """Suspend an account and cancel all its open orders; account -1 does so for every trader."""
    SET_PHASE = 9
    """Move an instrument (or, with -1, all) to the phase in `flags`."""
    SET_PRICE_BAND = 10
    """Accept limit prices from `price_ticks` to `trigger_price_ticks` from now on."""
    CLOCK = 11
    """Advance exchange time; interest, borrow costs, monitoring and liquidations happen at it."""
    SCHEDULE_PHASE = 12
    """Have an instrument (or, with -1, all) change to the phase in `flags` at `expire_time_ns`."""
    CROSS_ORDERS = 13
    """An auction of history: a quantity that traded at one price, without an aggressor."""
    RESTRICT_SHORT_SALES = 14
    """Allow short sales of an instrument (-1: of all) only above the best bid, or (0) at any price."""
    SET_AUCTION_COLLAR = 15
    """Keep the next uncross price from `price_ticks` to `trigger_price_ticks`; two zeros lift it."""
    TRANSFER_CASH = 20
    """Deposit money to an account, or withdraw it (a negative amount)."""
    FINE = 21
    """Move money from an account to the house."""
    DIVIDEND = 22
    """Pay an amount on each lot of an instrument; shorts pay it."""
    SPLIT = 23
    """Turn `display_lots` old lots of an instrument into `quantity_lots` new ones."""
    START_DAY = 24
    """Begin the day over which an account's (or, with -1, every trader's) daily loss is measured."""
    SET_LIMIT = 25
    """Change the limit in `group_place` of an account or (account -1) of every trader."""
    SET_FEE = 26
    """Change the fee in `group_place` of an account or (-1) every trader, in an instrument or (-1) in all."""
    BUST_TRADE = 27
    """Undo trade `order_id`: both sides' books become what they were without it."""
    SET_SESSION_STATE = 30
    """Move the session to the state in `flags`; trading does not depend on it."""
    ANNOUNCE = 31
    """Put announcement `order_id`, about an instrument or (-1) all, in order with what happens."""


class OrderFlag(IntFlag):
    """Bits of a command's `flags`."""

    POST_ONLY = 1
    """Refuse the order rather than take liquidity."""
    REDUCE_ONLY = 2
    """Never let the order open or grow a position."""
    HISTORICAL = 4
    """The order is history: it belongs to the street and has already matched other history."""
    QUANTITY_IS_LEAVES = 8
    """The quantity of a replace is what shall be open, not the order's total."""
    LOSE_PRIORITY = 16
    """A replace goes to the back of the queue even where the rule would let it keep its place."""
    GROUP_CHILD = 32
    """The order waits until its group's parent is filled."""
    GROUP_LAST = 64
    """The order completes its group: the second of an OCO, or the parent of children."""


class SplitFlag(IntFlag):
    """Bits of a SPLIT's `flags`."""

    CANCEL_ORDERS = 1
    """Cancel resting orders rather than adjust them."""


class Mark(IntEnum):
    """Which price an instrument's positions are valued at."""

    LAST = 0
    """The price of the last trade."""
    MID = 1
    """The middle between the published best bid and ask, rounded down."""
    CLOSE = 2
    """The last price when the phase last became CLOSED."""


class ExposureMode(IntEnum):
    """What an exposure group does with an order that breaks its limit."""

    REJECT = 0
    """Refuse it."""
    FINE = 1
    """Accept it, say so and fine the account."""
    LOG = 2
    """Accept it and say so."""


class Phase(IntEnum):
    """Trading phase of an instrument."""

    CONTINUOUS = 0
    """Orders trade as they come."""
    CLOSED = 1
    """No orders are taken; day orders have expired."""
    PRE_OPEN = 2
    """Orders are collected for the opening."""
    OPENING_AUCTION = 3
    """Orders are collected and the indicative price is published; ends with the opening uncross."""
    CLOSING_AUCTION = 4
    """The same for the close."""
    REOPENING_AUCTION = 5
    """The same after a halt or a price limit pause."""
    HALTED = 6
    """Cancels only."""


class Place(IntEnum):
    """Where an open order stands (`book` of its record)."""

    SHOWN = 0
    """In the book that quotes show."""
    LIVE = 1
    """In the second book of a frozen venue."""
    TRIGGER = 2
    """Held until its trigger price is reached."""
    GROUP = 3
    """Held until its group is complete, or its parent filled."""
    AUCTION = 4
    """Held until the closing auction begins."""
    RELEASED = 5
    """Held until trading is continuous; nothing else keeps it."""
    MARKET_QUEUE = 6
    """A market order that waits for the uncross."""


class TriggerReference(IntEnum):
    """Which price sets off trigger orders."""

    LAST_TRADE = 0
    """The last trade's."""
    BID_ASK = 1
    """The best ask for buy orders, the best bid for sell orders."""
    MIDPOINT = 2
    """The middle of best bid and ask."""


class AccountState(IntEnum):
    """Whether an account may enter orders."""

    ACTIVE = 0
    SUSPENDED = 1


class LimitKind(IntEnum):
    """A limit of an account: the setting of `Limits` that has this name in small letters."""

    MAX_ORDER_LOTS = 1
    """Largest quantity of one order."""
    MAX_ORDER_NOTIONAL = 2
    """Largest price times quantity of one order."""
    POSITION_LIMIT_LOTS = 3
    """Largest position in any one instrument."""
    MAX_OPEN_ORDERS = 4
    """Most orders open at once."""
    ORDERS_PER_SECOND = 5
    """Orders a second on average."""
    ORDER_BURST = 6
    """Orders at once, from 1."""
    MAX_DAILY_LOSS = 7
    """How far equity may fall in a day."""
    MAX_DRAWDOWN = 8
    """How far equity may fall below its peak."""


class FeeKind(IntEnum):
    """A fee: the setting of `FeeSchedule` that has this name in small letters."""

    MAKER_PER_LOT = 1
    """Micros per lot of an order that rested."""
    TAKER_PER_LOT = 2
    """Micros per lot of an order that came in."""
    MAKER_BPS = 3
    """Parts per million of the value that an order that rested has traded."""
    TAKER_BPS = 4
    """Parts per million of the value that an order that came in has traded."""
    PER_ORDER = 5
    """Micros for each order that trades."""
    MINIMUM_PER_ORDER = 6
    """The least that an order which trades costs, in micros."""
    CAP_BPS = 7
    """The most that an order costs, in parts per million of what it traded."""


class TradeState(IntEnum):
    """What has become of a trade that the exchange keeps."""

    STANDS = 0
    """It counts."""
    BUSTED = 1
    """It was undone."""
    FORGOTTEN = 2
    """Its instrument was split since; it counts, and can no longer be undone."""


class SessionState(IntEnum):
    """How far a session that people take part in has come.

    `workbench.domain.states.SESSION_TRANSITIONS` says what may follow what.
    """

    DRAFT = 0
    """Not opened to anybody, or not run as a live session at all."""
    LOBBY = 1
    """People may join; nothing trades yet."""
    PRE_OPEN = 2
    """Orders are collected for the opening."""
    OPEN = 3
    """The market is open."""
    PAUSED = 4
    """The clock stands still."""
    CLOSED = 5
    """The market is closed for good."""
    DEBRIEF = 6
    """What happened is shown to everybody."""


class AccountFlag(IntFlag):
    """Permissions and checks of an account."""

    SHORT_PERMITTED = 1
    """May sell more than it holds."""
    CASH_CHECKED = 2
    """Orders must be covered by buying power."""
    MARGIN = 4
    """Orders must be covered by equity at the instruments' margin rates."""


class EventKind(IntEnum):
    """What happened."""

    ORDER_CREATED = 1
    """An order request was received and got its order id."""
    ORDER_APPROVED = 2
    """The order passed every check."""
    ORDER_REJECTED = 3
    """The order was refused; `reason`, `value` and `limit` say by which rule and with which numbers."""
    ORDER_HELD = 4
    """The order waits for its trigger or its parent."""
    ORDER_RESTED = 5
    """The order entered the book; `value` is the quantity ahead of it at its price."""
    ORDER_PARTIALLY_FILLED = 6
    """The order traded and remains open (or its rest is about to be cancelled)."""
    ORDER_FILLED = 7
    """The order traded its last open quantity."""
    ORDER_CANCELED = 8
    """The open rest of the order was cancelled; `reason` says why."""
    ORDER_EXPIRED = 9
    """The order reached the end of its time in force."""
    ORDER_REPLACED = 10
    """The order ended and lives on as `successor_order_id` with the terms shown."""
    ORDER_REDUCED = 11
    """Part of the open quantity was cancelled; the order keeps its id and its place."""
    CANCEL_REJECTED = 12
    """A cancel was refused; nothing changed."""
    REPLACE_REJECTED = 13
    """A replace was refused; the order stays as it was."""
    COMMAND_REJECTED = 14
    """Any other command was refused; nothing changed."""
    ORDER_TERMS = 15
    """Terms beyond price and quantity: trigger, trail, display quantity, expire time, group."""
    ORDER_TRIGGERED = 16
    """The reference price reached a held order's trigger price; `value` is the reference."""
    ORDER_TRAILED = 17
    """A trailing stop followed the market; `value` is its trigger price, `limit` its watermark."""
    ORDER_REFRESHED = 18
    """An iceberg's next slice queued; `value` is the quantity ahead of it, `limit` what it displays."""
    TRADE = 20
    """Two orders matched, seen once."""
    TRADE_BUSTED = 22
    """A trade was undone (FIX: Trade Cancel); the POSITION_CHANGED of both sides follow."""
    QUOTE = 21
    """Best bid or offer changed in price, quantity or number of orders."""
    POSITION_CHANGED = 30
    """An account's position, cost, realised PnL and cash after a fill."""
    ACCOUNT_SUSPENDED = 31
    """The account may no longer enter orders."""
    ACCOUNT_REINSTATED = 32
    """The account may enter orders again."""
    PHASE_CHANGED = 40
    """An instrument changed its trading phase."""
    PRICE_BAND_CHANGED = 41
    """The band of accepted limit prices of an instrument changed."""
    AUCTION_INDICATIVE = 42
    """What the auction would do if it ended now."""
    AUCTION_UNCROSSED = 43
    """An auction ended; its fills follow."""
    PRICE_LIMITS_CHANGED = 44
    """The rolling reference and its limit-down and limit-up prices moved."""
    PHASE_SCHEDULED = 45
    """An instrument will change its phase at a set time, or no longer will."""
    SHORT_SALE_RESTRICTION_CHANGED = 46
    """Short sales of an instrument are allowed only above the best bid from now on, or at any price again."""
    AUCTION_COLLAR_CHANGED = 47
    """The bounds of the next uncross price were set or lifted."""
    CASH_CHANGED = 50
    """Money other than a trade's was added to an account's cash; `reason` says what for."""
    LIMIT_BREACHED = 51
    """An accepted order broke the limit of an exposure group; `reason` says which."""
    MARGIN_CALL = 52
    """A margin account's equity fell below its maintenance requirement."""
    MARGIN_CALL_MET = 53
    """A margin account's equity reaches its maintenance requirement again."""
    LIQUIDATION = 54
    """The exchange closes a position of a margin account whose call was not met."""
    ORDER_ADJUSTED = 55
    """An open order got new prices and quantities by a split; it keeps its id."""
    INSTRUMENT_SPLIT = 56
    """An instrument was split."""
    DAY_STARTED = 57
    """The day over which an account's daily loss is measured began."""
    LIMIT_CHANGED = 58
    """A limit of an account was set."""
    FEE_CHANGED = 59
    """A fee of an account in an instrument was set."""
    SESSION_STATE_CHANGED = 60
    """The session went from one state to another."""
    ANNOUNCED = 61
    """An announcement was made; its text is the session's."""


class Reason(IntEnum):
    """Why a command was refused, an order ended, cash or a phase changed.

    docs/rules.md has the order of the checks.
    """

    NONE = 0
    UNKNOWN_COMMAND = 1
    """The command kind is not one of the exchange's, or is not meant for this venue."""
    TIME_BACKWARDS = 2
    """The command's time is before the exchange's time."""
    UNKNOWN_ACCOUNT = 3
    """No account has this number, or it may not do this."""
    UNKNOWN_INSTRUMENT = 4
    """No instrument has this number."""
    ACCOUNT_SUSPENDED = 5
    """The account is suspended."""
    MARKET_CLOSED = 6
    """The instrument's phase takes no orders."""
    INVALID_SIDE = 7
    """The side is neither buy nor sell."""
    INVALID_ORDER_TYPE = 8
    """The order type is unknown or not enabled."""
    INVALID_TIME_IN_FORCE = 9
    """The time in force is unknown, not enabled, or does not go with the order type."""
    INVALID_SELF_TRADE_PREVENTION = 10
    """The self-trade prevention mode is unknown."""
    INVALID_FLAGS = 11
    """The flags are unknown, not enabled, or contradict the order type or time in force."""
    INVALID_CLIENT_ORDER_ID = 12
    """A client order id is negative."""
    INVALID_QUANTITY = 13
    """The quantity is not positive (or negative where zero means unchanged)."""
    QUANTITY_NOT_IN_INCREMENT = 14
    """The quantity is not a multiple of the instrument's quantity increment."""
    QUANTITY_TOO_LARGE = 15
    """The quantity is above the maximum for one order."""
    INVALID_PRICE = 16
    """A limit order has no positive price, or a market order has one."""
    PRICE_NOT_IN_INCREMENT = 17
    """The price is not a multiple of the instrument's price increment."""
    PRICE_OUT_OF_BAND = 18
    """The price is outside the instrument's band."""
    NOTIONAL_TOO_LARGE = 19
    """Price times quantity is above the maximum for one order."""
    ORDER_RATE = 20
    """The account sends orders faster than it may."""
    TOO_MANY_OPEN_ORDERS = 21
    """The account has as many open orders as it may."""
    DUPLICATE_CLIENT_ORDER_ID = 22
    """An open order of this account already has this client order id."""
    SHORT_SALE_NOT_PERMITTED = 23
    """The account would sell more than it holds and may not."""
    POSITION_LIMIT = 24
    """The position could grow beyond the limit if all open orders filled."""
    INSUFFICIENT_BUYING_POWER = 25
    """The order needs more cash than the account has free."""
    POST_ONLY_WOULD_CROSS = 26
    """A post-only order would have traded on entry."""
    UNKNOWN_ORDER = 30
    """No open order has this id: never known, already ended, or replaced."""
    NOT_ORDER_OWNER = 31
    """The order belongs to another account."""
    QUANTITY_BELOW_EXECUTED = 32
    """The new total quantity is not above what has already traded."""
    BY_REQUEST = 40
    """The owner asked for it."""
    IMMEDIATE_OR_CANCEL = 41
    """What did not trade at once is cancelled."""
    FILL_OR_KILL = 42
    """The whole quantity was not available at once."""
    NO_LIQUIDITY = 43
    """A market order emptied the other side of the book."""
    SELF_TRADE = 44
    """Self-trade prevention."""
    MASS_CANCEL = 45
    """The owner cancelled all."""
    KILL_SWITCH = 46
    """The account was switched off."""
    END_OF_DAY = 47
    """The session closed on a day order."""
    INSTRUMENT_HALTED = 27
    """The instrument is halted: cancels only."""
    INVALID_EXPIRE_TIME = 28
    """The expire time is missing, past, or given where there is none."""
    INVALID_TRIGGER_PRICE = 29
    """The trigger price or trail does not go with the order type, the increment or the book's window."""
    INVALID_DISPLAY_QUANTITY = 33
    """The display quantity does not go with the order's type or quantity, or means too many slices."""
    INVALID_GROUP = 34
    """The order does not fit into the group it names."""
    REDUCE_ONLY_WOULD_OPEN = 35
    """A reduce-only order would open or grow a position."""
    SHORT_SALE_RESTRICTED = 36
    """A short sale would trade at or below the best bid while that is forbidden."""
    GROUP = 48
    """The order's group: its other leg traded or ended, or its parent ended."""
    REDUCE_ONLY = 49
    """The position has become smaller than the reduce-only order."""
    AUCTION_ENDED = 50
    """The auction the order was meant for is over, or there was none."""
    END_OF_TIME = 51
    """A good-till-date order reached its time."""
    LIMIT_UP_DOWN = 52
    """The price limit was reached: trading pauses."""
    SCHEDULED = 53
    """The time set for it came."""
    INVALID_AMOUNT = 60
    """An amount is zero, has the wrong sign, or is beyond counting."""
    INSUFFICIENT_CASH = 61
    """A withdrawal is above what the account has free."""
    GROSS_EXPOSURE = 62
    """The gross exposure of a group could grow beyond its limit if all open orders filled."""
    NET_EXPOSURE = 63
    """The net exposure of a group could grow beyond its limit if all open orders of a side filled."""
    DAILY_LOSS = 64
    """The account lost more since the start of its day than it may."""
    DRAWDOWN = 65
    """The account's equity fell further from its peak than it may."""
    LIQUIDATION = 66
    """The exchange closes the account's positions."""
    CORPORATE_ACTION = 67
    """The order could not be adjusted to a split, or was not to be."""
    PRICE_COLLAR = 68
    """What remains of a market order would trade beyond the instrument's collar."""
    DEPOSIT = 70
    """Money from outside."""
    WITHDRAWAL = 71
    """Money to outside."""
    FINE = 72
    """A fine, paid to the house."""
    DIVIDEND = 73
    """A dividend, received by longs and paid by shorts."""
    BORROW_COST = 74
    """The cost of borrowing what was sold short, paid to the house."""
    INTEREST = 75
    """Interest on cash, paid to the house where it is negative and by it where it is positive."""
    CASH_IN_LIEU = 76
    """The value of the fraction of a lot that a split left."""
    UNKNOWN_LIMIT = 80
    """No limit of an account has this number."""
    INVALID_LIMIT = 81
    """A limit is negative or beyond counting, or allows not one order at once."""
    INVALID_SESSION_STATE = 82
    """A session in this state does not go to that one."""
    INVALID_ANNOUNCEMENT = 83
    """An announcement has no positive number."""
    UNKNOWN_TRADE = 84
    """No account's trade has this number."""
    ALREADY_BUSTED = 85
    """The trade was undone before."""
    TRADE_TOO_OLD = 86
    """The exchange no longer keeps the trade, or what a position was made of at the time."""
    UNKNOWN_FEE = 87
    """No fee has this number."""
    INVALID_FEE = 88
    """A fee is beyond its bounds, or would make the largest order cost more than can be counted."""
