"""What a chart is written as, against Bokeh's own way."""

import json
import re
from typing import Any

from bokeh.embed import json_item

from dashboards.reporting.sections import item_of
from dashboards.reporting.warming import charts


def numbered(item: dict[str, Any]) -> str:
    """An item as text, in which models are numbered in the order of their coming.

    Bokeh writes the declaration of every model that this process ever imported into each; no chart of ours
    uses any but Bokeh's own.
    """
    text = json.dumps(item | {"doc": {key: told for key, told in item["doc"].items() if key != "defs"}})
    numbers: dict[str, str] = {}
    return re.sub(r'"p\d+"', lambda found: numbers.setdefault(found[0], f'"m{len(numbers)}"'), text)


def test_charts_are_written_as_bokeh_writes_them() -> None:
    mine = [numbered(item_of(chart)) for chart in charts()]
    # Made anew: what was written once has all its defaults.
    bokehs = [numbered(dict(json_item(chart))) for chart in charts()]
    assert len(mine) == 5
    assert mine == bokehs
