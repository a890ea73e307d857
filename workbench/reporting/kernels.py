"""One kernel for one report: a fork if there can be one, else a fresh process."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from workbench.reporting.forks import SERVER, Forked, forks_here, python_path
from workbench.reporting.mime import RUN

log = logging.getLogger(__name__)

_SPEC = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"],
    "display_name": "workbench",
    "language": "python",
    "interrupt_mode": "signal",
}
"""This interpreter, whatever kernels somebody has installed."""


_ANSWER_S = 1.0
_NEWS_S = 0.1
_START_S = 60.0
_LOOK_S = 0.004


class _Client(AsyncKernelClient):
    """Talks to a kernel; that it is ready is known by an answer, where Jupyter's own waits by the clock."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - Jupyter's own
        """Until the kernel answers, and its news of that have come.

        Nobody sees what a kernel tells before one is subscribed to it, so it is asked again until
        something comes. What it told of an answer ends with its being idle: nothing is left over then.

        Raises
        ------
        RuntimeError
            When it died, or does not answer in time.
        """
        until = time.monotonic() + (_START_S if timeout is None else timeout)
        while not await self._answers():
            if not await self._async_is_alive():
                raise RuntimeError("it ended before it answered")
            if time.monotonic() > until:
                raise RuntimeError("it does not answer")

    async def _answers(self) -> bool:
        asked = self.kernel_info()
        try:
            reply = await self.shell_channel.get_msg(timeout=_ANSWER_S)
            if reply["msg_type"] != "kernel_info_reply":
                return False
            while True:
                news = await self.iopub_channel.get_msg(timeout=_NEWS_S)
                about, state = news["parent_header"].get("msg_id"), news["content"].get("execution_state")
                if about == asked and state == "idle":
                    self._handle_kernel_info_reply(reply)
                    return True
        except Empty:
            return False


class _Provisioner(LocalProvisioner):
    """Asks for a fork, and starts a fresh process where there is none."""

    async def wait(self) -> int | None:
        """Until it has ended: a fork is gone within milliseconds, so it is looked at as often."""
        if isinstance(self.process, Forked):
            while (code := self.process.poll()) is None:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(_LOOK_S)
            self.process = None
            return code
        return await super().wait()

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        manager = self.parent
        assert isinstance(manager, Kernel)
        if forks_here():
            try:
                forked: Any = SERVER.kernel(manager.connection_file, manager.folder, manager.environment)
            except OSError as error:
                log.warning("no kernel could be forked, so a fresh one is started: %s", error)
            else:
                self.process, self.pid, self.pgid = forked, forked.pid, forked.pid
                self.cwd = str(manager.folder)
                await _bound(manager, forked)
                return self.connection_info
        environment = {**kwargs.pop("env", os.environ), **manager.environment, "PYTHONPATH": python_path()}
        return await super().launch_kernel(cmd, env=environment, **kwargs)


async def _bound(manager: Kernel, forked: Forked) -> None:
    """Wait until its sockets are there: who connects before that tries again after a tenth of a second."""
    sockets = [Path(f"{manager.ip}-{port}") for port in manager.ports]
    until = time.monotonic() + _START_S
    while not all(each.exists() for each in sockets):
        if forked.poll() is not None or time.monotonic() > until:
            return
        await asyncio.sleep(_LOOK_S)


class Kernel(AsyncKernelManager):
    """Starts the kernel of one report.

    Its sockets are files in a folder of its own, so that no two kernels race for a port.
    """

    folder: Path
    environment: dict[str, str]

    async def _async_pre_start_kernel(self, **kwargs: Any) -> Any:
        self.provisioner = _Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)

    def stop(self) -> None:
        """Kill it and all that it started; from any thread, at any time."""
        process = getattr(self.provisioner, "process", None)
        if process is not None and process.poll() is None:
            process.kill()


@contextmanager
def kernel(folder: Path, run_id: str) -> Iterator[Kernel]:
    """A kernel that is not started yet, and is gone at the end.

    Parameters
    ----------
    folder
        Where it works.
    run_id
        Of the report.
    """
    sockets = Path(tempfile.mkdtemp(prefix="workbench-"))
    manager = Kernel(
        transport="ipc",
        connection_file=str(sockets / "kernel.json"),
        ip=str(sockets / "socket"),
        client_factory=_Client,
    )
    # Jupyter offers no other way to say which interpreter without a file in somebody's home.
    manager._kernel_spec = KernelSpec(**_SPEC)  # noqa: SLF001
    manager.folder, manager.environment = folder, {RUN: run_id}
    try:
        yield manager
    finally:
        manager.stop()
        shutil.rmtree(sockets, ignore_errors=True)
