"""Whether two histories are equal in every field and every byte."""

from dataclasses import fields

import numpy as np

from workbench.feed.history import History


def assert_same(one: History, other: History) -> None:
    for field in fields(History):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(ours, np.ndarray):
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), field.name
            assert ours.tobytes() == theirs.tobytes(), field.name
        else:
            assert (ours, repr(ours), type(ours)) == (theirs, repr(theirs), type(theirs)), field.name
