"""`workbench events`: an event log for people to read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import typer

from workbench.cli.output import LOG
from workbench.domain.codes import EventKind, Reason, Side
from workbench.domain.records import (
    AUCTION_EVENT,
    MARKET_EVENT,
    QUOTE_EVENT,
    SPLIT_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.domain.states import OrderState
from workbench.engine.auctions import auction_names
from workbench.engine.explain import chain, events_of, explain, named_order
from workbench.engine.log import Log, read_log
from workbench.engine.moments import local_time, moment_ns
from workbench.engine.sentences import fields_of, kind_name, layout_of, payload_of, sentence
from workbench.engine.words import Words, clock_text, code_word
from workbench.errors import ConfigError
from workbench.journal.place import data_root, session_names
from workbench.session.stored import open_session

_NANO_DIGITS = 9
_COLOURS = (
    ("REJECTED", "red"),
    ("SUSPENDED", "red"),
    ("CANCELED", "yellow"),
    ("EXPIRED", "yellow"),
    ("REDUCED", "yellow"),
    ("FILLED", "green"),
    ("TRADE", "green"),
    ("QUOTE", "bright_black"),
    ("POSITION", "bright_black"),
    ("PHASE", "cyan"),
    ("BAND", "cyan"),
    ("AUCTION", "cyan"),
    ("LIMITS", "cyan"),
    ("SPLIT", "magenta"),
    ("CASH", "magenta"),
    ("MARGIN_CALL_MET", "green"),
    ("MARGIN_CALL", "bright_red"),
    ("LIQUIDATION", "bright_red"),
)
"""Colours of kinds by a word of their name, the first that fits."""


def log_at(place: Path, data: Path | None) -> Log:
    """The log in a file or in a directory of --out, or that of the recorded session of this name."""
    if place.exists() or str(place) not in session_names(data_root(data)):
        return read_log(place / LOG if place.is_dir() else place)
    return open_session(str(place), data).log()


def list_events(
    place: Path,
    account: str,
    symbol: str,
    order: str,
    kinds: list[str],
    since: str,
    until: str,
    limit: int | None,
    *,
    as_json: bool,
    data: Path | None = None,
) -> None:
    """Print the events of a log that all filters let pass."""
    log = log_at(place, data)
    words = Words(log.venue, log.zone, log.names, auction_names(log.events))
    events = chosen(log, account, symbol, order, kinds, since, until)
    shown = events if limit is None else events[:limit]
    if as_json:
        for event in shown:
            typer.echo(json.dumps(as_fields(event, words)))
    else:
        for line in _lines(shown, words, colours=sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
            typer.echo(line)
    if len(events) > len(shown):
        typer.echo(f"... {len(events) - len(shown):,} events more", err=True)


def explain_order(place: Path, order: str, data: Path | None = None) -> None:
    """Print what became of an order."""
    log = log_at(place, data)
    number = order_number(log, order, "--explain")
    typer.echo(explain(log.events, number, log.venue, zone=log.zone, names=log.names))


def order_number(log: Log, order: str, option: str) -> int:
    """The order that an option names, by its id or its name."""
    if order.isdecimal() and order.isascii():
        return int(order)
    try:
        return named_order(log.events, log.names, order)
    except ConfigError as error:
        raise ConfigError(
            error.what, option, error.remedy or "give its id, or its name in the scenario"
        ) from None


def chosen(
    log: Log, account: str, symbol: str, order: str, kinds: list[str], since: str, until: str
) -> Records:
    """The events of a log that all filters let pass; "" and [] let all pass."""
    events = log.events
    passed = np.ones(len(events), dtype=bool)
    trades = events["kind"] == EventKind.TRADE
    trade = events.view(TRADE_EVENT)
    if account:
        known = Words(log.venue)
        numbers = [n for n in range(len(log.venue.accounts) + 2) if known.account(n) == account]
        if not numbers and account.isdecimal():
            numbers = [int(account)]
        if not numbers:
            raise ConfigError(f"no account is called {account!r}", "--account", f"known are {_accounts(log)}")
        passed &= (events["account"] == numbers[0]) | (trades & (trade["maker_account"] == numbers[0]))
        passed &= ~np.isin(events["kind"], _accountless())
    if symbol:
        passed &= events["instrument"] == log.venue.instrument_number(symbol)
    if order:
        ids = chain(events, order_number(log, order, "--order"))
        traded = np.isin(trade["taker_order_id"], ids) | np.isin(trade["maker_order_id"], ids)
        own = events_of(events, ids)
        if not len(own):
            raise ConfigError(
                f"no event tells of an order {order}", "--order", "ids are those of the log's orders"
            )
        passed &= np.isin(events["seq"], own["seq"]) | (trades & traded)
    if kinds:
        passed &= np.isin(events["kind"], [kind for word in kinds for kind in _kinds(word)])
    start_ns = int(events["time_ns"][0]) if len(events) else 0
    if since:
        passed &= events["time_ns"] >= _moment(since, log, start_ns, "--since")
    if until:
        passed &= events["time_ns"] <= _moment(until, log, start_ns, "--until")
    return events[passed]


def _accounts(log: Log) -> str:
    return ", ".join(["street", "house", *(account.name for account in log.venue.accounts)])


def _moment(when: str, log: Log, start_ns: int, option: str) -> int:
    try:
        return moment_ns(when, log.zone, start_ns)
    except ConfigError as error:
        raise ConfigError(error.what, option, error.remedy) from None


def _kinds(word: str) -> list[int]:
    """The kind called so, or else those whose names contain the word."""
    name = word.strip().upper().replace("-", "_")
    if name in EventKind.__members__:
        return [int(EventKind[name])]
    found = [int(kind) for kind in EventKind if name and name in kind.name]
    if not found:
        raise ConfigError(
            f"no kind of event is called {word!r}",
            "--kind",
            f"known are {', '.join(kind.name.lower() for kind in EventKind)}",
        )
    return found


def _accountless() -> list[int]:
    """Kinds that are about an instrument and nobody's."""
    layouts = (QUOTE_EVENT, MARKET_EVENT, AUCTION_EVENT, SPLIT_EVENT)
    return [int(kind) for kind in EventKind if layout_of(int(kind)) in layouts]


def as_fields(event: Any, words: Words) -> dict[str, Any]:
    """An event for machines: names for codes, integers as the exchange has them, and the sentence."""
    fields = fields_of(event)
    nobody = fields["kind"] in _accountless()
    head = {
        "seq": fields["seq"],
        "command_seq": fields["command_seq"],
        "time": f"{local_time(fields['time_ns'], 'UTC'):%Y-%m-%dT}{clock_text(fields['time_ns'], 'UTC')}Z",
        "time_ns": fields["time_ns"],
        "event": kind_name(fields["kind"]),
        "reason": Reason(fields["reason"]).name if fields["reason"] else None,
        "symbol": words.symbol(fields["instrument"]) if fields["instrument"] >= 0 else None,
        "account": None if nobody else words.account(fields["account"]),
        "side": code_word(fields["side"], Side) if fields["side"] else None,
        "state": OrderState(fields["order_state"]).name,
        "flags": fields["flags"],
    }
    return {**head, **payload_of(fields), "sentence": sentence(event, words)}


def _lines(events: Records, words: Words, *, colours: bool) -> Any:
    if not len(events):
        return
    nobody = set(_accountless())
    places = _NANO_DIGITS
    while places > 0 and not (events["time_ns"] % 10 ** (_NANO_DIGITS - places + 3)).any():
        places -= 3
    days = {local_time(int(ns), words.zone).date() for ns in (events["time_ns"][0], events["time_ns"][-1])}
    width = len(str(int(events["seq"][-1])))
    symbols = {n: words.symbol(n) if n >= 0 else "-" for n in np.unique(events["instrument"]).tolist()}
    owners = {n: words.account(n) for n in np.unique(events["account"]).tolist()}
    symbol_width, owner_width = max(map(len, symbols.values())), max(map(len, owners.values()))
    for event in events:
        time_ns, kind = int(event["time_ns"]), int(event["kind"])
        clock = clock_text(time_ns, words.zone)[: -_NANO_DIGITS + places or None].rstrip(".")
        day = f"{local_time(time_ns, words.zone).date()} " if len(days) > 1 else ""
        owner = "-" if kind in nobody else owners[int(event["account"])]
        said = sentence(event, words)
        if colours:
            said = typer.style(said, fg=_colour(kind))
        symbol = symbols[int(event["instrument"])]
        about = f"{int(event['seq']):>{width}} {symbol:<{symbol_width}} {owner:<{owner_width}}"
        yield f"{day}{clock} {about} {said}"


def _colour(kind: int) -> str | None:
    return next((colour for word, colour in _COLOURS if word in kind_name(kind)), None)
