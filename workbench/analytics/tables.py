"""The frames of a review, column by column."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import Column, Table, flag, money, number, price, text, time, units, whole

HORIZONS_S = (1, 10, 60, 300)
"""How many seconds after a fill the market is looked at again."""

INSTRUMENTS = Table(
    "instruments",
    "One row for each instrument of the session, in the venue's order",
    (
        text("symbol", "The instrument"),
        text("currency", "Currency of its prices"),
        price("increment", "The market's tick: the step of its prices"),
        units("lot_size", "The step of its quantities"),
        number("multiplier", "currency", "Value of one unit per 1.00 of price"),
        whole("price_decimals", "count", "Decimals that its prices need"),
        whole("quantity_decimals", "count", "Decimals that its quantities need"),
        whole("trades", "count", "Trades of the market in the session"),
        units("volume", "Quantity that the market traded"),
        whole("fills", "count", "Fills of the account"),
    ),
)

CANDLES = Table(
    "candles",
    "One row for each interval with a trade of the market",
    (
        time("time", "Start of the interval"),
        price("open", "First price"),
        price("high", "Highest price"),
        price("low", "Lowest price"),
        price("close", "Last price"),
        units("volume", "Quantity traded"),
        price("vwap", "Average price, weighted by quantity"),
        whole("trades", "count", "Trades"),
    ),
)

TRADES = Table(
    "trades",
    "One row for each trade of the market in one instrument, in order",
    (
        whole("seq", "id", "The event"),
        time("time", "When"),
        whole("trade_id", "id", "Number of the trade"),
        price("price", "Its price"),
        units("quantity", "Its quantity"),
        text("side", "The aggressor's side, BUY or SELL; null for an auction of history"),
        text("own_side", "BUY or SELL, what the account did in it; null for a trade of others"),
        flag("auction", "Whether an uncross made it"),
        flag("busted", "Whether it was busted afterwards, and is no part of candles, volume and last prices"),
    ),
)

EQUITY = Table(
    "equity",
    "One row whenever the account's cash or positions changed, and for each minute",
    (
        time("time", "When"),
        whole("seq", "id", "The last event that it takes in"),
        money("equity", "Cash and positions at their marks"),
        money("cash", "Cash"),
        money("position_value", "Value of all positions at their marks"),
        money("pnl", "Profit and loss since the start: equity less starting cash and money from outside"),
        money("realised", "PnL realised so far, by average cost"),
        money("unrealised", "Value of positions less their average cost"),
        money("fees", "Fees so far"),
        money("peak", "Highest equity so far, the start included, net of money from outside since"),
        money("drawdown", "Equity less the peak, 0 or less"),
        number(
            "drawdown_share", "share", "Drawdown as a share of the peak; null where the peak is not above 0"
        ),
    ),
)

DRAWDOWNS = Table(
    "drawdowns",
    "One row for each time under water, in order: from a peak of equity to when it was reached again",
    (
        whole("number", "count", "Its number, from 1"),
        time("peak_time", "When equity last stood at the peak"),
        money("peak", "Equity at the peak"),
        time("valley_time", "When it was lowest"),
        money("valley", "Equity at the lowest, with money from outside since the peak taken out"),
        time("recovery_time", "When the peak was reached again; null if it was not"),
        money("depth", "Lowest less peak, below 0"),
        number("depth_share", "share", "Depth as a share of the peak; null where the peak is not above 0"),
        number("fall_s", "s", "From the peak to the lowest"),
        number("recovery_s", "s", "From the lowest to the recovery; null without one"),
        number("under_water_s", "s", "From the peak to the recovery, or to the end of the session"),
    ),
)

ROUND_TRIPS = Table(
    "round_trips",
    "One row for each trade as traders count them, from flat to flat, by when it began; open ones too",
    (
        whole("number", "count", "Its number for the account, from 1"),
        text("symbol", "The instrument"),
        text("side", "BUY for a long, SELL for a short one"),
        text("result", "win (net above 0), loss (below), scratch (0), or open"),
        time("opened", "Its first fill"),
        time("closed", "Its last fill; null while it is open"),
        number("held_s", "s", "From its first to its last fill, or to the end of the session"),
        units("quantity", "Its largest position, without sign"),
        whole("fills", "count", "Fills that it is made of"),
        units("entry_quantity", "Quantity that opened or grew it"),
        price("entry_price", "Average price of that"),
        units("exit_quantity", "Quantity that closed it"),
        price("exit_price", "Average price of that; null without any"),
        money("gross", "Profit or loss without fees; of an open one with what is unrealised at the mark"),
        money("fees", "Fees; negative for rebates"),
        money("net", "Gross less fees"),
        number("net_bp", "bp", "Net as a share of the value of its entries"),
        money("mae", "Maximum adverse excursion: lowest gross PnL at a mark while it was open, 0 or less"),
        number("mae_ticks", "ticks", "The same per unit of its largest position, in the market's ticks"),
        time("mae_time", "When; null for one that never stood below 0"),
        money("mfe", "Maximum favourable excursion: highest gross PnL at a mark, 0 or more"),
        number("mfe_ticks", "ticks", "The same per unit of its largest position, in the market's ticks"),
        time("mfe_time", "When; null for one that never stood above 0"),
        number("capture", "share", "Gross as a share of the MFE; null where that is 0, and while it is open"),
        money("give_back", "MFE less gross"),
        whole("opened_seq", "id", "The event by which it began"),
        whole("closed_seq", "id", "The event by which it ended; null while it is open"),
    ),
)

FILLS = Table(
    "fills",
    "One row for each fill of the account, in order",
    (
        whole("seq", "id", "The event"),
        time("time", "When"),
        text("symbol", "The instrument"),
        whole("trade_id", "id", "Number of the trade"),
        whole("order_id", "id", "The order"),
        text("order", "What the account called the order; null for one without a name"),
        text("side", "BUY or SELL"),
        text("liquidity", "maker, taker, or auction for a fill of an uncross"),
        price("price", "Its price"),
        units("quantity", "Its quantity"),
        money("value", "Price x quantity x multiplier"),
        money("fee", "Its fee; negative for a rebate"),
        units("position", "Position after it, negative for a short"),
        money("realised", "Profit or loss that it realised, by average cost, without fees"),
        units("leaves", "What was left of the order"),
        price("mid", "Middle of bid and ask before it; null while a side was empty"),
        number(
            "spread_bp", "bp", "Effective spread: twice the price's distance from that middle, paid above 0"
        ),
        whole("round_trip", "count", "The round trip that it belongs to; of a flip the one that it opens"),
        flag("busted", "Whether its trade was busted: it then has no position, PnL, round trip or markout"),
    ),
)

ORDERS = Table(
    "orders",
    "One row for each order of the account, by when it was created; each replace makes another",
    (
        whole("order_id", "id", "The order"),
        text("order", "What the account called it; null for one without a name"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        text("type", "Order type"),
        text("time_in_force", "Time in force"),
        text("state", "How it ended, or where it stands"),
        text("reason", "Why it ended; null for a fill or replace, and while it is open"),
        price("price", "Limit price; null without one"),
        price("trigger_price", "Trigger price; null without one"),
        units("quantity", "Its quantity, at last"),
        units("filled", "Quantity of its own fills"),
        price("average_price", "Average price of its own fills; null without any"),
        units("maker_quantity", "Quantity that traded while it rested"),
        money("fees", "Fees of its own fills; negative for rebates"),
        units("queue_ahead", "Shown quantity ahead of it when it first rested; null if it never did"),
        time("created", "When it was created"),
        time("rested", "When it first entered a book; null if it never did"),
        time("first_fill", "When it first traded; null if it never did"),
        time("last_fill", "When it last traded; null if it never did"),
        time("ended", "When it ended; null while it is open"),
        number("to_first_fill_s", "s", "From its creation to its first fill"),
        whole("replaces", "id", "The order that it replaced; null for none"),
        whole("replaced_by", "id", "The order that it was replaced by; null for none"),
        whole("created_seq", "id", "The event by which it was created"),
    ),
)

MARKOUTS = Table(
    "markouts",
    "One row for each fill of the account and horizon: where the market's middle stood so long after it",
    (
        whole("seq", "id", "The fill's event"),
        time("time", "When it was filled"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        text("liquidity", "maker, taker or auction"),
        price("price", "The fill's price"),
        units("quantity", "The fill's quantity"),
        whole("horizon_s", "s", "How long after it"),
        price("mid", "The middle then; null while a side was empty, and after the end of the session"),
        price("markout", "The middle's distance from the price, above 0 when it went the fill's way"),
        number("ticks", "ticks", "The same in the market's ticks"),
        number("bp", "bp", "The same as a share of the price"),
        money("value", "The same x quantity x multiplier"),
    ),
)

MARKOUT_CURVE = Table(
    "markout_curve",
    "One row for each liquidity and horizon: averages and the sum of markouts; horizon 0 is the fill itself",
    (
        text("liquidity", "maker, taker, auction, or all"),
        whole("horizon_s", "s", "How long after the fill; 0 for the middle before it"),
        whole("fills", "count", "Fills that there is a middle for"),
        units("quantity", "Their quantity"),
        number("ticks", "ticks", "Average markout in the market's ticks"),
        number("bp", "bp", "Average markout as a share of the price, weighted by value"),
        money("value", "All of it in money"),
    ),
)

CASH_ENTRIES = Table(
    "cash_entries",
    "One row for each amount other than a trade's that the account received, in order",
    (
        whole("seq", "id", "The event"),
        time("time", "When it was"),
        text(
            "reason",
            "DEPOSIT, WITHDRAWAL, FINE, DIVIDEND, BORROW_COST, INTEREST, or CASH_IN_LIEU of a fraction",
        ),
        text("symbol", "The instrument that it is of; null where it is of none"),
        money("amount", "What was received; below 0 what was paid"),
        Column("text", pl.String, "text", "Why, as whoever moved it said; null where nobody did"),
    ),
)

SUMMARY = Table(
    "summary",
    "One row for each statistic of the account's session",
    (
        text("group", "What it is about: result, risk, trades, execution, or orders"),
        text("statistic", "Its name, which never changes"),
        text("label", "What people call it"),
        number("value", "by unit", "The value; null where it is not defined"),
        text("unit", "currency, share, count, s, bp, ticks, ratio, or units"),
        text("about", "Its formula or convention, in one sentence"),
        text("reason", "Why there is no value; null where there is one"),
    ),
)

LEVELS = Table(
    "levels",
    "One row for each price of one side of a book, best first",
    (
        price("price", "The price"),
        units("quantity", "Shown quantity there"),
        whole("orders", "count", "Orders there"),
        units("own_quantity", "The account's own part of the shown quantity; 0 without"),
        whole("own_orders", "count", "The account's own orders there"),
    ),
)

WORKING = Table(
    "working",
    "One row for each order of the account that is open at an instant",
    (
        whole("order_id", "id", "The order"),
        text("order", "What the account called it; null for one without a name"),
        text("side", "BUY or SELL"),
        text("type", "Order type"),
        text("place", "book, or held while it waits for its trigger, group or auction"),
        price("price", "Limit price; null without one"),
        price("trigger_price", "Trigger price; null without one"),
        units("quantity", "Its quantity"),
        units("leaves", "What is left of it; null while it is held"),
        units("shown", "What the book shows of it; null while it is held"),
        whole("orders_ahead", "count", "Orders before it in the queue at its price; null while it is held"),
        units("quantity_ahead", "What these show; null while it is held"),
        time("since", "When it was created"),
    ),
)

WHAT_IF_PRICES = Table(
    "prices",
    "One row for each instrument and one of regular times: the middle of bid and ask with and without",
    (
        text("symbol", "The instrument"),
        time("time", "When"),
        price("recorded", "The middle as it was; null while a side was empty"),
        price("what_if", "The middle without the account's orders"),
        price("difference", "Recorded less what-if: what the orders have made of it"),
        number("ticks", "ticks", "The same in the market's ticks"),
    ),
)

_MEASURES = (
    text("measure", "What is compared; money unless its name says otherwise"),
    number("recorded", "by measure", "As it was"),
    number("what_if", "by measure", "Without the account's orders"),
    number("difference", "by measure", "Recorded less what-if: what the orders have made of it"),
)

WHAT_IF_ACCOUNTS = Table(
    "accounts",
    "One row for each account and measure of its profit, fees and orders",
    (text("account", "The account"), *_MEASURES),
)

WHAT_IF_POSITIONS = Table(
    "positions",
    "One row for each account, instrument and measure of its trading",
    (text("account", "The account"), text("symbol", "The instrument"), *_MEASURES),
)

WHAT_IF_INSTRUMENTS = Table(
    "instruments",
    "One row for each instrument and measure of its market",
    (text("symbol", "The instrument"), *_MEASURES),
)

WHAT_IF_IMPACT = Table(
    "impact",
    "One row for each instrument: how far the orders moved its middle, recorded less what-if",
    (
        text("symbol", "The instrument"),
        whole("fills", "count", "Fills of the account"),
        number("end", "ticks", "Difference at the end; null without a middle"),
        number("end_bp", "bp", "The same as a share of the price"),
        number("average", "ticks", "Average over time from the account's first order on"),
        number("average_bp", "bp", "The same as a share of the price"),
        number("largest", "ticks", "The difference furthest from 0"),
        number("largest_bp", "bp", "The same as a share of the price"),
        time("largest_time", "When"),
        number("moved_share", "share", "Share of that time in which the middles differed"),
        number("recorded_only_share", "share", "Share in which only the recorded market had a middle"),
        number("what_if_only_share", "share", "Share in which only the other one had"),
        number("meets_after_seconds", "s", "How long after the last fill the middles were first equal"),
        number("settles_after_seconds", "s", "How long after it they were equal for good"),
        time("equal_since", "Since when they were"),
    ),
)

WHAT_IF_AFTER_FILLS = Table(
    "after_fills",
    "One row for each instrument and horizon: how much further the price stood after the account's fills",
    (
        text("symbol", "The instrument"),
        number("seconds", "s", "How long after the fill"),
        whole("fills", "count", "Fills that it is known for"),
        number("ticks", "ticks", "Average by quantity, above 0 in the direction of the trade"),
        number("basis_points", "bp", "The same as a share of the price"),
    ),
)

WHAT_IF_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        WHAT_IF_ACCOUNTS,
        WHAT_IF_POSITIONS,
        WHAT_IF_INSTRUMENTS,
        WHAT_IF_IMPACT,
        WHAT_IF_AFTER_FILLS,
        WHAT_IF_PRICES,
    )
}
"""The frames of a what-if, by their field."""

REVIEW_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        INSTRUMENTS,
        CANDLES,
        TRADES,
        EQUITY,
        DRAWDOWNS,
        CASH_ENTRIES,
        ROUND_TRIPS,
        FILLS,
        ORDERS,
        MARKOUTS,
        MARKOUT_CURVE,
        SUMMARY,
    )
}
"""Those that have an address of their own, by name."""
