"""A process that has imported what reports need, and forks a kernel for each: run with `python -m`.

It imports and does nothing else, so that no thread of Polars, numba or zmq exists that a fork would lose.
It reads requests from the Unix socket that is its standard input, and ends when that closes; kernels end
with it. Whoever started it holds a pipe open: when that process is gone, however it went, the system kills
this one, also in the middle of an import or a compilation.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any

MODULES = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "numpy",
    "polars",
    "dashboards.reporting.prelude",
)
"""What is imported once. Names, for the workbench does not know who makes charts of it."""

WARMING = ("workbench.reporting.warming", "dashboards.reporting.warming")
"""What has a `warm()`, called once."""

_BYTES = 1 << 16
_READY = b"+"
_GARBAGE = 200_000
_PR_SET_PDEATHSIG = 1
"""`prctl(2)`: which signal the system sends when the parent has ended."""


def main() -> None:
    """Answer requests: JSON of `connection_file`, `cwd` and `environment`, with a pipe to hold open.

    The only argument is the number of the pipe's end that closes with whoever started this.
    """
    _end_with_owner(int(sys.argv[1]))
    requests = socket.socket(fileno=os.dup(0))
    # The kernels' exits are told by their pipes; nobody waits for them here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nobody debugs a kernel of these, whose start would be half that of the debugger.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    for module in MODULES:
        importlib.import_module(module)
    for module in WARMING:
        importlib.import_module(module).warm()
    # What a kernel never throws away it need not look through, nor have a copy of.
    gc.collect()
    gc.freeze()
    requests.sendall(_READY)
    while True:
        data, pipes, _, _ = socket.recv_fds(requests, _BYTES, 1)
        if not data:
            return
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            _end_with_server(server)
            requests.close()
            _become_kernel(json.loads(data))
        for pipe in pipes:
            os.close(pipe)
        requests.sendall(json.dumps({"pid": pid}).encode())


def _end_with_owner(held: int) -> None:
    """Be killed by the system when the other end of a pipe is closed, whatever this process does just then.

    Nothing is ever written to it. Being told of a parent's end (`prctl`) would not do: the system takes the
    thread that started a process for its parent, and a worker's threads come and go.
    """
    fcntl.fcntl(held, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(held, fcntl.F_SETFL, fcntl.fcntl(held, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([held], [], [], 0)[0]:
        # It was gone before it could be listened for.
        os._exit(0)


def _end_with_server(server: int) -> None:
    """Be killed by the system when the server has ended, which has one thread."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(0)


def _become_kernel(request: dict[str, Any]) -> None:
    """Be a Jupyter kernel, until it is told to end or the server does."""
    code = 1
    try:
        os.setsid()
        # What a report makes is thrown away with its kernel, so it is seldom looked through.
        gc.set_threshold(_GARBAGE)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.environ.update(request["environment"])
        # By this the kernel knows when its server is gone.
        os.environ["JPY_PARENT_PID"] = str(os.getppid())
        os.chdir(request["cwd"])
        application = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
        application.initialize(["-f", request["connection_file"], "--HistoryManager.enabled=False"])
        application.start()
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must never come back into the server's loop
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
