"""State in canonical form: equal states have equal digests, and nothing else has."""

import numpy as np
import pytest

from workbench.domain.records import LOT_VIEW
from workbench.domain.views import (
    EARLIER_SCHEMA,
    LATER_PARTS,
    MISSING_PARTS,
    STATE_DTYPES,
    STATE_SCHEMA,
    ExchangeState,
    state_digest,
)


def state(**counts: int) -> ExchangeState:
    return ExchangeState(
        **{name: np.zeros(counts.get(name, 2), dtype=dtype) for name, dtype in STATE_DTYPES.items()}
    )


def test_the_layout_is_the_pinned_one() -> None:
    # Snapshots are recognised by it; a change needs a line in CHANGELOG.md.
    assert STATE_SCHEMA == "8e1d6391017da0d4"
    assert tuple(STATE_DTYPES) == ExchangeState._fields


def test_digest_is_the_pinned_one() -> None:
    assert state_digest(state()) == state_digest(state())
    assert len(state_digest(state())) == 32
    assert state_digest(state()) == "1c305e30c0a50efd46dc2b790612b195"


def test_without_later_parts_the_digest_is_that_of_earlier_versions() -> None:
    # The digest that versions without limits and session states gave, which recorded sessions state.
    assert EARLIER_SCHEMA == "42c7553a18b1d230"
    none = dict.fromkeys(LATER_PARTS, 0)
    assert state_digest(state(**none)) == "7867c8511c73626cbebcaf45dbcc3438"
    for part in LATER_PARTS:
        assert state_digest(state(**{**none, part: 1})) != state_digest(state(**none))
    assert state_digest(state(**{**none, "limits": 1})) != state_digest(state(**{**none, "session": 2}))


def test_states_of_earlier_versions_are_known() -> None:
    assert MISSING_PARTS[EARLIER_SCHEMA] == LATER_PARTS
    assert MISSING_PARTS["20438acea1632caa"] == ("fees", "trades")
    assert MISSING_PARTS[STATE_SCHEMA] == ()


@pytest.mark.parametrize("part", STATE_DTYPES)
def test_every_field_counts(part: str) -> None:
    before = {state_digest(state())}
    for name in STATE_DTYPES[part].names or ():
        for row in (0, 1):
            changed = state()
            getattr(changed, part)[name][row] = 1
            before.add(state_digest(changed))
    assert len(before) == 1 + 2 * len(STATE_DTYPES[part].names or ())


def test_records_cannot_move_from_one_part_to_another() -> None:
    # As many zeros in lots as in orders.
    lots, orders = (STATE_DTYPES[part].itemsize for part in ("orders", "lots"))
    assert state_digest(state(lots=lots, orders=0)) != state_digest(state(lots=0, orders=orders))
    assert state_digest(state(lots=0)) != state_digest(state(orders=0))


def test_gaps_in_memory_do_not_count() -> None:
    spread = state()._replace(lots=np.zeros(4, dtype=LOT_VIEW)[::2])
    assert state_digest(spread) == state_digest(state())


def test_other_layouts_are_no_state() -> None:
    with pytest.raises(AssertionError):
        state_digest(state()._replace(orders=np.zeros(2, dtype=LOT_VIEW)))
