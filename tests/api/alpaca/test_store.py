from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workbench.api.alpaca.configuration import Configurations
from workbench.api.alpaca.errors import AlpacaError
from workbench.api.alpaca.store import Store


def test_what_is_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "alpaca.db"

    async def work() -> None:
        store = Store(file)
        assert await store.all("ann", "list") == {}
        assert not file.exists()
        await store.put("ann", "list", "one", {"symbols": ["AAPL"]})
        await store.put("ann", "list", "two", 2)
        await store.put("ann", "list", "two", 3)
        await store.put("bob", "list", "one", 1)
        await store.remove("ann", "list", "nothing")
        again = Store(file)
        assert await again.all("ann", "list") == {"one": {"symbols": ["AAPL"]}, "two": 3}
        await again.remove("ann", "list", "one")
        assert await again.all("ann", "list") == {"two": 3}
        assert await Store(file).all("ann", "list") == {"two": 3}

    asyncio.run(work())


def test_locks_are_over_what_was_set(tmp_path: Path) -> None:
    async def work() -> None:
        kept = Configurations(Store(tmp_path / "alpaca.db"))
        await kept.change("lab", "ann", {"no_shorting": True})
        await kept.lock("lab", "", {"suspend_trade": True})
        await kept.lock("lab", "ann", {"suspend_trade": False})
        assert not (await kept.of("lab", "ann")).suspend_trade
        assert (await kept.of("lab", "bob")).suspend_trade
        assert not (await kept.of("other", "bob")).suspend_trade
        with pytest.raises(AlpacaError) as error:
            await kept.change("lab", "bob", {"suspend_trade": False})
        assert error.value.status == 403
        await kept.lock("lab", "", {})
        assert not (await kept.of("lab", "bob")).suspend_trade
        assert (await kept.of("lab", "ann")).no_shorting

    asyncio.run(work())
