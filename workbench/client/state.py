"""What a reader of the stream knows: the rows of each topic, folded from snapshots and deltas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workbench.domain.frames import TOPICS, AnyFrame, Delta, Snapshot, Topic
from workbench.errors import StreamError

Row = dict[str, Any]
Key = tuple[Any, ...]

_LEVEL = ("side", "price", "quantity", "orders")


@dataclass(slots=True)
class TopicState:
    """One topic as it stands.

    Attributes
    ----------
    name
        Its name.
    seq
        Up to which event of the session it is known; 0 before the first snapshot.
    count
        How many events the topic had; 0 where they are not counted.
    rows
        Its rows by key.
    """

    name: str
    seq: int = 0
    count: int = 0
    rows: dict[Key, Row] = field(default_factory=dict)

    @property
    def kind(self) -> Topic:
        """What its rows are."""
        return TOPICS[self.name.partition(":")[0]]


class Change(msgspec.Struct, frozen=True):
    """What one frame told.

    Attributes
    ----------
    topic
        Which topic.
    kind
        `snapshot`, `delta`, or of a snapshot in place of deltas: `reset` after a connection was away
        for too long, `conflated` for a reader that was too slow.
    seq
        Up to which event.
    rows
        The rows as they came; of a delta only what changed of each.
    """

    topic: str
    kind: str
    seq: int
    rows: Sequence[Row]


class StreamState:
    """All topics of one stream, and whether anything of them is missing.

    Attributes
    ----------
    topics
        By name.
    tape_rows
        How many rows are kept of topics that only ever grow: `trades`, `news` and `candles`.
    """

    def __init__(self, *, tape_rows: int = 10_000) -> None:
        self.topics: dict[str, TopicState] = {}
        self.tape_rows = tape_rows

    def rows(self, topic: str) -> list[Row]:
        """The rows of a topic as they stand."""
        found = self.topics.get(topic)
        return [] if found is None else list(found.rows.values())

    def resume(self) -> dict[str, int]:
        """What to send as `from_seq` so that only what was missed comes."""
        return {name: topic.seq for name, topic in self.topics.items() if topic.seq}

    def take(self, frame: AnyFrame) -> Change | None:
        """Fold in a frame; None for one that is no topic's.

        Raises
        ------
        StreamError
            When a delta does not follow on what is known: something was lost on the way.
        """
        if isinstance(frame, Snapshot):
            return self._snapshot(frame)
        if isinstance(frame, Delta):
            return self._delta(frame)
        return None

    def _snapshot(self, frame: Snapshot) -> Change:
        topic = self.topics[frame.topic] = TopicState(frame.topic, frame.seq, frame.n)
        rows = _rows(frame.rows, topic)
        for row in rows:
            _merge(topic, row)
        kind = "reset" if frame.reset else "conflated" if frame.conflated else "snapshot"
        return Change(frame.topic, kind, frame.seq, rows)

    def _delta(self, frame: Delta) -> Change:
        topic = self.topics.get(frame.topic)
        if topic is None or frame.prev > topic.seq:
            known = "nothing" if topic is None else f"what was known up to event {topic.seq}"
            raise StreamError(
                f"a delta of {frame.topic} follows event {frame.prev}, expected to follow {known}",
                remedy="subscribe to it again",
            )
        rows = _rows(frame.rows, topic)
        if topic.kind.own and frame.n != topic.count + len(rows):
            raise StreamError(
                f"{frame.topic} has had {frame.n} events, and {topic.count + len(rows)} of them arrived",
                remedy="subscribe to it again",
            )
        topic.seq, topic.count = max(topic.seq, frame.seq), frame.n
        for row in rows:
            _merge(topic, row)
        if not topic.kind.own and frame.topic.partition(":")[0] in ("trades", "candles", "news"):
            for key in list(topic.rows)[: max(0, len(topic.rows) - self.tape_rows)]:
                del topic.rows[key]
        return Change(frame.topic, "delta", frame.seq, rows)


def _rows(raw: msgspec.Raw, topic: TopicState) -> list[Row]:
    # JSON begins with a bracket, which begins no array of msgpack.
    decode = msgspec.json.decode if bytes(raw)[:1] == b"[" else msgspec.msgpack.decode
    found: list[Any] = decode(raw)
    if topic.name.startswith("depth:"):
        return [dict(zip(_LEVEL, row, strict=True)) for row in found]
    return found


def _merge(topic: TopicState, row: Row) -> None:
    kind = topic.kind
    key = tuple(row[name] for name in kind.key)
    if kind.key == ("side", "price") and not row["quantity"]:
        topic.rows.pop(key, None)
        return
    kept = {name: value for name, value in row.items() if name not in kind.facts} if kind.facts else row
    before = topic.rows.get(key)
    if before is None:
        topic.rows[key] = dict(kept)
    else:
        before.update(kept)
