"""What the health routes answer."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict

from workbench.api.native.model import Model, example


class AliveOut(Model):
    """It is alive."""

    model_config: ClassVar[ConfigDict] = example(status="alive")
    status: Literal["alive"]


class ReadyOut(Model):
    """Whether it is ready, and by session `ready` or what is wrong."""

    model_config: ClassVar[ConfigDict] = example(status="ready", sessions={"monday": "ready"})
    status: Literal["ready", "not ready", "stopping"]
    sessions: dict[str, str]
