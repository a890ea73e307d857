"""A damaged journal gives what was written, or says what is wrong."""

import tempfile
from pathlib import Path

from tests.faults import damage
from tests.faults.damage import Sample


def test_nothing_wrong_comes_back_and_nothing_is_short_without_a_word() -> None:
    with tempfile.TemporaryDirectory(dir=damage.in_memory()) as folder:
        table = damage.campaign(Path(folder), step=31, bits=150)
    assert table.bad() == 0, str(table)
    kinds = {kind.split(": ")[1] for kind in table.cases}
    assert {f"{what}, {how}" for what in ("wbj", "wbs", "cursor", "lock") for how in ("bit", "cut")} <= kinds
    assert sum(n for (_, _, outcome), n in table.found.items() if outcome == "flagged") > 100


def test_a_wrong_answer_is_seen(tmp_path: Path) -> None:
    sample = Sample(tmp_path / "sample", closed=False)
    name = next(name for name in sample.files if name.endswith(".wbj"))
    sample.log = bytes(len(sample.log))
    assert sample.damage(name, sample.files[name])["read"] == "wrong"
    sample.acked += 100
    assert sample.damage(name, sample.files[name])["verify"] == "short"
