"""What the peers over bars share: the bars, and writing the result."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER, RESULT, REPEATS = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
ABOUT = json.loads((FOLDER / "about.json").read_text())
FAST, SLOW, LOTS, CASH = (ABOUT[name] for name in ("fast", "slow", "lots", "cash"))


def frame(names):
    """The bars under a peer's own names of columns."""
    bars = np.load(FOLDER / "bars.npy")
    prices = {
        name: bars[f"{of}_ticks"] / 100
        for name, of in zip(names, ("open", "high", "low", "close"), strict=False)
    }
    return pd.DataFrame(
        {**prices, names[4]: bars["volume_lots"].astype(float)}, index=pd.to_datetime(bars["time_ns"])
    )


def write(**content):
    """Say what was found: seconds, fills, and final equity."""
    RESULT.write_text(json.dumps(content))
