"""The pages in front of the API, on the same address: signing in, the guard, the pages and their files."""

from dashboards.serving.front import pages_in_front

__all__ = ["pages_in_front"]
