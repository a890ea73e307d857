"""The client of a workbench server: orders, market data and streams from a program. See docs/client.md."""

from __future__ import annotations

from workbench.client.async_client import AsyncClient
from workbench.client.client import Client

__all__ = ["AsyncClient", "Client"]
