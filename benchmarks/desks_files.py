"""As many open files as the system lets a process have: a desk is two sockets at each end."""

from __future__ import annotations

import resource


def more_files() -> None:
    """Raise this process's bound on open files as far as it goes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
