"""The server that tests of the client speak to."""

from tests.api.conftest import served

__all__ = ["served"]
