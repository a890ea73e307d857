"""Tables that are written beside the market."""

import random
import time
from pathlib import Path

import numpy as np

from tests.session.live.markets import PEOPLE, SECOND_NS, buy, sell
from workbench.bus.port import Batch
from workbench.domain.codes import Phase
from workbench.domain.commands import clock, set_phase
from workbench.domain.config import venue_to_json
from workbench.domain.records import COMMAND, Records
from workbench.engine.exchange import Exchange
from workbench.journal.manifest import SEALED
from workbench.journal.seal import SessionStore
from workbench.session.blocks import one_block
from workbench.session.live.opening import Opening, read_opening
from workbench.session.live.recorder import Mark, Recorder
from workbench.session.publisher import Rhythm
from workbench.session.stored import open_session
from workbench.session.tables import Tables


def market() -> tuple[Opening, Exchange, list[Mark], list[Records]]:
    """A venue, and the events of some batches with the marks between them."""
    opening = read_opening(PEOPLE, file="", overrides=None, data=None, wall_ns=0)
    exchange = Exchange(opening.venue)
    marks: list[Mark] = []
    events: list[Records] = []
    draw = random.Random(1)
    for number in range(200):
        made = [set_phase(0, Phase.CONTINUOUS) if number == 0 else clock(0)]
        made += [
            (buy if draw.random() < 0.5 else sell)(2 + draw.randrange(3)) for _ in range(draw.randrange(9))
        ]
        commands = one_block(made, COMMAND)
        commands["time_ns"] = opening.start_ns + number * SECOND_NS
        events.append(exchange.step(commands))
        counters = exchange.counters()[0]
        marks.append(Mark(int(counters["events"]), int(counters["commands"])))
    return opening, exchange, marks, events


def test_batches_may_be_cut_anywhere_and_come_again(tmp_path: Path) -> None:
    opening, exchange, marks, events = market()
    about = {"venue": venue_to_json(opening.venue), "zone": "UTC", "title": "", "names": [], "kind": "live"}
    store = SessionStore.create(tmp_path, "cut", about)
    recorder = Recorder(
        store,
        Tables(opening.venue, "UTC"),
        Rhythm(publish_seconds=0.001, publish_events=50),
        keep_snapshot=lambda _: None,
        commands=0,
    )
    recorder.start()
    whole, draw, at = np.concatenate(events), random.Random(2), 0
    for mark in marks:
        recorder.mark(mark)
    while at < len(whole):
        back = draw.choice((0, 0, 0, 3))
        start, stop = max(0, at - back), min(len(whole), at + draw.randrange(1, 40))
        recorder.take(Batch("cut", start + 1, whole[start:stop]))
        at = stop
        time.sleep(0.001)
        manifest = store.manifest
        known = {each.event_seq: each.command_seq for each in marks} | {0: 0}
        assert manifest.commands <= known[manifest.seq], "rows are shown as of a moment between two batches"
        assert manifest.seq in known
    recorder.seal(marks[-1], exchange.state_hash(), timeout=120)
    stored = open_session("cut", tmp_path)
    assert stored.manifest.state == SEALED
    assert np.concatenate(list(stored.recorded_events())).tobytes() == whole.tobytes()
