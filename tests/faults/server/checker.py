"""Whether what clients saw agrees with the journal, over however many ends of the server.

Nothing here knows how a server works: it takes a `History` and a `Truth`, and gives a sentence for each thing
that must not be.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from tests.faults.server.record import History, Piece, Row, Topic, Truth


def check(history: History, truth: Truth) -> list[str]:
    """All that is wrong, in sentences; nothing when every promise was kept."""
    return [
        *check_orders(history, truth),
        *check_time(history, truth),
        *check_streams(history.streams, truth, "the stream"),
        *check_streams(history.final, truth, "the stream told anew"),
        *(f"{topic}: never told anew" for topic in history.streams if topic not in history.final),
    ]


def check_orders(history: History, truth: Truth) -> list[str]:
    """Acknowledged orders are there once, as they were answered; others at most once; nobody else's."""
    wrong = []
    answered = Counter(ack.name for ack in history.acks)
    answered.update(history.refused)
    wrong += [f"{name}: answered {count} times" for name, count in answered.items() if count > 1]
    for name, found in truth.orders.items():
        if name not in history.sent:
            wrong.append(f"{name}: is in the journal, and nobody sent it")
        elif len(found) > 1:
            wrong.append(f"{name}: is in the journal {len(found)} times")
        elif found[0].account != history.sent[name].account:
            wrong.append(f"{name}: is of account {found[0].account}, not {history.sent[name].account}")
    for ack in history.acks:
        found = truth.orders.get(ack.name, [])
        if ack.name not in history.sent:
            wrong.append(f"{ack.name}: was acknowledged, and nobody sent it")
        elif not found:
            wrong.append(f"{ack.name}: was acknowledged and is lost")
        elif found[0].order_id != ack.order_id:
            wrong.append(f"{ack.name}: was acknowledged as order {ack.order_id}, is {found[0].order_id}")
        elif not found[0].taken:
            wrong.append(f"{ack.name}: was acknowledged, and the journal has it refused")
        elif history.sent[ack.name].face == "socket" and ack.seq != found[0].command_seq_last:
            wrong.append(f"{ack.name}: was acknowledged with seq {ack.seq}, has {found[0].command_seq_last}")
        elif ack.seq not in found[0].seqs and ack.seq != found[0].command_seq_last:
            wrong.append(f"{ack.name}: was acknowledged with seq {ack.seq}, which is no event of it")
    for name in history.refused:
        if any(order.taken for order in truth.orders.get(name, [])):
            wrong.append(f"{name}: was refused, and the journal has it taken")
    ended = {order.order_id for found in truth.orders.values() for order in found if order.ended}
    wrong += [
        f"order {order_id}: its cancelling was acknowledged, and it is open"
        for order_id in history.cancels
        if order_id not in ended
    ]
    return wrong


def check_time(history: History, truth: Truth) -> list[str]:
    """An order acknowledged before another was sent comes before it."""
    acked = sorted(
        (ack.acked_s, truth.orders[ack.name][0].created_seq, ack.name)
        for ack in history.acks
        if ack.name in truth.orders
    )
    times = [acked_s for acked_s, _, _ in acked]
    # Of all that were acknowledged so far, the one that is latest in the journal.
    latest: list[tuple[int, str]] = []
    for _, seq, name in acked:
        latest.append(max(latest[-1], (seq, name)) if latest else (seq, name))
    wrong = []
    for name, found in truth.orders.items():
        sent = history.sent.get(name)
        before = 0 if sent is None else bisect_left(times, sent.sent_s)
        if before and latest[before - 1][0] >= found[0].created_seq:
            seq, earlier = latest[before - 1]
            wrong.append(
                f"{earlier} was acknowledged before {name} was sent, and has seq {seq} "
                f"above {found[0].created_seq}"
            )
    return wrong


def check_streams(streams: dict[Topic, list[Piece]], truth: Truth, what: str) -> list[str]:
    """Each stream is dense, and tells the journal's rows in their order, all of them."""
    wrong = []
    for topic, pieces in streams.items():
        wrong += [f"{what} of {topic}: {fault}" for fault in check_stream(pieces, truth.rows.get(topic, []))]
    missing = [topic for topic, rows in truth.rows.items() if rows and topic not in streams]
    return wrong + [f"{what} of {topic}: nothing of it was heard" for topic in missing]


def check_stream(pieces: list[Piece], rows: list[Row]) -> list[str]:
    """What is wrong with one stream, whose rows must be these."""
    wrong = []
    seq, count = 0, -1
    told: list[Row] = []
    for piece in pieces:
        if seq and piece.prev > seq:
            wrong.append(f"a gap: a frame after {piece.prev} came when {seq} was told (life {piece.life})")
        if count >= 0 and piece.n != count + len(piece.rows):
            wrong.append(
                f"it counts {piece.n} rows, and {count} and {len(piece.rows)} were told (life {piece.life})"
            )
        if piece.seq < seq:
            wrong.append(f"it goes back from {seq} to {piece.seq} (life {piece.life})")
        seq, count = piece.seq, piece.n
        told += piece.rows
    for place, (one, other) in enumerate(zip(told, rows, strict=False)):
        if one != other:
            names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
            wrong.append(f"row {place} differs from the journal in {', '.join(names)}: {one} and {other}")
            break
    if len(told) != len(rows):
        wrong.append(f"{len(told)} rows were told, and the journal has {len(rows)}")
    return wrong
