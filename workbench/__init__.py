"""A trading workbench: one deterministic simulated exchange for classes, research, reports and bots."""

__version__ = "0.1.0"
